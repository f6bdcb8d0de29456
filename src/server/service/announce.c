/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * announce: see announce.h.
 * States of a service at a session: unsent -> sent -> permitted | refused; any -> left.
 */
#include "config.h"

#include "server/service/announce.h"

#include "lib/base/clock.h"
#include "proto/services.h"
#include "server/service/service_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { WARNINGS_MOST = 10 /* refused services that one session's round of parts names in the log */ };

struct removal {
    uint64_t session; /* the tag of the only one that knows the id; 0: any may */
    uint32_t id;
};

struct announce {
    struct announce_options options;
    struct event *timer;
    struct removal *removed; /* that some session has not been sent yet */
    size_t removed_count;
    uint64_t removed_before; /* removals before these, which all sessions know */
};

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    announce_turn(context);
}

struct announce *announce_new(const struct announce_options *options) {
    struct announce *announce = calloc(1, sizeof *announce);

    if (!announce)
        return NULL;
    announce->options = *options;
    announce->timer = evtimer_new(options->base, on_timer, announce);
    if (announce->timer)
        return announce;
    free(announce);
    return NULL;
}

void announce_free(struct announce *announce) {
    if (!announce)
        return;
    event_free(announce->timer);
    free(announce->removed);
    free(announce);
}

/* --- sending --- */

/* The first service behind this one (NULL: of all) that the session has not been sent; NULL: none. */
static struct service *next_unsent(const struct announce *announce, const struct session *session, uint32_t sent_id,
                                   size_t *index) {
    const struct service_list *services = announce->options.services;

    for (; *index < services->count; ++*index) {
        struct service *service = services->items[*index];
        if (service->id > sent_id && service_is_for(service, session))
            return service;
    }
    return NULL;
}

static bool write_service(struct services_writer *writer, const struct service *service) {
    const struct strlist *to = &service->conf->connect;
    struct service_offer offer = {.id = service->id,
                                  .name = service->conf->name,
                                  .proxy = service->conf->proxy_protocol,
                                  .protocol = service->conf->protocol,
                                  .from = service->conf->connect_from,
                                  .takes_bans = service->conf->agent_bans,
                                  .end_to_end = service->conf->end_to_end};

    for (; offer.to_count < to->count && offer.to_count < SERVICE_DESTINATIONS_MAX; offer.to_count++)
        offer.to[offer.to_count] = to->items[offer.to_count];
    offer.check = service_health_check(service->conf);
    return services_write_offer(writer, &offer);
}

static uint64_t removals(const struct announce *announce) {
    return announce->removed_before + announce->removed_count;
}

static const struct removal *removal_at(const struct announce *announce, uint64_t number) {
    return &announce->removed[number - announce->removed_before];
}

static bool may_know(const struct session *session, const struct removal *removal) {
    return !removal->session || removal->session == session_tag(session);
}

/* Returns up to which removal the part has them. */
static uint64_t write_removed(const struct announce *announce, struct services_writer *writer,
                              const struct session *session, uint64_t from) {
    uint64_t to = from;

    for (; to < removals(announce) && to - from < SERVICES_PART_MAX; to++)
        if (may_know(session, removal_at(announce, to)))
            services_write_removed(writer, removal_at(announce, to)->id);
    return to;
}

/* Those that are none of its affair are no reason to send it anything. */
static void skip_removed(const struct announce *announce, const struct session *session,
                         struct announcement *announcement) {
    while (announcement->removed < removals(announce) &&
           !may_know(session, removal_at(announce, announcement->removed)))
        announcement->removed++;
}

/* Sends the next part. Without memory nothing is sent, and the timer tries again. */
static void send_part(struct announce *announce, struct session *session, size_t index, uint64_t now_us) {
    struct announcement *announcement = session_announcement(session);
    struct services_writer writer;
    struct service *service;
    uint32_t sent_id = announcement->sent_id;

    services_write(&writer, announcement->version + 1);
    uint64_t removed = write_removed(announce, &writer, session, announcement->removed);
    while ((service = next_unsent(announce, session, sent_id, &index)) &&
           (service_lacking(service, session) || write_service(&writer, service)))
        sent_id = service->id;
    char *json = services_finish(&writer, service || removed < removals(announce));
    if (!json)
        return;
    plane_send_control(announce->options.plane, session_control(session), json);
    free(json);
    announcement->version++;
    announcement->sent_id = sent_id;
    announcement->removed = removed;
    announcement->sent_us = now_us;
    announcement->is_sent = true;
    announcement->is_complete = !service;
}

