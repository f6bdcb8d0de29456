/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reconfigure_prepare: makes what another configuration needs, while the one before is in force.
 */
#include "config.h"

#include "conf/server_check.h"
#include "conf/server_diff.h"
#include "conf/shared_listen.h"
#include "server/admin/admin.h"
#include "server/reconfigure_priv.h"
#include "server/server_priv.h"
#include "server/service/service_tls.h"
#include "server/service/shared_port.h"

#include <stdlib.h>
#include <string.h>

/* Also one that was removed and has clients still: two of a name could not be told apart in metrics and history. */
static struct service *find_service(const struct server *server, const char *name) {
    for (size_t i = 0; i < server->services.count; i++)
        if (strcmp(service_config(server->services.items[i])->name, name) == 0)
            return server->services.items[i];
    return NULL;
}

/* Also one that has not changed itself: another service has begun or ceased to share its port. */
static bool keeps_its_addresses(const struct reconfigure *change, const struct service_config *before,
                                const struct service_config *after) {
    return shared_listen_same_own_of(change->server->conf, before, change->conf, after);
}

static const struct service_config *find_config(const struct server_config *conf, const char *name) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (strcmp(conf->services[i].name, name) == 0)
            return &conf->services[i];
    return NULL;
}

static bool keeps_its_ports(const struct reconfigure *change, const struct service *service) {
    const struct service_config *before = service_config(service);
    const struct server_change *difference = server_diff_find(change->diff, before->name);

    if (!difference && !change->conf->shared.count && !change->server->conf->shared.count)
        return true;
    const struct service_config *after = find_config(change->conf, before->name);
    if (!after)
        return !difference; /* it was shut before */
    return keeps_its_addresses(change, before, after) &&
           !(difference &&
             (difference->kind != SERVER_CHANGE_CHANGED || strlist_has(&difference->options, "interface")));
}

static bool moves_agents(const struct reconfigure *change) {
    const struct server_config *before = change->server->conf, *after = change->conf;

    return server_diff_has(change->diff, "agents.interface") || server_diff_has(change->diff, "agents.freebind") ||
           !shared_listen_same_own(before, &before->agents.listen, after, &after->agents.listen);
}

/* The sockets that listen now and may not be wanted where they are: other parts may take them. */
static void collect_donors(struct reconfigure *change) {
    const struct server *server = change->server;

    change->moves_agents = moves_agents(change);
    for (size_t i = 0; i < server->services.count; i++)
        if (!keeps_its_ports(change, server->services.items[i]))
            change->donors[change->donor_count++] = service_listeners(server->services.items[i]);
    if (change->moves_agents)
        change->donors[change->donor_count++] = agent_listener_group(server->agent_listener);
    shared_ports_collect_donors(server->shared_ports, change->conf, change->donors, &change->donor_count);
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
        change->is_services_only = options->is_services_only;
        change->paused = options->paused;
        change->tls = options->tls;
        change->kept_tls = options->kept_tls;
        change->reserve =
            options->keeps_ports ? listener_group_new_reserve(loop_base(server->loop), server->log) : NULL;
        change->steps = calloc(after + 1, sizeof *change->steps);
        change->items = calloc(before + after + 1, sizeof(struct service *));
        change->donors = calloc(before + 2 + shared_ports_count(server->shared_ports), sizeof(struct listener_group *));
    }
    if (change && change->steps && change->items && change->donors && (change->reserve || !options->keeps_ports))
        return change;
    reconfigure_free(change);
    error_set(error, "out of memory");
    return NULL;
}

static bool has_changed_check(const struct strlist *options) {
    static const char check[] = "check.";

    for (size_t i = 0; i < options->count; i++)
        if (strncmp(options->items[i], check, sizeof check - 1) == 0)
            return true;
    return false;
}

/* Agents have these of it: they have to be asked again, by another id. What one that comes back was before is not in
 * the difference. */
static bool concerns_agents(const struct server_change *difference) {
    static const char *const options[] = {"protocol",   "connect",      "group",      "proxy_protocol",
                                          "agent_bans", "connect_from", "end_to_end", SERVER_DIFF_PUBLISHER};

    if (difference->kind == SERVER_CHANGE_ADDED)
        return true;
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (strlist_has(&difference->options, options[i]))
            return true;
    return has_changed_check(&difference->options);
}

