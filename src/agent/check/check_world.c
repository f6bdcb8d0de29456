/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_world: see check_world.h.
 */
#include "config.h"

#include "agent/check/check_world.h"

#include "lib/base/clock.h"

uint64_t check_deadline(const struct check_world *world, unsigned ms) {
    uint64_t then_us = clock_us() + (uint64_t)ms * 1000;

    return then_us < world->deadline_us ? then_us : world->deadline_us;
}

struct question {
    struct loop *loop;
    struct resolver_answer *answer;
    struct error *error;
};

static void on_answer(void *context, const struct resolver_answer *answer) {
    struct question *question = context;

    *question->answer = *answer;
    if (answer->count == 0)
        error_set(question->error, "%s", answer->detail ? answer->detail : "no address");
    loop_stop(question->loop);
}

int check_resolve(const struct check_world *world, const struct endpoint *endpoint, unsigned limit_ms,
                  struct resolver_answer *answer, struct error *error) {
    struct question question = {.loop = world->loop, .answer = answer, .error = error};
    uint64_t now_us = clock_us(), deadline_us = check_deadline(world, limit_ms);
    const char *zone = endpoint_missing_zone(endpoint);

    *answer = (struct resolver_answer){.count = 1};
    if (zone)
        return error_set(error, "this machine has no interface \"%s\"", zone);
    if (addr_from_endpoint(&answer->addresses[0], endpoint))
        return 0;
    unsigned ms = deadline_us > now_us ? (unsigned)((deadline_us - now_us) / 1000) + 1 : 1;
    if (!resolver_ask(world->resolver, world->loop, endpoint, ms, on_answer, &question))
        return error_set(error, "out of memory");
    loop_run(world->loop);
    return answer->count > 0 ? 0 : -1;
}