/* True if it has to be looked at again, although no answer of it is under way. */
static bool send_due(struct announce *announce, struct session *session, uint64_t now_us) {
    struct announcement *announcement = session_announcement(session);
    size_t index = 0;

    if (!announcement->is_over)
        skip_removed(announce, session, announcement);
    bool has_removals = announcement->removed < removals(announce);

    if (announcement->is_sent || announcement->is_over || (announcement->is_complete && !has_removals))
        return false;
    announcement->is_complete = !next_unsent(announce, session, announcement->sent_id, &index);
    if (announcement->is_complete && !has_removals)
        return false;
    if (!announcement->version || now_us - announcement->sent_us >= ANNOUNCE_INTERVAL_MS * 1000ULL)
        send_part(announce, session, index, now_us);
    return !announcement->is_sent;
}

static void call(struct announce *announce, unsigned ms) {
    struct timeval wait = clock_timeval((uint64_t)ms * 1000);

    if (!evtimer_pending(announce->timer, NULL) && evtimer_add(announce->timer, &wait))
        event_active(announce->timer, EV_TIMEOUT, 0); /* no memory for a timer: at once, rather than never */
}

void announce_turn(struct announce *announce) {
    struct session_table *sessions = announce->options.sessions;
    uint64_t now_us = clock_us();
    bool is_again_due = false;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session))
        is_again_due |= send_due(announce, session, now_us);
    if (is_again_due)
        call(announce, ANNOUNCE_INTERVAL_MS / 4);
}

/* --- joining and leaving --- */

void announce_join(struct announce *announce, struct session *session) {
    const struct service_list *services = announce->options.services;

    for (size_t i = 0; i < services->count; i++)
        service_ask(services->items[i], session);
    session_announcement(session)->removed = removals(announce); /* it never knew those */
    event_active(announce->timer, EV_TIMEOUT, 0);                /* later: WELCOME is not on its way yet */
}

void announce_added(struct announce *announce, struct service *service) {
    struct session_table *sessions = announce->options.sessions;

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        struct announcement *announcement = session_announcement(session);
        if (announcement->is_over)
            continue;
        service_ask(service, session);
        announcement->is_complete = false;
    }
    event_active(announce->timer, EV_TIMEOUT, 0);
}

/* Forgets what every session knows. */
static void forget_removed(struct announce *announce) {
    struct session_table *sessions = announce->options.sessions;
    uint64_t known = removals(announce);

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        const struct announcement *announcement = session_announcement(session);
        if (!announcement->is_over && announcement->removed < known)
            known = announcement->removed;
    }
    size_t count = (size_t)(known - announce->removed_before);
    announce->removed_count -= count;
    announce->removed_before = known;
    if (count)
        memmove(announce->removed, announce->removed + count, announce->removed_count * sizeof *announce->removed);
}

void announce_removed(struct announce *announce, uint32_t id, uint64_t session) {
    forget_removed(announce);
    struct removal *removed = realloc(announce->removed, (announce->removed_count + 1) * sizeof *removed);
    if (!removed)
        return;
    announce->removed = removed;
    removed[announce->removed_count++] = (struct removal){session, id};
    event_active(announce->timer, EV_TIMEOUT, 0);
}

void announce_leave(struct announce *announce, struct session *session) {
    const struct service_list *services = announce->options.services;
    struct announcement *announcement = session_announcement(session);

    if (announcement->is_over)
        return;
    announcement->is_over = true;
    for (size_t i = 0; i < services->count; i++)
        service_leave(services->items[i], session);
}

/* --- answers --- */

