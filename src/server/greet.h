/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * greet: the verdict on what an agent says first.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_GREET_H
#define MUNNEL_SERVER_GREET_H

#include "server/server_priv.h"

void greet(struct server *server, const struct greeting *greeting);

#endif
