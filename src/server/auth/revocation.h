/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * revocation: may those who were let in stay? An agent is asked for its credential once; what was taken back since, or
 * has ended, is found here. Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_AUTH_REVOCATION_H
#define MUNNEL_SERVER_AUTH_REVOCATION_H

#include "server/auth/authenticate.h"
#include "server/service/registry.h"

#include <time.h>

/* Sends away, with all that their links carry, those who would not be let in as they are any more, and cuts the relays
 * of those who have lost their control link. Returns when it is to be done again if nothing changes: at the next end of
 * a credential or a certificate, in a minute at the latest. `now`: clock_wall().
 * *trust_is_new: the authorities were read again since everybody was judged by them; unset once that is done. */
time_t revocation_review(const struct auth_policy *policy, struct session_table *sessions, struct registry *registry,
                         time_t now, bool *trust_is_new);

#endif