static void note_refusal(struct announce *announce, struct session *session, struct service *service,
                         const char *reason) {
    struct announcement *announcement = session_announcement(session);

    if (++announcement->refused <= WARNINGS_MOST)
        log_event(announce->options.log, LOG_LEVEL_WARNING, session_who(session), "does not permit a service",
                  LOG_FIELDS(LOG_TEXT("service", service->conf->name),
                             LOG_TEXT("destination", service->terms->destination), LOG_TEXT("detail", reason)));
    service_refuse(service, session, reason);
}

/* Once the whole table is answered. */
static void log_answers(struct announce *announce, struct session *session) {
    struct announcement *announcement = session_announcement(session);

    log_event(announce->options.log, LOG_LEVEL_INFO, session_who(session), "answered for its services",
              LOG_FIELDS(LOG_NUMBER("permitted", announcement->permitted),
                         LOG_NUMBER("refused", announcement->refused)));
    announcement->permitted = announcement->refused = 0;
}

/* Why the agent will not serve it; NULL: it will. `text` is room for a reason. */
static const char *find_refusal(const struct service *service, const struct session *session, struct services_ack *ack,
                                char text[SERVICES_REASON_SIZE]) {
    const char *word = service_lacking(service, session);

    if (!word)
        return services_ack_find(ack, service->id);
    snprintf(text, SERVICES_REASON_SIZE, "its munnel-agent is too old: it does not know \"%s\"", word);
    return text;
}

static void take_answer(struct announce *announce, struct session *session, struct services_ack *ack) {
    const struct service_list *services = announce->options.services;
    struct announcement *announcement = session_announcement(session);

    for (size_t i = 0; i < services->count; i++) {
        struct service *service = services->items[i];
        if (service->id <= announcement->answered_id || service->id > announcement->sent_id ||
            !service_is_for(service, session))
            continue;
        char text[SERVICES_REASON_SIZE];
        const char *reason = find_refusal(service, session, ack, text);
        if (reason) {
            note_refusal(announce, session, service, reason);
        } else {
            announcement->permitted++;
            service_join(service, session);
        }
    }
    announcement->answered_id = announcement->sent_id;
}

/* --- reports of its checks --- */

/* True if a service has one usable agent more or less now. */
static bool take_reports(struct announce *announce, struct session *session, const struct health_reports *reports) {
    bool has_changed = false;

    for (size_t i = 0; i < reports->count; i++) {
        struct health_report report;
        health_reports_get(reports, i, &report);
        struct service *service = service_list_find(announce->options.services, report.id);
        if (service && service_report(service, session, &report))
            has_changed = true;
    }
    return has_changed;
}

int announce_reported(struct announce *announce, struct session *session, const json_t *json, struct error *error) {
    struct health_reports reports;

    if (health_reports_take(&reports, json, error))
        return -1;
    if (!reports.list)
        return error_set(error, "health without \"reports\"");
    if (session_announcement(session)->is_over)
        return 0;
    if (take_reports(announce, session, &reports))
        announce->options.on_answered(announce->options.context);
    return 0;
}

int announce_answered(struct announce *announce, struct session *session, const json_t *json, struct error *error) {
    struct announcement *announcement = session_announcement(session);
    struct services_ack ack;

    if (services_ack_parse(&ack, json, error))
        return -1;
    if (!announcement->is_sent || ack.version != announcement->version)
        return error_set(error, "services_ack of a version that was not sent, or was answered");
    announcement->is_sent = false;
    if (announcement->is_over)
        return 0;
    take_answer(announce, session, &ack);
    (void)take_reports(announce, session, &ack.reports); /* on_answered is called in any case */
    if (announcement->is_complete && (announcement->permitted || announcement->refused || announcement->version == 1))
        log_answers(announce, session);
    if (!announcement->is_complete || announcement->removed < removals(announce))
        call(announce, 0);
    announce->options.on_answered(announce->options.context);
    return 0;
}

struct session *announce_overdue(const struct announce *announce) {
    const struct session_table *sessions = announce->options.sessions;
    uint64_t now_us = clock_us();

    for (struct session *session = session_table_first(sessions); session;
         session = session_table_after(sessions, session)) {
        const struct announcement *announcement = session_announcement(session);
        if (announcement->is_sent && now_us - announcement->sent_us > ANNOUNCE_ANSWER_S * 1000000ULL)
            return session;
    }
    return NULL;
}
