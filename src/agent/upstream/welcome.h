/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * welcome: judges what a server answered to our HELLO.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_UPSTREAM_WELCOME_H
#define MUNNEL_AGENT_UPSTREAM_WELCOME_H

#include "agent/identity/token.h"
#include "agent/upstream/failure.h"

/*
 * True with `welcome` (welcome_done when used) if it is a WELCOME, and if the server has proved that it knows
 * our token's key, when we have a token. Else false, with the reason noted.
 */
bool welcome_read(struct welcome *welcome, const struct greeting *greeting, const struct token *token,
                  struct failure *failure);

#endif
