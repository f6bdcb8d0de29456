/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * upstream_retry: when an upstream makes its next attempt, and what follows from one that failed.
 *
 * Runs on: the control thread. Owns: nothing; the timer is the upstream's.
 */
#include "config.h"

#include "agent/upstream/upstream_priv.h"

#include "lib/base/clock.h"

#include <assert.h>
#include <event2/event.h>

static void set_condition(struct upstream *upstream, enum upstream_condition condition) {
    if (condition == upstream->condition)
        return;
    upstream->condition = condition;
    upstream->condition_us = clock_us();
}

void upstream_set_state(struct upstream *upstream, enum upstream_state state, enum upstream_condition condition) {
    static const char *const names[STATES] = {"waiting", "connecting", "working", "ended"};
    static const unsigned steps[STATES] = {[WAITING] = 1 << CONNECTING | 1 << WAITING | 1 << ENDED,
                                           [CONNECTING] = 1 << WORKING | 1 << WAITING | 1 << ENDED,
                                           [WORKING] = 1 << WAITING | 1 << ENDED,
                                           [ENDED] = 1 << ENDED};

    assert(steps[upstream->state] & 1U << state);
    assert((state == WORKING) == (condition == UPSTREAM_CONNECTED));
    set_condition(upstream, condition);
    if (state == upstream->state)
        return;
    log_event(upstream->parts->log, LOG_LEVEL_DEBUG, upstream->who, names[state], NULL);
    upstream->state = state;
}

void upstream_start_attempt(struct upstream *upstream) {
    upstream_set_state(upstream, CONNECTING, upstream->condition);
    event_del(upstream->timer); /* it may be pending: a change of the network made this attempt */
    upstream->attempted_ms = clock_ms();
    upstream->tried_password = upstream->proxy ? upstream->proxy->password_changes : 0;
    if (token_refresh(&upstream->token))
        log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, "token reloaded", NULL);
    const struct session *suspended = session_list_suspended(&upstream->sessions);
    connect_attempt_start(&upstream->attempt, suspended ? suspended->links.target.id : "");
}

/* What needs a person or a clock does not pass by itself: retry slowly. */
static unsigned longest_wait(const struct upstream_times *times, enum failure_weight weight) {
    return weight == FAILURE_PASSING || times->longest_ms > times->final_ms ? times->longest_ms : times->final_ms;
}

unsigned upstream_next_wait_ms(struct upstream *upstream, enum failure_weight weight) {
    uint32_t random = 0;

    if (clock_ms() < upstream->hasten_until_ms)
        backoff_reset(&upstream->backoff);
    upstream->backoff.longest_ms = longest_wait(&upstream->parts->times, weight);
    secret_random(&random, sizeof random); /* without it: the longest wait of the step, which is right too */
    return backoff_next(&upstream->backoff, random);
}

void upstream_wait(struct upstream *upstream, unsigned ms, enum upstream_condition condition) {
    struct timeval time = clock_timeval((uint64_t)ms * 1000);

    upstream_set_state(upstream, WAITING, condition);
    upstream->waits_for_network = false;
    if (event_add(upstream->timer, &time) != 0)
        log_event(upstream->parts->log, LOG_LEVEL_WARNING, upstream->who,
                  "out of memory: no timer for the next attempt, which is made within a second", NULL);
}

void upstream_wait_for_network(struct upstream *upstream, unsigned ms, enum upstream_condition condition) {
    upstream_wait(upstream, ms, condition);
    upstream->waits_for_network = true;
}

bool upstream_is_served_by_another(const struct upstream *upstream) {
    const struct upstream_parts *parts = upstream->parts;

    return upstream->server[0] != '\0' && parts->is_served(parts->context, upstream, upstream->server);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct upstream *upstream = context;

    (void)fd, (void)what;
    if (upstream_is_served_by_another(upstream))
        upstream_wait(upstream, upstream->parts->times.final_ms, UPSTREAM_STANDBY);
    else
        upstream_start_attempt(upstream);
}

