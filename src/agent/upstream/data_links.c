/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data_links: see data_links.h.
 */
#include "config.h"

#include "agent/upstream/data_links.h"

#include "lib/base/clock.h"
#include "proto/hello.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RETRY_AFTER_MAX_S = 60, PROXY_WAIT_MS = 60000, FAILURES_LOGGED_PER_MINUTE = 6, NEVER_MS = 3600000 };

struct data_links {
    struct log *log;
    struct data_links_times times;
    struct event *timer;
    bool is_stopped;
    TAILQ_HEAD(, session_links) sessions; /* the one that was dialled for last is the last */
    struct data_dials dials;
    struct log_limit limit;
};

static struct session_links *find(const struct data_links *links, uint64_t session) {
    struct session_links *item;

    TAILQ_FOREACH (item, &links->sessions, next)
        if (item->target.session == session)
            break;
    return item;
}

/* NULL: the session is over. */
static struct session_links *find_of(const struct data_links *links, const struct carrier_role *role) {
    struct session_links *session = find(links, role->session);

    return session && role->server_thread < session->threads ? session : NULL;
}

static void count(struct session_links *session, const struct carrier_role *role, int live, int under_way) {
    struct link_dialling *dialling = &session->dialling[role->is_exclusive];
    struct link_count *count = &session->counts[role->server_thread][role->is_exclusive];

    dialling->live += (unsigned)live;
    dialling->under_way += (unsigned)under_way;
    count->live += (unsigned)live;
    count->under_way += (unsigned)under_way;
}

/* What fails or is lost together counts once. */
static void wait_before_next(struct link_dialling *dialling, bool is_first) {
    uint64_t now_ms = clock_ms();
    uint32_t random = 0;

    if (now_ms < dialling->due_ms)
        return;
    if (is_first)
        backoff_reset(&dialling->backoff);
    secret_random(&random, sizeof random); /* without it: the longest wait of the step, which is right too */
    dialling->due_ms = now_ms + backoff_next(&dialling->backoff, random);
}

/* ---- dialling ---- */

/* False: out of memory, which counts as a failure. */
static bool dial(struct data_links *links, struct session_links *session, const struct carrier_role *role) {
    struct link_dialling *dialling = &session->dialling[role->is_exclusive];

    if (!data_dials_begin(&links->dials, &session->target, role)) {
        wait_before_next(dialling, false);
        return false;
    }
    count(session, role, 0, 1);
    session->counts[role->server_thread][role->is_exclusive].is_wanted = false;
    dialling->dialled_ms = clock_ms();
    return true;
}

/* After a failure one link shows whether the server is there again; the others follow it. */
static bool may_dial(const struct session_links *session, bool is_exclusive, uint64_t now_ms) {
    const struct link_dialling *dialling = &session->dialling[is_exclusive];

    return !session->is_refused && dialling->due_ms <= now_ms &&
           (dialling->live > 0 || dialling->under_way == 0 || dialling->backoff.failures == 0);
}

/* What streams do not wait for is dialled one after the other: a server that was restarted has no more than one
 * handshake of each agent to do at a time. Without its control link, the session may be one that its server has lost.
 */
static bool may_keep_more(const struct session_links *session) {
    return !session->is_suspended && session->dialling[false].under_way == 0;
}

static bool lacks_shared(const struct session_links *session, const struct link_count *shared) {
    if (shared->is_wanted && shared->under_way == 0 && shared->live < CARRIERS_SHARED_MAX)
        return true;
    return may_keep_more(session) && shared->live < shared->kept;
}

/* A thread that lacks a shared link; -1: none does. */
static int find_lack(const struct session_links *session) {
    for (unsigned i = 0; i < session->threads; i++)
        if (lacks_shared(session, &session->counts[i][false]))
            return (int)i;
    return -1;
}

/* A session that may dial the shared link that *server_thread lacks; NULL: there is none. *next_ms becomes no later
 * than the next one may. */
