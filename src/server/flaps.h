/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flaps: agents that come and go all the time are told to come back later, and later each time.
 * Runs on: the control thread. Owns: what it remembers. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_FLAPS_H
#define MUNNEL_SERVER_FLAPS_H

#include "server/penalties.h"
#include "server/session.h"

struct penalties *flaps_new(void); /* penalties_free */

/* Who wants to join; it is the same agent as long as these are. Seconds that it has to wait; 0: none. */
unsigned flaps_wait(struct penalties *flaps, const char *credential, const char *name, const struct addr *peer,
                    uint64_t now_us);
void flaps_left(struct penalties *flaps, const struct session *session, uint64_t now_us); /* its session ends */

#endif
