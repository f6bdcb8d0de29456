/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * harness: an agent on a fake plane, its retries a thousand times quicker than in life.
 */
#ifndef MUNNEL_TESTS_AGENT_HARNESS_H
#define MUNNEL_TESTS_AGENT_HARNESS_H

#include "agent/agent.h"
#include "agent/fake_plane.h"

enum { HARNESS_SERVERS = 4 };

struct harness {
    struct agent_settings settings;
    struct token token;
    struct server_identity servers[HARNESS_SERVERS];
    struct agent *agent;
};

/* Servers are "host:port" up to a NULL. Nothing is started, so that settings may still be changed. */
void harness_make(struct harness *harness, const char *const *servers);
void harness_take_token(struct harness *harness); /* from now on it has one, of the credential "web1" */
void harness_start(struct harness *harness);

/* Runs the loop until this many dials of control links were ordered, and a little longer; fails the test if they are
 * not or if more are.
 */
void harness_await_dials(struct harness *harness, unsigned count);
void harness_await_links(struct harness *harness, unsigned count); /* the same of dials of data links */
void harness_run_for(struct harness *harness, unsigned ms);        /* for what must not happen by timers either */
void harness_connect(struct harness *harness);                     /* harness_start, and the first dial is welcomed */

const struct fake_dial *harness_dial(unsigned index);            /* which must have been ordered */
void harness_check_address(unsigned index, const char *address); /* to which it was */

/* Calls it while no timer can be set on the loop for want of memory. */
void harness_call_without_timers(struct loop *loop, void (*function)(void));

/* Runs the loop until the agent stops it; returns the exit code. */
int harness_run(struct harness *harness);

/* Ends all and returns what was logged, malloc'ed. */
char *harness_end(struct harness *harness);
void harness_done(struct harness *harness); /* the same for tests that do not look at the log */

#endif