static struct session_links *find_due(struct data_links *links, uint64_t now_ms, int *server_thread,
                                      uint64_t *next_ms) {
    struct session_links *session;

    TAILQ_FOREACH (session, &links->sessions, next) {
        uint64_t due_ms = session->dialling[false].due_ms;
        *server_thread = find_lack(session);
        if (*server_thread < 0)
            continue;
        if (may_dial(session, false, now_ms))
            return session;
        if (due_ms > now_ms && due_ms < *next_ms)
            *next_ms = due_ms;
    }
    return NULL;
}

static void set_timer(struct data_links *links, uint64_t ms) {
    struct timeval time = clock_timeval(ms * 1000);

    (void)event_add(links->timer, &time); /* without memory: data_links_recheck */
}

/* Sessions take turns, so that the links to one server do not hold up another's. */
static void dial_due(struct data_links *links) {
    uint64_t now_ms = clock_ms(), next_ms = now_ms + NEVER_MS;
    struct session_links *session;
    int server_thread;

    while (!links->is_stopped && data_dials_have_room(&links->dials, false) &&
           (session = find_due(links, now_ms, &server_thread, &next_ms))) {
        TAILQ_REMOVE(&links->sessions, session, next);
        TAILQ_INSERT_TAIL(&links->sessions, session, next);
        if (!dial(links, session, &(struct carrier_role){session->target.session, (unsigned)server_thread, false}))
            break;
    }
    set_timer(links, next_ms - now_ms);
}

static bool has_room(const struct data_links *links, const struct link_count *exclusive) {
    return !links->is_stopped && exclusive->live + exclusive->under_way < CARRIERS_EXCLUSIVE_MAX &&
           data_dials_have_room(&links->dials, true);
}

/* `wanted` more; those that are on their way count. */
static void dial_exclusive(struct data_links *links, struct session_links *session, const struct carrier_role *role,
                           unsigned wanted) {
    const struct link_count *exclusive = &session->counts[role->server_thread][true];
    uint64_t now_ms = clock_ms();

    while (exclusive->under_way < wanted && may_dial(session, true, now_ms) && has_room(links, exclusive) &&
           dial(links, session, role))
        ;
}

/* It is dialled when its time has come: the next such event may be a second away. */
static void want_shared(struct data_links *links, struct link_count *shared, unsigned wanted) {
    shared->is_wanted = shared->under_way < wanted;
    dial_due(links);
}

void data_links_on_want(struct data_links *links, const struct carrier_role *role, unsigned wanted) {
    struct session_links *session = find_of(links, role);

    if (session && role->is_exclusive)
        dial_exclusive(links, session, role, wanted);
    else if (session)
        want_shared(links, &session->counts[role->server_thread][false], wanted);
}

static void keep_more(struct link_count *shared, unsigned wanted) {
    if (shared->kept < shared->live + wanted)
        shared->kept = shared->live + wanted;
    if (shared->kept > CARRIERS_SHARED_MAX)
        shared->kept = CARRIERS_SHARED_MAX;
}

void data_links_order(struct data_links *links, struct session_links *session, unsigned server_thread,
                      bool is_exclusive, unsigned wanted) {
    if (server_thread < session->threads && !is_exclusive)
        keep_more(&session->counts[server_thread][false], wanted);
    data_links_on_want(links, &(struct carrier_role){session->target.session, server_thread, is_exclusive}, wanted);
}

void data_links_retry_now(struct data_links *links) {
    struct session_links *session;

    TAILQ_FOREACH (session, &links->sessions, next)
        for (unsigned kind = 0; kind < 2; kind++) {
            struct link_dialling *dialling = &session->dialling[kind];
            uint64_t soonest_ms = dialling->dialled_ms + links->times.hurry_ms;
            if (dialling->was_rejected || dialling->due_ms <= soonest_ms)
                continue;
            backoff_reset(&dialling->backoff);
            dialling->due_ms = soonest_ms;
        }
    dial_due(links);
}

