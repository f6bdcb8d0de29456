/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * drain: see drain.h.
 * States: draining (until every server has sent `drained`: OPENs on their way are still served) -> finishing (until the
 * relays are over, and their servers know how) -> leaving (until every session is closed after `bye`) -> over. Each has
 * a time limit.
 */
#include "config.h"

#include "agent/drain.h"

#include "lib/base/clock.h"

#include <event2/event.h>
#include <stdlib.h>

enum drain_state { DRAINING, FINISHING, LEAVING, OVER };

struct drain {
    struct drain_parts parts;
    enum drain_state state;
    uint64_t until_ms; /* the end of this state */
    struct event *timer;
};

static struct plane_counts count(const struct drain *drain) {
    struct plane_counts counts;

    plane_count(drain->parts.plane, &counts);
    return counts;
}

static bool all_upstreams(const struct drain *drain, bool (*is_so)(const struct upstream *upstream)) {
    size_t index = 0;

    while (index < drain->parts.upstream_count && is_so(drain->parts.upstreams[index]))
        index++;
    return index == drain->parts.upstream_count;
}

static void send_to_all(const struct drain *drain, enum control_op op) {
    for (size_t i = 0; i < drain->parts.upstream_count; i++)
        upstream_send(drain->parts.upstreams[i], op);
}

static void begin_finishing(struct drain *drain) {
    plane_drain(drain->parts.plane);
    drain->until_ms = clock_ms() + drain->parts.finish_ms;
}

static void begin_leaving(struct drain *drain) {
    struct plane_counts left = count(drain);

    if (left.relays > 0)
        log_event(drain->parts.log, LOG_LEVEL_WARNING, drain->parts.who,
                  "drain time is over: resets the relays that still run",
                  LOG_FIELDS(LOG_NUMBER("relays", left.relays)));
    else if (left.unconfirmed > 0)
        log_event(drain->parts.log, LOG_LEVEL_WARNING, drain->parts.who,
                  "drain time is over: servers have not confirmed how the last relays ended",
                  LOG_FIELDS(LOG_NUMBER("relays", left.unconfirmed)));
    send_to_all(drain, CONTROL_OP_BYE);
    drain->until_ms = clock_ms() + drain->parts.bye_ms;
}

static void begin_over(struct drain *drain) {
    event_del(drain->timer);
    drain->parts.on_over(drain->parts.context);
}

/* A session whose control link is gone is not resumed any more: what its data links still bring comes at once, or, as
 * after the server's end, never. */
static void wait_less_alone(struct drain *drain) {
    uint64_t until_ms = clock_ms() + drain->parts.drained_ms;

    if (drain->until_ms > until_ms && count(drain).relays == 0 && all_upstreams(drain, upstream_is_alone))
        drain->until_ms = until_ms;
}

static bool state_is_done(const struct drain *drain) {
    if (clock_ms() >= drain->until_ms)
        return true;
    switch (drain->state) {
    case DRAINING:
        return all_upstreams(drain, upstream_is_drained);
    case FINISHING: {
        struct plane_counts left = count(drain);
        return left.relays + left.unconfirmed == 0;
    }
    case LEAVING:
        return all_upstreams(drain, upstream_is_alone);
    case OVER:
        break;
    }
    return false;
}

void drain_advance(struct drain *drain) {
    static void (*const begin[])(
        struct drain * drain) = {[FINISHING] = begin_finishing, [LEAVING] = begin_leaving, [OVER] = begin_over};

    if (drain->state == FINISHING)
        wait_less_alone(drain);
    while (drain->state != OVER && state_is_done(drain))
        begin[++drain->state](drain);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    drain_advance(context);
}

static int start_timer(struct drain *drain) {
    struct timeval every = clock_timeval((uint64_t)drain->parts.poll_ms * 1000);

    drain->timer = event_new(loop_base(drain->parts.loop), -1, EV_PERSIST, on_timer, drain);
    return drain->timer ? event_add(drain->timer, &every) : -1;
}

struct drain *drain_new(const struct drain_parts *parts) {
    struct drain *drain = calloc(1, sizeof *drain);

    if (!drain)
        return NULL;
    drain->parts = *parts;
    if (start_timer(drain) != 0) {
        drain_free(drain);
        return NULL;
    }
    log_event(parts->log, LOG_LEVEL_INFO, parts->who, "draining",
              LOG_FIELDS(LOG_NUMBER("relays", count(drain).relays)));
    for (size_t i = 0; i < parts->upstream_count; i++)
        upstream_stop(parts->upstreams[i]);
    send_to_all(drain, CONTROL_OP_DRAIN);
    drain->until_ms = clock_ms() + parts->drained_ms;
    return drain;
}

void drain_free(struct drain *drain) {
    if (!drain)
        return;
    if (drain->timer)
        event_free(drain->timer);
    free(drain);
}
