/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_world: what the parts of --check have in common: the report, the rules, the time that is left, look-ups.
 * Runs on: the main thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_CHECK_CHECK_WORLD_H
#define MUNNEL_AGENT_CHECK_CHECK_WORLD_H

#include "agent/check/report.h"
#include "lib/base/strlist.h"
#include "lib/event/resolver.h"
#include "lib/net/acl.h"

struct check_world { /* what all servers have in common */
    struct report *report;
    struct loop *loop;
    struct resolver *resolver;
    const struct acl *rules;
    const struct service_keys *keys; /* of end-to-end services */
    const char *name, *group;        /* of the agent; group "": all that the credential carries */
    const struct strlist *visits;    /* as --visit has them; NULL: none */
    bool publishes;                  /* services of its own */
    uint64_t deadline_us;            /* clock_us(); of all of it */
};

/* Looks a name up, or takes a numeric address; 0, or -1 with error. */
int check_resolve(const struct check_world *world, const struct endpoint *endpoint, unsigned limit_ms,
                  struct resolver_answer *answer, struct error *error);
uint64_t check_deadline(const struct check_world *world, unsigned ms); /* so soon, but within that of all */

#endif
