/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * handshake: the verdict on what an agent says first.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_HANDSHAKE_H
#define MUNNEL_SERVER_AUTH_HANDSHAKE_H

#include "server/server_priv.h"

void handshake_decide(struct server *server, const struct greeting *greeting);

#endif
