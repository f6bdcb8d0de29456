/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * sessions: the world of the tests of sessions: two planes whose events are noted, and a clock that nearly stands.
 *
 * A deferred item is due later than now, so the clock goes on by a microsecond each time that it is read; the rest of
 * time passes, and threads sweep, when the test makes them.
 * Runs on: one thread, one test process.
 */
#ifndef MUNNEL_TESTS_SESSIONS_H
#define MUNNEL_TESTS_SESSIONS_H

#include "relayed.h"

enum {
    SERVER,
    AGENT,
    SESSIONS_PIECE = 5000,
    SESSIONS_WANTS = 64,
};

struct sessions_side {
    struct plane *plane;
    unsigned gone, over, want_count, carriers;
    uint64_t over_session;
    struct {
        struct carrier_role role;
        unsigned count;
    } wants[SESSIONS_WANTS];
    struct link_end end; /* the last */
    struct sessions_views {
        unsigned answers, ends;
        bool lacks_memory, found;
        uint64_t ticket; /* of the last answer */
        size_t matching, count, sum_count;
        struct relay_view views[RELAYED_MAX];
        struct relay_sum sum; /* the first */
    } views;
    uint64_t up, down; /* as reported of all sessions */
    unsigned checks_opened;
    struct check_opened check; /* the last */
};

extern struct sessions {
    struct two_planes planes;
    struct sessions_side sides[2];
} sessions;

void sessions_begin(size_t capacity); /* of a wire */
void sessions_begin_with_link(void);
void sessions_finish(void);

struct relay_thread *sessions_thread(int side);
void sessions_sweep(int side);
void sessions_skip(unsigned ms); /* so much time is gone */
void sessions_pass(unsigned ms); /* and then both ends sweep */
void sessions_go_on(void);       /* what takes a few round trips and sweeps */
void sessions_cut_links(void);   /* all */

void sessions_exchange(struct relayed *relayed); /* some bytes, which are not carried yet */
void sessions_expect_whole(struct relayed *relayed);

uint64_t sessions_links(int side);
uint64_t sessions_unconfirmed(int side);

#endif