void data_links_recheck(struct data_links *links) {
    dial_due(links);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what;
    dial_due(context);
}

/* ---- sessions ---- */

void data_links_add(struct data_links *links, struct session_links *session) {
    const struct backoff backoff = {.first_ms = links->times.first_ms, .longest_ms = links->times.longest_ms};

    session->dialling[false].backoff = session->dialling[true].backoff = backoff;
    for (unsigned i = 0; i < session->threads; i++)
        session->counts[i][false].kept = 1;
    TAILQ_INSERT_TAIL(&links->sessions, session, next);
    dial_due(links);
}

static void forget_failures(struct session_links *session) {
    for (unsigned kind = 0; kind < 2; kind++) {
        backoff_reset(&session->dialling[kind].backoff);
        session->dialling[kind].due_ms = 0;
    }
}

void data_links_resume(struct data_links *links, struct session_links *session) {
    session->is_refused = false;
    forget_failures(session);
    dial_due(links);
}

void data_links_retire(struct session_links *session) {
    forget_failures(session);
    for (unsigned i = 0; i < session->threads; i++)
        session->counts[i][false].kept = 0;
}

bool data_links_are_lost(const struct session_links *session) {
    unsigned left = 0;

    for (unsigned kind = 0; kind < 2; kind++)
        left += session->dialling[kind].live + session->dialling[kind].under_way;
    return session->is_refused && left == 0;
}

void data_links_remove(struct data_links *links, struct session_links *session) {
    if (find(links, session->target.session) == session)
        TAILQ_REMOVE(&links->sessions, session, next);
}

/* ---- events of the plane ---- */

/* Faults at warning level, a few a minute; the rest at debug level. */
static void log_end(struct data_links *links, const char *who, const char *what, const char *detail,
                    enum log_level level) {
    unsigned skipped = 0;
    bool allowed = level != LOG_LEVEL_DEBUG && log_limit_allows(&links->limit, FAILURES_LOGGED_PER_MINUTE, &skipped);

    log_event(links->log, allowed ? level : LOG_LEVEL_DEBUG, who, what,
              LOG_FIELDS(LOG_TEXT("detail", detail), LOG_NUMBER("left_out", skipped)));
}

static void settle(struct data_links *links, uint64_t tag, const struct data_dial *dial) {
    struct session_links *session = find_of(links, &dial->role);

    if (session)
        count(session, &dial->role, 0, -1);
    data_dials_end(&links->dials, tag);
}

/* Not when it is lost: the server may have ended the session, which the control link tells after it. */
static void log_replaced(struct data_links *links, struct session_links *session) {
    unsigned skipped = 0;
    bool allowed = log_limit_allows(&links->limit, FAILURES_LOGGED_PER_MINUTE, &skipped);

    log_event(links->log, allowed ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG, session->target.who,
              "data link was lost, and is replaced",
              LOG_FIELDS(LOG_TEXT("detail", session->lost), LOG_NUMBER("after_ms", clock_ms() - session->lost_ms)));
    session->lost_ms = 0;
}

void data_links_on_carrier(struct data_links *links, uint64_t tag, const struct carrier_role *role) {
    struct data_dial *dial = data_dials_find(&links->dials, tag);
    struct session_links *session = find_of(links, role);

    if (dial)
        settle(links, tag, dial);
    if (session) {
        count(session, role, 1, 0);
        session->dialling[role->is_exclusive].up_ms = clock_ms();
        if (role->is_exclusive)
            backoff_reset(&session->dialling[true].backoff);
        else if (session->lost_ms)
            log_replaced(links, session);
    } else { /* it was over while its link was on its way */
        (void)plane_disconnect(links->dials.plane, role->session, REASON_LINK_LOST, "the session is over");
    }
    dial_due(links);
}

