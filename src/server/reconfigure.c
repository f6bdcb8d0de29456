/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reconfigure: see reconfigure.h.
 */
#include "config.h"

#include "server/reconfigure.h"

#include "admin/recent_events.h"
#include "conf/server_diff.h"
#include "server/admin/admin.h"
#include "server/server_priv.h"
#include "server/service/announce.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MOST = 50 /* of one difference in the log */ };

struct step { /* for each service of the new configuration */
    struct service *service;
    bool is_new, has_changed;
    uint32_t old_id; /* that agents know of one that has changed */
};

struct reconfigure {
    struct server *server;
    struct server_config *conf;
    struct server_diff *diff;
    struct step *steps; /* in the order of conf->services */
    size_t step_count;
    struct service **items; /* room for the new list of services */
    struct listener_group **donors;
    size_t donor_count;
    struct log_target *log;
    struct admin_change *admin;     /* NULL: it stays as it is */
    struct listener_group *reserve; /* NULL: none is kept */
    const struct strlist *paused;   /* or NULL */
    bool is_trial, is_return, is_applied;
};

/* --- preparing --- */

/* Also one that was removed and has clients still: two of a name could not be told apart in metrics and history. */
static struct service *find_service(const struct server *server, const char *name) {
    for (size_t i = 0; i < server->services.count; i++)
        if (strcmp(service_config(server->services.items[i])->name, name) == 0)
            return server->services.items[i];
    return NULL;
}

static bool keeps_its_ports(const struct reconfigure *change, const struct service *service) {
    const struct server_change *difference = server_diff_find(change->diff, service_config(service)->name);

    return !difference || (difference->kind == SERVER_CHANGE_CHANGED && !strlist_has(&difference->options, "listen"));
}

/* The sockets that listen now and may not be wanted where they are: other parts may take them. */
static void collect_donors(struct reconfigure *change) {
    const struct server *server = change->server;

    for (size_t i = 0; i < server->services.count; i++)
        if (!keeps_its_ports(change, server->services.items[i]))
            change->donors[change->donor_count++] = service_listeners(server->services.items[i]);
    if (server_diff_has(change->diff, "agents.listen"))
        change->donors[change->donor_count++] = agent_listener_group(server->agent_listener);
    change->donors[change->donor_count++] = server->reserve;
}

static struct listener_donors donors_of(const struct reconfigure *change) {
    return (struct listener_donors){change->donors, change->donor_count, change->is_trial};
}

static struct reconfigure *allocate(struct server *server, const struct reconfigure_options *options,
                                    struct error *error) {
    struct reconfigure *change = calloc(1, sizeof *change);
    size_t before = server->services.count, after = options->conf->service_count;

    if (change) {
        change->server = server;
        change->conf = server_config_hold(options->conf);
        change->is_trial = options->is_trial;
        change->is_return = options->is_return;
        change->paused = options->paused;
        change->reserve =
            options->keeps_ports ? listener_group_new_reserve(loop_base(server->loop), server->log) : NULL;
        change->steps = calloc(after + 1, sizeof *change->steps);
        change->items = calloc(before + after + 1, sizeof(struct service *));
        change->donors = calloc(before + 2, sizeof(struct listener_group *));
    }
    if (change && change->steps && change->items && change->donors && (change->reserve || !options->keeps_ports))
        return change;
    reconfigure_free(change);
    error_set(error, "out of memory");
    return NULL;
}

/* Agents have these of it: they have to be asked again, by another id. What one that comes back was before is not in
 * the difference. */
static bool concerns_agents(const struct server_change *difference) {
    return difference->kind == SERVER_CHANGE_ADDED || strlist_has(&difference->options, "connect") ||
           strlist_has(&difference->options, "group");
}

static int prepare_service(struct reconfigure *change, size_t index, struct error *error) {
    struct server *server = change->server;
    struct step *step = &change->steps[change->step_count++];
    struct service_options options = server_service_options(server);
    const struct server_change *difference;

    options.config = change->conf;
    options.conf = &change->conf->services[index];
    options.donors = donors_of(change);
    difference = server_diff_find(change->diff, options.conf->name);
    step->service = find_service(server, options.conf->name);
    step->is_new = !step->service;
    if (step->is_new) {
        options.id = ++server->last_id;
        step->service = service_new(&options, error);
        return step->service ? 0 : -1;
    }
    step->old_id = service_id(step->service);
    step->has_changed = difference;
    if (!step->has_changed)
        return 0;
    options.id = concerns_agents(difference) ? ++server->last_id : 0;
    return service_prepare(step->service, &options, error);
}

