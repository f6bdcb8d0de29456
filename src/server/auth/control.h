/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: messages that an agent sends on its control link after WELCOME.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_CONTROL_H
#define MUNNEL_SERVER_AUTH_CONTROL_H

#include "server/service/registry.h"

/* `session` may be freed when this returns. */
void control_receive(struct registry *registry, struct session *session, const char *text, size_t length);

#endif
