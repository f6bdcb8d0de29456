/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits_fixture: an agent's visits of "echo" and "inner", with servers that the test plays: it says what they say, and
 * reads what they are sent. The clock stands still until it is advanced.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_VISITS_FIXTURE_H
#define MUNNEL_TESTS_VISITS_FIXTURE_H

#include "agent/visits.h"
#include "lib/base/strlist.h"
#include "relay/visit_tickets.h"

enum { VISITS_FIXTURE_SENT = 512, ECHO = 0, INNER = 1 };

struct visits_fixture {
    struct loop *loop;
    struct strlist specs;
    uint16_t ports[2];
    struct visits *visits;
    uint64_t dead; /* a session to which nothing can be sent */
    size_t sent_count;
    struct { /* visit_open */
        uint64_t session;
        struct visit_open open;
    } sent[VISITS_FIXTURE_SENT];
};

/* "inner" has a key for end_to_end, if `has_key`. */
void visits_fixture_begin(struct visits_fixture *fixture, bool has_key);
void visits_fixture_end(struct visits_fixture *fixture);
void visits_fixture_connected(struct visits_fixture *fixture, uint64_t session, bool is_known);
void visits_fixture_lost(struct visits_fixture *fixture, uint64_t session);
void visits_fixture_state(struct visits_fixture *fixture, uint64_t session, uint32_t id, const char *refusal,
                          bool end_to_end);
/* Connected, and "echo" is permitted. */
void visits_fixture_permit(struct visits_fixture *fixture, uint64_t session);
void visits_fixture_refuse(struct visits_fixture *fixture, uint64_t session, uint32_t ticket, const char *reason);

struct visit_view visits_fixture_view(const struct visits_fixture *fixture, size_t index);
int visits_fixture_connect(struct visits_fixture *fixture, size_t index); /* a client; -1: the port is closed */
void visits_fixture_run(struct visits_fixture *fixture);                  /* what is due now */
void visits_fixture_await_sent(struct visits_fixture *fixture, size_t count);
/* As a relay thread with the OPEN: the client is closed then. */
bool visits_fixture_take(struct visits_fixture *fixture, uint64_t session, uint32_t ticket);
bool visits_fixture_is_reset(struct visits_fixture *fixture, int fd); /* soon; closes it */
bool visits_fixture_waits(int fd);                                    /* it met no end yet */
void visits_fixture_advance(uint64_t us);                             /* the clock */

#endif