static int add_advice(const struct server *server, const struct option_place *place, const struct error *detail) {
    bool has_dropped = server->started->user && strstr(detail->text, "CAP_NET_BIND_SERVICE");

    return option_error(place, "%s%s%s", detail->text,
                        has_dropped ? "; or start munneld again, which binds its ports before it becomes " : "",
                        has_dropped ? server->started->user : "");
}

static int prepare_services(struct reconfigure *change, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    struct error detail;

    for (size_t i = 0; i < change->conf->service_count; i++) {
        if (prepare_service(change, i, &detail) == 0)
            continue;
        const struct option_place service = server_config_place(change->conf, i, name, top),
                                  listen = option_member(&service, "listen");
        return add_advice(change->server, &listen, &detail);
    }
    return 0;
}

static int prepare_agent_port(struct reconfigure *change, const struct option_place *top) {
    const struct listener_donors donors = donors_of(change);
    const struct option_place listen = option_below(top, "agents.listen");
    struct error detail;

    if (!server_diff_has(change->diff, "agents.listen") ||
        agent_listener_prepare(change->server->agent_listener, &change->conf->agents.listen, &donors, &detail) == 0)
        return 0;
    return add_advice(change->server, &listen, &detail);
}

static int prepare_log(struct reconfigure *change, const struct option_place *top) {
    const struct option_place to = option_below(top, "log.to");
    struct error detail;

    bool differs = server_diff_has(change->diff, "log.to") || server_diff_has(change->diff, "log.format");

    if (!differs || change->is_trial)
        return 0;
    change->log = log_target_open(change->conf->log.format, change->conf->log.to, &detail);
    if (!change->log && change->is_return)
        log_write(change->server->log, LOG_LEVEL_ERROR, "server", "%s; the log goes where it did", detail.text);
    return change->log || change->is_return ? 0 : option_error(&to, "%s", detail.text);
}

static int prepare_admin(struct reconfigure *change, struct option_fault *fault, struct error *error) {
    struct server *server = change->server;

    change->admin = admin_prepare(server->admin, change->conf, change->is_trial, fault, error);
    if (!change->admin && change->is_return)
        log_write(server->log, LOG_LEVEL_ERROR, "server", "%s; administration stays as it is", error->text);
    return change->admin || change->is_return ? 0 : -1;
}

struct reconfigure *reconfigure_prepare(struct server *server, const struct reconfigure_options *options,
                                        struct option_fault *fault, struct error *error) {
    const struct option_place top = server_config_top(options->conf, fault, error);
    struct reconfigure *change = allocate(server, options, error);

    if (!change)
        return NULL;
    change->diff = server_diff_new(server->conf, options->conf, error);
    if (change->diff)
        collect_donors(change);
    if (change->diff && prepare_services(change, &top) == 0 && prepare_agent_port(change, &top) == 0 &&
        prepare_log(change, &top) == 0 && prepare_admin(change, fault, error) == 0)
        return change;
    reconfigure_free(change);
    return NULL;
}

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

static void announce(struct reconfigure *change) {
    struct announce *announce = change->server->announce;

    for (size_t i = 0; i < change->step_count; i++) {
        const struct step *step = &change->steps[i];
        if (!has_new_id(step))
            continue;
        if (!step->is_new)
            announce_removed(announce, step->old_id);
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
    if (server_diff_has(change->diff, "agents.listen") && agent_listener_open(server->agent_listener, &error))
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
    if (change->admin && admin_apply(change->admin, &error))
        log_write(server->log, LOG_LEVEL_ERROR, "admin", "%s", error.text);
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
    log_difference(change);
    reconfigure_reap(server);
    dispatch_tick(server->dispatch); /* clients that wait may be served, or refused, by the new terms */
}

/* --- services that were removed --- */

static void forget(struct server *server, size_t index) {
    struct service_list *list = &server->services;
    struct service *service = list->items[index];

    announce_removed(server->announce, service_id(service));
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
