/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * liveness: see liveness.h.
 */
#include "config.h"

#include "server/session/liveness.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/base/rtt.h"
#include "server/session/session_table.h"

#include <event2/event.h>
#include <stdlib.h>

enum { PING_INTERVAL_US = 250000, CHECK_MS = 50, OWN_STALL_US = 200000, LINES_A_MINUTE = 5 };

struct liveness {
    struct liveness_options options;
    struct event *timer;
    uint64_t due_us; /* of the timer */
};

uint64_t liveness_limit_us(const struct liveness_state *state) {
    return state->srtt_us ? rtt_limit_us(state->srtt_us, LIVENESS_LEAST_US) : LIVENESS_UNKNOWN_US;
}

void liveness_note_rtt(struct liveness_state *state, uint64_t rtt_us) {
    state->srtt_us = rtt_smooth(state->srtt_us, rtt_us);
}

/* --- from responsive to silent and back --- */

static void add_event(const struct liveness *liveness, const struct session *session, enum event_severity severity,
                      const char *text) {
    recent_events_add(liveness->options.events, EVENT_KIND_AGENT, severity, session_label(session), text, NULL);
}

static void become_silent(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct liveness_state *state = session_liveness(session);

    state->is_silent = true;
    if (log_limit_allows(&state->lines, LINES_A_MINUTE, NULL)) {
        add_event(liveness, session, EVENT_WARNING, "unresponsive: clients go to other agents first");
        log_event(liveness->options.log, LOG_LEVEL_WARNING, session_who(session),
                  "unresponsive: no PONG in time; clients go to other agents first",
                  LOG_FIELDS(LOG_MS("waited_ms", now_us - state->pinged_us), LOG_MS("usual_ms", state->srtt_us)));
    }
    liveness->options.on_silent(liveness->options.context, session);
}

static void become_responsive(struct liveness *liveness, struct session *session, uint64_t silent_us) {
    struct liveness_state *state = session_liveness(session);

    state->pinged_us = 0;
    if (!state->is_silent)
        return;
    state->is_silent = false;
    if (!log_limit_allows(&state->lines, LINES_A_MINUTE, NULL))
        return;
    add_event(liveness, session, EVENT_INFO, "responsive again");
    log_event(liveness->options.log, LOG_LEVEL_INFO, session_who(session), "responsive again",
              LOG_FIELDS(LOG_MS("waited_ms", silent_us)));
}

void liveness_pong(struct liveness *liveness, struct session *session, uint64_t pinged_us) {
    uint64_t now_us = clock_us();

    if (pinged_us > now_us)
        return;                      /* not the timestamp of a PING of ours */
    if (!session_is_silent(session)) /* one long silence must not raise the limit */
        liveness_note_rtt(session_liveness(session), now_us - pinged_us);
    become_responsive(liveness, session, now_us - pinged_us);
}

void liveness_opened(struct liveness *liveness, struct session *session, uint64_t opened_us) {
    uint64_t oldest_us = session_liveness(session)->pinged_us;

    if (oldest_us && opened_us > oldest_us)
        become_responsive(liveness, session, opened_us - oldest_us);
}

/* --- PING --- */

static void check_later(struct liveness *liveness) {
    static const struct timeval later = {0, CHECK_MS * 1000};

    if (event_pending(liveness->timer, EV_TIMEOUT, NULL))
        return;
    liveness->due_us = clock_us() + CHECK_MS * 1000;
    event_add(liveness->timer, &later);
}

static void ping(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct liveness_state *state = session_liveness(session);

    if (!liveness->options.ping(liveness->options.context, session))
        return; /* the next check tries again */
    state->wants_ping = false;
    state->pinged_us = state->last_ping_us = now_us;
}

static bool may_ping(const struct liveness_state *state, uint64_t now_us) {
    return !state->pinged_us && now_us - state->last_ping_us >= PING_INTERVAL_US;
}

void liveness_check(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct liveness_state *state = session_liveness(session);

    if (state->is_silent) /* its PING is still unanswered */
        return;
    state->wants_ping = true;
    if (may_ping(state, now_us))
        ping(liveness, session, now_us);
    check_later(liveness);
}

/* True: check again after CHECK_MS. */
static bool check(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct liveness_state *state = session_liveness(session);

    if (state->is_silent)
        return false;
    if (state->wants_ping && may_ping(state, now_us))
        ping(liveness, session, now_us);
    else if (state->pinged_us && now_us - state->pinged_us > liveness_limit_us(state))
        become_silent(liveness, session, now_us);
    return !state->is_silent && (state->pinged_us || state->wants_ping);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct liveness *liveness = context;
    const struct session_table *agents = liveness->options.agents;
    uint64_t now_us = clock_us();
    bool again = false;

    (void)fd;
    (void)what;
    if (now_us > liveness->due_us + OWN_STALL_US) { /* this thread stalled: PONGs may wait in the mailbox */
        check_later(liveness);
        return;
    }
    for (struct session *session = session_table_first(agents); session; session = session_table_after(agents, session))
        again = check(liveness, session, now_us) || again;
    if (again)
        check_later(liveness);
}

struct liveness *liveness_new(const struct liveness_options *options) {
    struct liveness *liveness = calloc(1, sizeof *liveness);

    if (!liveness)
        return NULL;
    liveness->options = *options;
    liveness->timer = evtimer_new(options->base, on_timer, liveness);
    if (liveness->timer)
        return liveness;
    free(liveness);
    return NULL;
}

void liveness_free(struct liveness *liveness) {
    if (!liveness)
        return;
    event_free(liveness->timer);
    free(liveness);
}
