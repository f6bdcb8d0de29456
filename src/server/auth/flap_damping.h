/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flap_damping: an agent whose sessions end soon after they begin, again and again, has to wait before the next one,
 * twice as long each time. It is identified by its credential, its name and its source.
 * Runs on: the control thread. Owns: nothing. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_AUTH_FLAP_DAMPING_H
#define MUNNEL_SERVER_AUTH_FLAP_DAMPING_H

#include "server/auth/penalty_box.h"
#include "server/session/session.h"

struct penalty_box *flap_damping_new(void); /* NULL when out of memory; penalty_box_free */

/* Seconds until this agent may join; 0: now. */
unsigned flap_damping_wait(struct penalty_box *box, const char *credential, const char *name, const struct addr *peer,
                           uint64_t now_us);
/* This session ends now. */
void flap_damping_left(struct penalty_box *box, const struct session *session, uint64_t now_us);

#endif
