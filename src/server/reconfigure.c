/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reconfigure: see reconfigure.h; reconfigure_prepare.c prepares what is applied here.
 */
#include "config.h"

#include "server/reconfigure.h"

#include "admin/recent_events.h"
#include "conf/server_diff.h"
#include "server/admin/admin.h"
#include "server/auth/agent_bandwidth.h"
#include "server/reconfigure_priv.h"
#include "server/server_priv.h"
#include "server/service/announce.h"
#include "server/service/shared_port.h"
#include "server/service/visits.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 50 /* of one difference in the log */ };

const struct server_diff *reconfigure_diff(const struct reconfigure *change) {
    return change->diff;
}

/* What was not applied, or what was in force before. */
static void discard(struct reconfigure *change) {
    for (size_t i = 0; i < change->step_count; i++) {
        struct step *step = &change->steps[i];
        if (step->is_new && !change->is_applied)
            service_free(step->service);
        else if (step->service)
            service_discard(step->service);
    }
    shared_ports_discard(change->server->shared_ports);
    if (change->server->agent_listener)
        agent_listener_discard(change->server->agent_listener);
}

void reconfigure_free(struct reconfigure *change) {
    if (!change)
        return;
    if (!change->is_applied)
        discard(change);
    server_diff_free(change->diff);
    log_target_free(change->log);
    admin_change_free(change->admin);
    listener_group_free(change->reserve);
    server_config_free(change->conf);
    free(change->steps);
    free(change->items);
    free(change->donors);
    free(change);
}

/* --- applying --- */

static bool has_new_id(const struct step *step) {
    return step->is_new || service_id(step->service) != step->old_id;
}

static bool is_among(const struct reconfigure *change, const struct service *service, bool with_new_id) {
    for (size_t i = 0; i < change->step_count; i++)
        if (change->steps[i].service == service)
            return !with_new_id || has_new_id(&change->steps[i]);
    return false;
}

/* Of the sockets in the reserve before, those that no part has taken are closed, unless they are kept again. */
static void apply_reserve(struct reconfigure *change) {
    struct listener_group *before = change->server->reserve;

    for (size_t i = 0; change->reserve && i < change->donor_count; i++)
        if (change->donors[i])
            listener_group_reserve(change->reserve, change->donors[i]);
    change->server->reserve = change->reserve;
    change->reserve = before;
}

/* A socket goes from its donor to the part that needs it before what is left of the donors is closed. */
static void apply_listeners(struct reconfigure *change) {
    struct server *server = change->server;

    for (size_t i = 0; i < change->step_count; i++)
        if (change->steps[i].is_new || change->steps[i].has_changed)
            service_apply(change->steps[i].service);
        else
            service_keep(change->steps[i].service, &change->conf->services[i], change->conf);
    shared_ports_apply(server->shared_ports);
    agent_listener_apply(server->agent_listener);
    apply_reserve(change);
    for (size_t i = 0; i < server->services.count; i++)
        if (!is_among(change, server->services.items[i], false))
            service_shut(server->services.items[i]);
    change->is_applied = true;
    discard(change);
}

/* Those with new ids come last, since the list is in the order of ids. */
static void apply_list(struct reconfigure *change) {
    struct service_list *list = &change->server->services;
    struct service **before = list->items;
    size_t count = 0;

    for (size_t i = 0; i < list->count; i++)
        if (!is_among(change, list->items[i], true))
            change->items[count++] = list->items[i];
    for (size_t i = 0; i < change->step_count; i++)
        if (has_new_id(&change->steps[i]))
            change->items[count++] = change->steps[i].service;
    list->items = change->items;
    list->count = count;
    change->items = before;
}

static uint64_t tag_of(const char *publisher) {
    return publisher ? session_id_tag(publisher) : 0;
}

/* server->conf is still the one before. */
static uint64_t publisher_before(const struct reconfigure *change, const struct service *service) {
    const struct server_config *before = change->server->conf;

    for (size_t i = 0; i < before->service_count; i++)
        if (strcmp(before->services[i].name, service_config(service)->name) == 0)
            return tag_of(before->services[i].publisher);
    return 0;
}

static void announce(struct reconfigure *change) {
    struct announce *announce = change->server->announce;

    for (size_t i = 0; i < change->step_count; i++) {
        const struct step *step = &change->steps[i];
        if (!has_new_id(step))
            continue;
        if (!step->is_new)
            announce_removed(announce, step->old_id, publisher_before(change, step->service));
        announce_added(announce, step->service);
    }
}

/* By whom; NULL: it is not among them. */
static const char *find_paused(const struct strlist *paused, const char *name) {
    for (size_t i = 0; paused && i + 1 < paused->count; i += 2)
        if (strcmp(paused->items[i], name) == 0)
            return paused->items[i + 1];
    return NULL;
}

static void pause_again(const struct reconfigure *change) {
    for (size_t i = 0; i < change->step_count; i++) {
        struct service *service = change->steps[i].service;
        const char *by = find_paused(change->paused, service_config(service)->name);
        if (by)
            (void)service_pause(service, by);
    }
}