void data_links_on_rejected(struct data_links *links, uint64_t tag, const char *text, size_t length) {
    struct data_dial *dial = data_dials_find(&links->dials, tag);
    struct session_links *session = dial ? find(links, dial->role.session) : NULL;
    struct reject reject;
    struct error error = {""};

    if (!dial)
        return;
    dial->was_rejected = true;
    if (reject_parse(&reject, text, length, &error) != 0) {
        log_end(links, dial->who, "data link failed", error.text, LOG_LEVEL_WARNING);
        return;
    }
    dial->retry_after_ms = (reject.retry_after_s < RETRY_AFTER_MAX_S ? reject.retry_after_s : RETRY_AFTER_MAX_S) * 1000;
    bool is_unknown = reject.code == REJECT_SESSION && (!session || session->is_suspended);
    if (is_unknown && session) /* with a control link it is another server that does not know it */
        session->is_refused = true;
    log_end(links, dial->who, "data link failed", reject.reason, is_unknown ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING);
    reject_done(&reject);
}

static void on_failed(struct data_links *links, const struct data_dial *dial, const struct link_end *end) {
    struct session_links *session = find_of(links, &dial->role);

    if (session) {
        struct link_dialling *dialling = &session->dialling[dial->role.is_exclusive];
        uint64_t most_ms =
            proxy_fault_lasts(end->proxy_fault) ? PROXY_WAIT_MS : 0; /* a wrong password locks accounts */
        uint64_t asked_ms = clock_ms() + (dial->retry_after_ms > most_ms ? dial->retry_after_ms : most_ms);
        wait_before_next(dialling, false);
        dialling->was_rejected = dial->was_rejected;
        if (dialling->due_ms < asked_ms)
            dialling->due_ms = asked_ms;
    }
    if (!dial->was_rejected) /* without a control link, upstream.c logs why the server is not reached */
        log_end(links, dial->who, "data link failed", end->detail,
                session && !session->is_suspended ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG);
    settle(links, end->tag, dial);
}

static void on_lost(struct data_links *links, const struct link_end *end) {
    struct session_links *session = find_of(links, &end->role);
    struct link_dialling *dialling;

    if (!session)
        return;
    dialling = &session->dialling[end->role.is_exclusive];
    count(session, &end->role, -1, 0);
    log_end(links, session->target.who, "data link lost", end->detail, LOG_LEVEL_DEBUG);
    if (end->role.is_exclusive)
        return;
    wait_before_next(dialling, clock_ms() - dialling->up_ms >= links->times.settled_ms);
    if (session->lost_ms == 0)
        session->lost_ms = clock_ms();
    snprintf(session->lost, sizeof session->lost, "%.*s", (int)sizeof session->lost - 1, end->detail);
}

void data_links_on_gone(struct data_links *links, const struct link_end *end) {
    const struct data_dial *dial = data_dials_find(&links->dials, end->tag);

    if (end->is_carrier)
        on_lost(links, end);
    else if (dial)
        on_failed(links, dial, end);
    dial_due(links);
}

/* ---- life ---- */

struct data_links *data_links_new(struct loop *loop, struct plane *plane, struct log *log,
                                  const struct data_links_times *times) {
    struct data_links *links = calloc(1, sizeof *links);

    if (!links)
        return NULL;
    *links = (struct data_links){.log = log,
                                 .times = *times,
                                 .dials = {.plane = plane, .log = log, .dials = {.limit = DATA_DIALS_MAX}}};
    TAILQ_INIT(&links->sessions);
    links->timer = evtimer_new(loop_base(loop), on_timer, links);
    if (links->timer)
        return links;
    free(links);
    return NULL;
}

void data_links_stop(struct data_links *links) {
    links->is_stopped = true;
}

void data_links_free(struct data_links *links) {
    if (!links)
        return;
    data_dials_done(&links->dials);
    event_free(links->timer);
    free(links);
}
