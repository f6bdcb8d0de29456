/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flap_damping: agents that come and go all the time are told to come back later, and later each time.
 * Runs on: the control thread. Owns: what it remembers. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_AUTH_FLAP_DAMPING_H
#define MUNNEL_SERVER_AUTH_FLAP_DAMPING_H

#include "server/auth/penalty_box.h"
#include "server/session/session.h"

struct penalty_box *flap_damping_new(void); /* penalty_box_free */

/* Who wants to join; it is the same agent as long as these are. Seconds that it has to wait; 0: none. */
unsigned flap_damping_wait(struct penalty_box *flaps, const char *credential, const char *name, const struct addr *peer,
                           uint64_t now_us);
void flap_damping_left(struct penalty_box *flaps, const struct session *session,
                       uint64_t now_us); /* its session ends */

#endif