/* What the proxy has refused may be mended by it. */
static bool has_new_password(const struct upstream *upstream) {
    return upstream->attempt.failure.proxy_refused && upstream->proxy->password_changes != upstream->tried_password;
}

void upstream_recheck(struct upstream *upstream) {
    session_list_recheck(&upstream->sessions, upstream->state == CONNECTING && *upstream->attempt.resume);
    if (upstream->state != ENDED)
        publisher_send(&upstream->publisher, false);
    if (upstream->state == WAITING && (!evtimer_pending(upstream->timer, NULL) || has_new_password(upstream)))
        on_timer(-1, 0, upstream);
}

/* Not more often: an interface that flaps changes the network again and again. */
void upstream_retry_now(struct upstream *upstream) {
    if (upstream->state != WAITING || !upstream->waits_for_network)
        return;
    backoff_reset(&upstream->backoff);
    if (clock_ms() - upstream->attempted_ms < upstream->parts->times.hurry_ms) {
        upstream_wait_for_network(upstream, upstream_next_wait_ms(upstream, FAILURE_PASSING), upstream->condition);
        return;
    }
    log_event(upstream->parts->log, LOG_LEVEL_INFO, upstream->who, "network changed: connecting again", NULL);
    upstream_start_attempt(upstream);
}

static void give_up(struct upstream *upstream, const struct failure *failure) {
    log_event(upstream->parts->log, LOG_LEVEL_ERROR, upstream->who, "gave up on this server",
              LOG_FIELDS(LOG_TEXT("detail", failure->detail)));
    upstream_set_state(upstream, ENDED, UPSTREAM_GAVE_UP);
    upstream_add_event(upstream, EVENT_ERROR, "gave up", failure->detail);
    upstream->parts->on_change(upstream->parts->context);
}

static void on_attempt_failed(void *context) {
    struct upstream *upstream = context;
    const struct failure *failure = &upstream->attempt.failure;
    bool is_final = failure->weight == FAILURE_FINAL;
    unsigned wait = upstream_next_wait_ms(upstream, failure->weight);

    enum upstream_condition condition = upstream->condition == UPSTREAM_STANDBY ? UPSTREAM_LOST : upstream->condition;

    upstream_note_failed(upstream, failure);
    if (is_final && !upstream->accepted_before) {
        give_up(upstream, failure);
        return;
    }
    if ((is_final || failure->proxy_refused) && wait < upstream->parts->times.final_ms)
        wait = upstream->parts->times.final_ms;
    if (wait < failure->retry_after_ms)
        wait = failure->retry_after_ms;
    failure_log(&upstream->failure_log, failure, upstream->parts->log, upstream->who, wait);
    upstream_add_event(upstream, EVENT_WARNING, "cannot connect", failure->detail);
    if (failure->weight == FAILURE_PASSING && failure->retry_after_ms == 0)
        upstream_wait_for_network(upstream, wait, condition);
    else
        upstream_wait(upstream, wait, condition);
}

bool upstream_init_attempts(struct upstream *upstream, unsigned index) {
    const struct upstream_parts *parts = upstream->parts;
    struct connect_attempt_parts attempt = {.loop = parts->loop,
                                            .plane = parts->plane,
                                            .log = parts->log,
                                            .resolver = parts->resolver,
                                            .resolve_ms = parts->times.resolve_ms,
                                            .name = parts->name,
                                            .group = parts->group,
                                            .instance = parts->instance,
                                            .who = upstream->who,
                                            .endpoint = &upstream->endpoint,
                                            .proxy = upstream->proxy,
                                            .token = &upstream->token,
                                            .trust = upstream->trust,
                                            .index = index,
                                            .on_failed = on_attempt_failed,
                                            .context = upstream};

    connect_attempt_init(&upstream->attempt, &attempt);
    upstream->timer = evtimer_new(loop_base(parts->loop), on_timer, upstream);
    return upstream->timer;
}
