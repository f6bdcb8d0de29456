/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing: see publishing.h; publishing_offer.c judges what agents ask for, publishing_apply.c puts it into
 * the configuration, publishing_answer.c answers.
 * States of an entry: asked for -> fresh -> in force -> withdrawn; in force -> stopped.
 */
#include "config.h"

#include "server/publishing.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "server/publishing_priv.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TURN_MS = 100, REST_FACTOR = 9, LINES_A_MINUTE = 60 };
enum { MESSAGES_A_MINUTE = 60, EXCESS = 60 /* more that are refused, before they are errors */ };
enum { WAITING_MOST = 1024 /* messages that wait for a turn */, WAITING_OF_SESSION = 2, REMOVALS_OF_SESSION = 4 };

/* ---- a turn ---- */

static bool has_session(const struct publishing *publishing, const struct published_entry *entry) {
    const struct session *session = session_table_find_id_any(publishing->server->sessions, entry->session);

    return session && session_is_connected(session);
}

static void note_gone(const struct publishing *publishing, struct published_entry *entry) {
    if (has_session(publishing, entry))
        entry->gone_us = 0;
    else if (!entry->gone_us)
        entry->gone_us = clock_us();
}

static bool is_stale(const struct publishing *publishing, const struct published_entry *entry) {
    return entry->gone_us && clock_us() - entry->gone_us >= publishing->server->conf->publish.linger_s * 1000000ULL;
}

static void forget(struct publishing *publishing, struct published_entry *entry, const char *detail) {
    publishing_note_removed(publishing, entry, detail);
    publishing->has_changed |= entry->is_active;
    published_remove(publishing->published, entry);
}

/* Its name is kept, its place is not. */
static void stop(struct publishing *publishing, struct published_entry *entry) {
    const struct publish_owner owner = {entry->session, entry->who};
    char detail[PUBLISHED_WHO + 16];

    snprintf(detail, sizeof detail, "stopped by %s", entry->stopped_by);
    publishing_note_refused(publishing, &owner, entry->name, PUBLISH_STOPPED, detail);
    publishing->has_changed = true;
    entry->is_active = entry->is_fresh = false;
    *entry->host = '\0';
    entry->port = 0;
}

static void review_stopped(struct publishing *publishing, struct published_entry *entry) {
    if (entry->is_active)
        stop(publishing, entry);
    else if (entry->gone_us)
        forget(publishing, entry, "its agent has gone");
}

static void review_one(struct publishing *publishing, struct published_entry *entry) {
    enum publish_refusal refusal;
    struct error error;

    note_gone(publishing, entry);
    if (*entry->stopped_by) {
        review_stopped(publishing, entry);
    } else if (is_stale(publishing, entry)) {
        forget(publishing, entry, "its agent has gone");
    } else if (publishing_check(publishing, publishing->server->conf, entry, &refusal, &error)) {
        publishing_withdraw(publishing, entry, refusal, error.text);
    }
}

static bool is_in_force(const struct server_config *conf, const struct published_entry *entry) {
    for (size_t i = conf->service_count - conf->published_count; i < conf->service_count; i++)
        if (strcmp(conf->services[i].name, entry->name) == 0)
            return true;
    return false;
}

/* What a reload has left out may be again. */
static void find_left_out(struct publishing *publishing) {
    const struct published_table *published = publishing->published;
    const struct server_config *conf = publishing->server->conf;

    if (!publishing->has_changed && published_active(published) == conf->published_count)
        return;
    for (size_t i = 0; i < published->count; i++)
        if (published->items[i]->is_active && !is_in_force(conf, published->items[i]))
            publishing->has_fresh = published->items[i]->is_fresh = true;
}

/* Once a turn: each port of each permit would else be looked for in each service. */
static void note_ports(struct publishing *publishing) {
    const struct published_table *published = publishing->published;

    server_config_ports(publishing->server->conf, &publishing->taken);
    for (size_t i = 0; i < published->count; i++)
        config_ports_add(&publishing->taken, published->items[i]->port);
}

static void review(struct publishing *publishing) {
    const struct published_table *published = publishing->published;

    note_ports(publishing);
    for (size_t i = published->count; i > 0; i--)
        review_one(publishing, published->items[i - 1]);
    find_left_out(publishing);
}

/* One message at least, and as many as have OFFERS_A_TURN services. */
static void obey_some(struct publishing *publishing) {
    struct publish_asked *asked;
    size_t offers = 0;

    while (offers < OFFERS_A_TURN && (asked = TAILQ_FIRST(&publishing->asked))) {
        const struct session *session = session_table_find_id_any(publishing->server->sessions, asked->session);
        TAILQ_REMOVE(&publishing->asked, asked, entry);
        publishing->asked_count--;
        offers += 1 + json_array_size(json_object_get(asked->json, "add"));
        publishing_obey(publishing, asked, session && session_is_connected(session) ? session : NULL);
        json_decref(asked->json);
        free(asked);
    }
}

/* ---- timers ---- */

static void call_in(struct event *timer, uint64_t us) {
    const struct timeval wait = clock_timeval(us);

    if (!event_pending(timer, EV_TIMEOUT, NULL) && event_add(timer, &wait))
        event_active(timer, EV_TIMEOUT, 0); /* no memory for a timer: at once, rather than never */
}

/* What agents ask for waits for the rest that a step is followed by. */
static void call_turn(struct publishing *publishing) {
    uint64_t now_us = clock_us(), least_us = TURN_MS * 1000ULL;
    uint64_t rest_us = publishing->rest_us > now_us ? publishing->rest_us - now_us : 0;

    call_in(publishing->turn, rest_us > least_us ? rest_us : least_us);
}

