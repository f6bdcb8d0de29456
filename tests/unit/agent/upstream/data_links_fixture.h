/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data_links_fixture: the data links of two sessions on a fake plane, whose events lead to data_links.c alone; for
 * tcase_add_checked_fixture.
 * Runs on: one thread, one test process. Owns: the loop, the links, both sessions.
 */
#ifndef MUNNEL_TESTS_AGENT_DATA_LINKS_FIXTURE_H
#define MUNNEL_TESTS_AGENT_DATA_LINKS_FIXTURE_H

#include "agent/upstream/data_links.h"
#include "lib/event/loop.h"

enum { SESSION = 17, OTHER = 18, NEVER_MS = 3600000 };

extern struct loop *loop;
extern struct data_links *links;
extern struct session_links *session, *other;       /* made, and not added */
extern const struct carrier_role SHARED, EXCLUSIVE; /* of `session`, to the first thread of its server */

void set_up_with(const struct data_links_times *times);
void set_up(void);
void set_up_patient(void); /* a wait is a random part of an hour, so that no dial of a test comes by itself */
void tear_down(void);

struct session_links *make_session(uint64_t tag, const char *name); /* of a server with one thread */
void free_session(struct session_links *made);                      /* which may have been added */

/* Dials of all sessions, in their order. */
unsigned dialled(void);
const struct dial_order *order(unsigned index); /* which must have been dialled */
void await_dials(unsigned count);               /* and no more */
void run_past_due(void);                        /* until what failed or was lost would be dialled again */

#endif
