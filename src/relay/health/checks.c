/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * checks: see checks.h.
 * States of a check: resting -> (waiting ->) running -> resting.
 */
#include "config.h"

#include "relay/health/checks.h"

#include "lib/base/clock.h"
#include "lib/base/hash.h"
#include "lib/base/strbuf.h"
#include "lib/tls/probe.h"
#include "relay/health/health_count.h"
#include "relay/health/probe.h"
#include "relay/thread_priv.h"

#include <stdlib.h>

enum {
    FIRST_WITHIN_US = 2000000, /* or an interval, if that is shorter */
    JITTER_PARTS = 10,         /* of an interval: the largest jitter */
    RETRY_US = 1000000         /* of a check that could not begin for want of memory */
};

struct check {
    TAILQ_ENTRY(check) entry, waiting; /* of its session; of those that wait for their turn */
    struct checks *checks;
    uint64_t session;
    struct served_service *service;
    struct health_count count;
    bool is_waiting, is_reported; /* reported: its present state */
    struct health_probe *probe;   /* NULL: it does not run */
    struct event timer;
    uint64_t begun_us;
    char failure[HEALTH_DETAIL_SIZE]; /* of the last one that failed */
};
TAILQ_HEAD(check_list, check);

struct session_checks {
    LIST_ENTRY(session_checks) next;
    uint64_t session;
    struct check_list list; /* by ids, in growing order */
};

struct checks {
    struct relay_thread *thread;
    LIST_HEAD(, session_checks) sessions;
    struct check_list waiting;
    unsigned running, most;
    SSL_CTX *tls; /* NULL until it is needed */
};

/* ---- when ---- */

static void begin(struct check *check);

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    begin(context);
}

static void call_after(struct check *check, uint64_t us) {
    struct timeval wait = clock_timeval(us);
    if (event_add(&check->timer, &wait))
        event_active(&check->timer, EV_TIMEOUT, 0); /* no memory for a timer */
}

static uint64_t pick(const struct check *check, uint64_t below) {
    return hash_mix(clock_us() ^ (uint64_t)check->service->id << 32) % below;
}

static uint64_t interval_us(const struct check *check) {
    return check->service->check.interval_s * (uint64_t)1000000;
}

static void rest(struct check *check) {
    uint64_t interval = interval_us(check), passed = clock_us() - check->begun_us;
    uint64_t wait = interval - pick(check, interval / JITTER_PARTS + 1);
    call_after(check, wait > passed ? wait - passed : 0);
}

/* ---- one check ---- */

static void give_turn(struct checks *checks) {
    while (checks->running < checks->most && !TAILQ_EMPTY(&checks->waiting)) {
        struct check *check = TAILQ_FIRST(&checks->waiting);
        TAILQ_REMOVE(&checks->waiting, check, waiting);
        check->is_waiting = false;
        begin(check);
    }
}

/* "10.0.0.1:80: HTTP 503, expected 200-399; 3 failures in a row" */
static void describe(const struct check *check, char detail[HEALTH_DETAIL_SIZE]) {
    char end[48], *tail = detail;
    size_t room = HEALTH_DETAIL_SIZE;
    snprintf(end, sizeof end, "; %u failure%s in a row", check->count.in_a_row, check->count.in_a_row == 1 ? "" : "s");
    strbuf_copy(detail, HEALTH_DETAIL_SIZE - strlen(end), check->failure);
    room -= strlen(detail);
    tail += strlen(detail);
    strbuf_copy(tail, room, end);
}

static void report(struct check *check) {
    char detail[HEALTH_DETAIL_SIZE] = "";
    bool is_healthy = check->count.state == HEALTH_HEALTHY;
    if (!is_healthy)
        describe(check, detail);
    check->is_reported =
        plane_event_health(check->checks->thread, check->session, check->service->id, is_healthy, detail);
}

static void on_result(void *context, const char *failure) {
    struct check *check = context;
    struct checks *checks = check->checks;
    counter_add(&checks->thread->counts.checks[failure ? HEALTH_FAILED : HEALTH_PASSED], 1);
    if (failure)
        strbuf_copy(check->failure, sizeof check->failure, failure);
    health_probe_free(check->probe);
    check->probe = NULL;
    checks->running--;
    if (health_count_add(&check->count, &check->service->check, !failure))
        check->is_reported = false;
    if (!check->is_reported)
        report(check);
    rest(check);
    give_turn(checks);
}

static SSL_CTX *context_of(struct checks *checks, const struct check *check) {
    if (check->service->check.type != HEALTH_CHECK_TLS)
        return NULL;
    if (!checks->tls)
        checks->tls = tls_probe_context();
    return checks->tls;
}