/* What has to end waits for nothing. */
static void call_review(struct publishing *publishing) {
    call_in(publishing->review, TURN_MS * 1000ULL);
}

/* Of a server with a thousand services a step takes 0.1 s: whatever agents ask for, the loop is free for nine tenths.
 */
static void apply(struct publishing *publishing, bool with_fresh) {
    uint64_t begun_us = clock_us();

    publishing_apply(publishing, with_fresh);
    uint64_t now_us = clock_us();
    publishing->rest_us = now_us + (now_us - begun_us) * REST_FACTOR;
}

static void finish(struct publishing *publishing) {
    publishing_send_answers(publishing);
    if (!TAILQ_EMPTY(&publishing->asked) || publishing->has_fresh)
        call_turn(publishing);
}

static void on_review(evutil_socket_t fd, short what, void *context) {
    struct publishing *publishing = context;

    (void)fd;
    (void)what;
    if (publishing->server->stopping)
        return;
    review(publishing);
    if (publishing->has_changed)
        apply(publishing, false);
    finish(publishing);
}

static void on_turn(evutil_socket_t fd, short what, void *context) {
    struct publishing *publishing = context;

    (void)fd;
    (void)what;
    if (publishing->server->stopping)
        return;
    if (clock_us() >= publishing->rest_us) { /* a review may have had a step meanwhile */
        review(publishing);
        obey_some(publishing);
        if (publishing->has_changed || publishing->has_fresh)
            apply(publishing, true);
    }
    finish(publishing);
}

/* ---- from outside ---- */

static size_t count_waiting(const struct publishing *publishing, const struct session *session) {
    const struct publish_asked *asked;
    size_t count = 0;

    TAILQ_FOREACH (asked, &publishing->asked, entry)
        count += strcmp(asked->session, session_id(session)) == 0;
    return count;
}

/* NULL: it may wait for a turn; else why not. */
static const char *too_much(const struct publishing *publishing, struct session *session,
                            const struct publish *message) {
    size_t most = message->add_count ? WAITING_OF_SESSION : REMOVALS_OF_SESSION;
    unsigned skipped = 0;

    if (!log_limit_allows(session_publish_messages(session), MESSAGES_A_MINUTE, &skipped))
        return "this agent has sent too many messages in a minute; try again later";
    if (publishing->asked_count >= WAITING_MOST)
        return "too many agents publish at once; try again later";
    return count_waiting(publishing, session) >= most
               ? "what this agent has asked for before is not done yet; try again later"
               : NULL;
}

static int enqueue(struct publishing *publishing, const struct session *session, const json_t *json) {
    struct publish_asked *asked = calloc(1, sizeof *asked);

    if (!asked)
        return -1;
    asked->json = json_incref((json_t *)(uintptr_t)json);
    strbuf_copy(asked->session, sizeof asked->session, session_id(session));
    TAILQ_INSERT_TAIL(&publishing->asked, asked, entry);
    publishing->asked_count++;
    call_turn(publishing);
    return 0;
}

int publishing_request(struct publishing *publishing, struct session *session, const json_t *json,
                       struct error *error) {
    struct publish message;
    struct error detail;

    if (publish_parse(&message, json, error))
        return -1;
    const char *why = too_much(publishing, session, &message);
    if (session_publish_messages(session)->skipped > EXCESS)
        return error_set(error, "more than %d messages of this kind in a minute", MESSAGES_A_MINUTE + EXCESS);
    if (why)
        publishing_refuse(publishing, session, &message, PUBLISH_TOO_MANY, why);
    else if (publishing_check_permit(publishing, session, &detail))
        publishing_refuse(publishing, session, &message, PUBLISH_NOT_PERMITTED, detail.text);
    else if (enqueue(publishing, session, json))
        publishing_refuse(publishing, session, &message, PUBLISH_FAILED, "out of memory; try again later");
    return 0;
}

void publishing_review(struct publishing *publishing) {
    if (publishing && (publishing->published->count || publishing->has_changed))
        call_review(publishing);
}

void publishing_tick(struct publishing *publishing) {
    log_throttle_flush(&publishing->refusals, publishing->server->log);
    publishing_review(publishing);
}

static void on_stopped(void *context) {
    call_review(context);
}

struct published_table *publishing_table(struct publishing *publishing) {
    return publishing->published;
}

struct publishing *publishing_new(struct server *server) {
    struct publishing *publishing = calloc(1, sizeof *publishing);

    if (!publishing)
        return NULL;
    publishing->server = server;
    TAILQ_INIT(&publishing->asked);
    publishing->refusals.a_minute = LINES_A_MINUTE;
    publishing->published = published_new();
    publishing->fresh_most = SIZE_MAX;
    publishing->turn = evtimer_new(loop_base(server->loop), on_turn, publishing);
    publishing->review = evtimer_new(loop_base(server->loop), on_review, publishing);
    if (publishing->published && publishing->turn && publishing->review) {
        publishing->published->on_stopped = on_stopped;
        publishing->published->context = publishing;
        return publishing;
    }
    publishing_free(publishing);
    return NULL;
}

void publishing_free(struct publishing *publishing) {
    struct publish_asked *asked;

    if (!publishing)
        return;
    while ((asked = TAILQ_FIRST(&publishing->asked))) {
        TAILQ_REMOVE(&publishing->asked, asked, entry);
        json_decref(asked->json);
        free(asked);
    }
    if (publishing->turn)
        event_free(publishing->turn);
    if (publishing->review)
        event_free(publishing->review);
    published_free(publishing->published);
    free(publishing->answers);
    free(publishing);
}
