/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * liveness: see liveness.h.
 * Runs on: the control thread. Owns: its timer.
 */
#include "config.h"

#include "server/session/liveness.h"

#include "lib/base/clock.h"
#include "server/session/session_table.h"

#include <event2/event.h>
#include <stdlib.h>

enum {
    PING_EVERY_US = 250000,
    LOOK_MS = 50,
    OWN_DELAY_US = 200000,
    USUAL_TIMES = 3,
    SMOOTHING = 8,
    LINES_A_MINUTE = 5
};

struct liveness {
    struct liveness_options options;
    struct event *timer;
    uint64_t due_us; /* of the timer */
};

uint64_t answers_limit_us(const struct answers *answers) {
    uint64_t limit_us = answers->smoothed_us ? USUAL_TIMES * answers->smoothed_us : LIVENESS_UNKNOWN_US;

    return limit_us > LIVENESS_LEAST_US ? limit_us : LIVENESS_LEAST_US;
}

void answers_note(struct answers *answers, uint64_t took_us) {
    uint64_t before = answers->smoothed_us;

    took_us = took_us ? took_us : 1;
    answers->smoothed_us = before ? (before * (SMOOTHING - 1) + took_us) / SMOOTHING : took_us;
    answers->smoothed_us += answers->smoothed_us == 0;
}

/* --- from well to silent and back --- */

static void become_silent(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct answers *answers = session_answers(session);

    answers->is_silent = true;
    if (log_limit_allows(&answers->lines, LINES_A_MINUTE, NULL))
        log_event(liveness->options.log, LOG_LEVEL_WARNING, session_who(session),
                  "does not answer: clients go to others first",
                  LOG_FIELDS(LOG_MS("waited_ms", now_us - answers->asked_us),
                             LOG_MS("usual_ms", answers->smoothed_us)));
    liveness->options.on_silent(liveness->options.context, session);
}

static void become_well(struct liveness *liveness, struct session *session, uint64_t silent_us) {
    struct answers *answers = session_answers(session);

    answers->asked_us = 0;
    if (!answers->is_silent)
        return;
    answers->is_silent = false;
    if (log_limit_allows(&answers->lines, LINES_A_MINUTE, NULL))
        log_event(liveness->options.log, LOG_LEVEL_INFO, session_who(session), "answers again",
                  LOG_FIELDS(LOG_MS("waited_ms", silent_us)));
    liveness->options.on_well(liveness->options.context, session);
}

void liveness_pong(struct liveness *liveness, struct session *session, uint64_t pinged_us) {
    uint64_t now_us = clock_us();

    if (pinged_us > now_us)
        return;                      /* no PING of ours said so */
    if (!session_is_silent(session)) /* else one long silence would be the usual time for long */
        answers_note(session_answers(session), now_us - pinged_us);
    become_well(liveness, session, now_us - pinged_us);
}

void liveness_opened(struct liveness *liveness, struct session *session, uint64_t opened_us) {
    uint64_t asked_us = session_answers(session)->asked_us;

    if (asked_us && opened_us > asked_us)
        become_well(liveness, session, opened_us - asked_us);
}

/* --- asking --- */

static void look_later(struct liveness *liveness) {
    static const struct timeval later = {0, LOOK_MS * 1000};

    if (event_pending(liveness->timer, EV_TIMEOUT, NULL))
        return;
    liveness->due_us = clock_us() + LOOK_MS * 1000;
    event_add(liveness->timer, &later);
}

static void ping(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct answers *answers = session_answers(session);

    answers->wants_ping = false;
    answers->asked_us = answers->last_ping_us = now_us;
    liveness->options.ping(liveness->options.context, session);
}

static bool may_ping(const struct answers *answers, uint64_t now_us) {
    return !answers->asked_us && now_us - answers->last_ping_us >= PING_EVERY_US;
}

void liveness_check(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct answers *answers = session_answers(session);

    if (answers->is_silent) /* the ping that it owes an answer is still under way */
        return;
    answers->wants_ping = true;
    if (may_ping(answers, now_us))
        ping(liveness, session, now_us);
    look_later(liveness);
}

/* True: there is something to look at again soon. */
static bool look_at(struct liveness *liveness, struct session *session, uint64_t now_us) {
    struct answers *answers = session_answers(session);

    if (answers->is_silent)
        return false;
    if (answers->wants_ping && may_ping(answers, now_us))
        ping(liveness, session, now_us);
    else if (answers->asked_us && now_us - answers->asked_us > answers_limit_us(answers))
        become_silent(liveness, session, now_us);
    return !answers->is_silent && (answers->asked_us || answers->wants_ping);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    struct liveness *liveness = context;
    const struct session_table *agents = liveness->options.agents;
    uint64_t now_us = clock_us();
    bool again = false;

    (void)fd;
    (void)what;
    if (now_us > liveness->due_us + OWN_DELAY_US) { /* we were held up, and pongs may be waiting to be read */
        look_later(liveness);
        return;
    }
    for (struct session *session = session_table_first(agents); session; session = session_table_after(agents, session))
        again = look_at(liveness, session, now_us) || again;
    if (again)
        look_later(liveness);
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