static int prepare_service(struct reconfigure *change, size_t index, struct error *error) {
    struct server *server = change->server;
    struct step *step = &change->steps[change->step_count++];
    struct service_options options = server_service_options(server);
    const struct server_change *difference;

    options.config = change->conf;
    options.conf = &change->conf->services[index];
    options.donors = donors_of(change);
    bool is_of_files = !options.conf->publisher; /* which come first */
    options.tls = change->tls && is_of_files ? &change->tls[index] : NULL;
    options.kept_tls = change->kept_tls && is_of_files ? change->kept_tls[index] : NULL;
    difference = server_diff_find(change->diff, options.conf->name);
    step->service = find_service(server, options.conf->name);
    step->is_new = !step->service;
    if (step->is_new) {
        options.id = ++server->last_id;
        step->service = service_new(&options, error);
        return step->service ? 0 : -1;
    }
    step->old_id = service_id(step->service);
    step->has_changed = difference || !keeps_its_addresses(change, service_config(step->service), options.conf);
    if (!step->has_changed)
        return 0;
    options.id = difference && concerns_agents(difference) ? ++server->last_id : 0;
    return service_prepare(step->service, &options, error);
}

static int add_advice(const struct server *server, const struct option_place *place, const struct error *detail) {
    bool has_dropped = server->started->user && strstr(detail->text, "CAP_NET_BIND_SERVICE");

    return option_error(place, "%s%s%s", detail->text,
                        has_dropped ? "; or start munneld again, which binds its ports before it becomes " : "",
                        has_dropped ? server->started->user : "");
}

/* False: the error is not about a file of the service's TLS. */
static bool name_tls_file(const struct reconfigure *change, size_t index, const struct option_place *top,
                          struct error *detail) {
    if (!server_name_service_file(change->conf, index, top->fault, detail))
        return false;
    *top->error = *detail;
    return true;
}

static int prepare_services(struct reconfigure *change, const struct option_place *top) {
    char name[CONFIG_PLACE_NAME];
    struct error detail;

    for (size_t i = 0; i < change->conf->service_count; i++) {
        if (prepare_service(change, i, &detail) == 0)
            continue;
        if (name_tls_file(change, i, top, &detail))
            return -1;
        const struct option_place service = server_config_place(change->conf, i, name, top),
                                  listen = option_member(&service, "listen");
        return add_advice(change->server, &listen, &detail);
    }
    return 0;
}

/* Their place is the whole: the error names the address, and several services have it. */
static int prepare_shared_ports(struct reconfigure *change, const struct option_place *top) {
    const struct listener_donors donors = donors_of(change);
    struct service **services = calloc(change->step_count + 1, sizeof(struct service *));
    struct error detail = {"out of memory"};
    int failed = -1;

    for (size_t i = 0; services && i < change->step_count; i++)
        services[i] = change->steps[i].service;
    if (services)
        failed = shared_ports_prepare(change->server->shared_ports, change->conf, services, &donors, &detail);
    free(services);
    return failed ? add_advice(change->server, top, &detail) : 0;
}

static int prepare_own_agent_port(struct reconfigure *change, struct strlist *own, struct error *detail) {
    const struct listener_donors donors = donors_of(change);
    const struct agent_port port = server_agent_port(change->conf, own);

    if (shared_listen_own(change->conf, &change->conf->agents.listen, own))
        return error_set(detail, "out of memory");
    return agent_listener_prepare(change->server->agent_listener, &port, &donors, detail);
}

static int prepare_agent_port(struct reconfigure *change, const struct option_place *top) {
    const struct option_place listen = option_below(top, "agents.listen");
    const struct option_place accept_proxy = option_below(top, "agents.accept_proxy");
    struct strlist own = {.count = 0};
    struct error detail;

    if (agent_listener_prepare_balancers(change->server->agent_listener, &change->conf->agents.accept_proxy, &detail))
        return option_error(&accept_proxy, "%s", detail.text);
    if (!change->moves_agents)
        return 0;
    int failed = prepare_own_agent_port(change, &own, &detail);
    strlist_done(&own);
    return failed ? add_advice(change->server, &listen, &detail) : 0;
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
    if (change->diff && prepare_services(change, &top) == 0 && prepare_shared_ports(change, &top) == 0 &&
        prepare_agent_port(change, &top) == 0 &&
        (change->is_services_only || (prepare_log(change, &top) == 0 && prepare_admin(change, fault, error) == 0)))
        return change;
    reconfigure_free(change);
    return NULL;
}