/* Bound they are already; what fails now is tried again each second. */
static void open_ports(struct reconfigure *change) {
    struct server *server = change->server;
    struct error error;

    for (size_t i = 0; i < change->step_count; i++) {
        const struct step *step = &change->steps[i];
        if (step->is_new && service_open(step->service, &error))
            log_write(server->log, LOG_LEVEL_ERROR, "server", "%s; retrying", error.text);
        else if (step->has_changed)
            service_settle(step->service);
    }
    shared_ports_settle(server->shared_ports);
    if (change->moves_agents && agent_listener_open(server->agent_listener, &error))
        log_write(server->log, LOG_LEVEL_ERROR, "server", "%s", error.text);
}

/* The agents' own pings stay as WELCOME had them: they answer those of the server all the same. */
static void apply_pings(const struct reconfigure *change) {
    const struct server *server = change->server;

    if (!server_diff_has(change->diff, "agents.ping") && !server_diff_has(change->diff, "agents.dead_after"))
        return;
    for (struct session *session = session_table_first(server->sessions); session;
         session = session_table_after(server->sessions, session))
        if (session_is_connected(session))
            plane_set_ping(server->plane, session_control(session), change->conf->agents.ping_s,
                           change->conf->agents.dead_after_s);
}

static void apply_options(struct reconfigure *change) {
    struct server *server = change->server;
    struct server_config *before = server->conf;
    const struct agent_limits limits = server_agent_limits(change->conf);
    struct error error;

    server->conf = server_config_hold(change->conf);
    server->policy.conf = server->conf;
    server_config_free(before);
    agent_listener_set_limits(server->agent_listener, &limits);
    registry_set_resume(server->registry, server->conf->agents.resume_s);
    apply_pings(change);
    agent_bandwidth_set_all(&server->policy, server->sessions);
    if (change->admin && admin_apply(change->admin, &error))
        log_write(server->log, LOG_LEVEL_ERROR, "admin", "%s", error.text);
    if (!change->is_services_only)
        log_change(server->log, server->conf->log.format, server->conf->log.level, change->log);
    change->log = NULL;
}

static void log_lines(struct log *log, enum log_level level, const char *text) {
    size_t length, lines = 0;

    for (; *text; text += length + (text[length] == '\n'), lines++) {
        length = strcspn(text, "\n");
        if (lines < LINES_MOST)
            log_write(log, level, "server", "configuration: %.*s", (int)length, text);
    }
    if (lines > LINES_MOST)
        log_write(log, level, "server", "configuration: %zu more differences are not listed", lines - LINES_MOST);
}

static void log_difference(const struct reconfigure *change) {
    const struct server *server = change->server;
    char version[SERVER_VERSION_TEXT] = "unknown", *text = server_diff_text(change->diff);
    struct server_diff *since_start = server_diff_new(server->started, change->conf, NULL);

    (void)server_config_version(change->conf, version);
    log_event(server->log, LOG_LEVEL_INFO, "server", "configuration reloaded",
              LOG_FIELDS(LOG_TEXT("version", version), LOG_NUMBER("services", change->conf->service_count),
                         LOG_NUMBER("services_changed", change->diff->service_count),
                         LOG_NUMBER("options_changed", change->diff->options.count)));
    recent_events_add(server->events, EVENT_KIND_SERVER, EVENT_INFO, "server", "configuration reloaded", version);
    if (text)
        log_lines(server->log, LOG_LEVEL_INFO, text);
    for (size_t i = 0; since_start && i < since_start->needs_restart.count; i++)
        log_write(server->log, LOG_LEVEL_WARNING, "server",
                  "\"%s\" is read at the start only: start munneld again for the new value",
                  since_start->needs_restart.items[i]);
    server_diff_free(since_start);
    free(text);
}

void reconfigure_apply(struct reconfigure *change) {
    struct server *server = change->server;

    apply_listeners(change);
    apply_list(change);
    announce(change);
    pause_again(change);
    open_ports(change);
    apply_options(change);
    if (!change->is_services_only)
        log_difference(change);
    reconfigure_reap(server);
    visits_update(server->visits);
    dispatch_tick(server->dispatch); /* clients that wait may be served, or refused, by the new terms */
}

/* --- services that were removed --- */

static void forget(struct server *server, size_t index) {
    struct service_list *list = &server->services;
    struct service *service = list->items[index];

    announce_removed(server->announce, service_id(service), tag_of(service_config(service)->publisher));
    server->refused_before += service_refused(service);
    list->count--;
    memmove(&list->items[index], &list->items[index + 1], (list->count - index) * sizeof(struct service *));
    service_free(service);
}

void reconfigure_reap(struct server *server) {
    if (server->stopping) /* all are shut, and none was removed */
        return;
    for (size_t i = server->services.count; i > 0; i--)
        if (service_is_over(server->services.items[i - 1]))
            forget(server, i - 1);
}