static void begin(struct check *check) {
    struct checks *checks = check->checks;
    const struct plane_options *options = checks->thread->options;
    if (checks->running == checks->most) {
        TAILQ_INSERT_TAIL(&checks->waiting, check, waiting);
        check->is_waiting = true;
        return;
    }
    const struct health_probe_order order = {.service = check->service,
                                             .loop = checks->thread->loop,
                                             .resolver = options->resolver,
                                             .allow = served_service_rules(check->service, options->allow),
                                             .again = &checks->thread->again,
                                             .rechecks = &checks->thread->rechecks,
                                             .tls = context_of(checks, check),
                                             .callback = on_result,
                                             .context = check};
    bool can_begin = order.tls || check->service->check.type != HEALTH_CHECK_TLS;
    check->begun_us = clock_us();
    check->probe = can_begin ? health_probe_start(&order) : NULL;
    if (check->probe)
        checks->running++;
    else
        call_after(check, RETRY_US);
}

/* ---- which ---- */

static bool is_ours(const struct checks *checks, const struct served_service *service) {
    return service->verdict && service->id % plane_thread_count(checks->thread->plane) == checks->thread->index;
}

/* Before `next`, or at the end. */
static void add(struct checks *checks, struct session_checks *of, struct served_service *service, struct check *next) {
    struct check *check = calloc(1, sizeof *check);
    if (!check)
        return;
    *check = (struct check){.checks = checks,
                            .session = of->session,
                            .service = served_service_hold(service),
                            .count = {.state = service->verdict->before},
                            .is_reported = true};
    event_assign(&check->timer, loop_base(checks->thread->loop), -1, 0, on_timer, check);
    if (next)
        TAILQ_INSERT_BEFORE(next, check, entry);
    else
        TAILQ_INSERT_TAIL(&of->list, check, entry);
    uint64_t within = interval_us(check) < FIRST_WITHIN_US ? interval_us(check) : FIRST_WITHIN_US;
    call_after(check, pick(check, within));
}

static void drop(struct session_checks *of, struct check *check) {
    struct checks *checks = check->checks;
    if (check->is_waiting)
        TAILQ_REMOVE(&checks->waiting, check, waiting);
    checks->running -= check->probe ? 1 : 0;
    health_probe_free(check->probe);
    event_del(&check->timer);
    TAILQ_REMOVE(&of->list, check, entry);
    served_service_release(check->service);
    free(check);
}

/* Its texts are in use while it runs. */
static void renew(struct check *check, struct served_service *service) {
    if (check->probe || check->service == service)
        return;
    served_service_release(check->service);
    check->service = served_service_hold(service);
}

/* Both are in the order of their ids. */
static void merge(struct checks *checks, struct session_checks *of, const struct service_table *table) {
    struct check *check = TAILQ_FIRST(&of->list), *next;
    for (size_t i = 0; table && i < table->count; i++) {
        struct served_service *service = table->services[i];
        if (!is_ours(checks, service))
            continue;
        for (; check && check->service->id < service->id; check = next) {
            next = TAILQ_NEXT(check, entry);
            drop(of, check);
        }
        if (check && check->service->id == service->id) {
            renew(check, service);
            check = TAILQ_NEXT(check, entry);
        } else {
            add(checks, of, service, check);
        }
    }
    for (; check; check = next) {
        next = TAILQ_NEXT(check, entry);
        drop(of, check);
    }
}

static struct session_checks *find(struct checks *checks, uint64_t session) {
    struct session_checks *of;
    LIST_FOREACH (of, &checks->sessions, next)
        if (of->session == session)
            break;
    return of;
}

static struct session_checks *make(struct checks *checks, uint64_t session) {
    struct session_checks *of = calloc(1, sizeof *of);
    if (!of)
        return NULL;
    of->session = session;
    TAILQ_INIT(&of->list);
    LIST_INSERT_HEAD(&checks->sessions, of, next);
    return of;
}

static struct checks *get(struct relay_thread *thread) {
    if (thread->checks || thread->stopping)
        return thread->checks;
    struct checks *checks = thread->checks = calloc(1, sizeof *checks);
    if (!checks)
        return NULL;
    unsigned share = CHECKS_AT_ONCE / plane_thread_count(thread->plane);
    checks->thread = thread;
    checks->most = share ? share : 1;
    TAILQ_INIT(&checks->waiting);
    return checks;
}

static void forget(struct session_checks *of) {
    LIST_REMOVE(of, next);
    free(of);
}

void checks_set(struct relay_thread *thread, uint64_t session, const struct service_table *table) {
    bool has_any = table && table->checked;
    struct checks *checks = has_any ? get(thread) : thread->checks;
    struct session_checks *of = checks ? find(checks, session) : NULL;
    if (checks && !of && has_any)
        of = make(checks, session);
    if (!of)
        return;
    merge(checks, of, table);
    if (TAILQ_EMPTY(&of->list))
        forget(of);
    give_turn(checks);
}

void checks_end(struct relay_thread *thread) {
    struct checks *checks = thread->checks;
    struct session_checks *of;
    if (!checks)
        return;
    while ((of = LIST_FIRST(&checks->sessions))) {
        merge(checks, of, NULL);
        forget(of);
    }
    SSL_CTX_free(checks->tls);
    free(checks);
    thread->checks = NULL;
}
