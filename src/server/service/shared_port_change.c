/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_port_change: the shared ports of a configuration, from one to the next; see shared_port.h.
 */
#include "config.h"

#include "conf/shared_listen.h"
#include "server/service/shared_port_priv.h"

#include <stdlib.h>
#include <string.h>

struct shared_ports *shared_ports_new(const struct shared_ports_options *options) {
    struct shared_ports *ports = calloc(1, sizeof *ports);

    if (!ports)
        return NULL;
    ports->options = *options;
    ports->router = host_router_new(options->base);
    if (ports->router)
        return ports;
    free(ports);
    return NULL;
}

void shared_ports_free(struct shared_ports *ports) {
    if (!ports)
        return;
    shared_ports_discard(ports);
    for (size_t i = 0; i < ports->count; i++)
        shared_port_free(ports->items[i]);
    free(ports->items);
    host_router_free(ports->router);
    free(ports);
}

static bool is_same(const char *a, const char *b) {
    return a && b ? strcmp(a, b) == 0 : a == b;
}

/* The first service that has it, whose options its socket gets. */
static const struct service_config *find_first(const struct server_config *conf, const char *address) {
    for (size_t i = 0; i < conf->service_count; i++)
        if (shared_listen_by(&conf->services[i], address))
            return &conf->services[i];
    return NULL;
}

/* Stays its socket where it is? */
static bool keeps(const struct shared_port *port, const struct server_config *conf) {
    const struct service_config *first = find_first(conf, port->address);

    return first && shared_listen_has(conf, port->address) && is_same(first->interface, port->interface);
}

void shared_ports_collect_donors(const struct shared_ports *ports, const struct server_config *conf,
                                 struct listener_group **donors, size_t *count) {
    for (size_t i = 0; i < ports->count; i++)
        if (!keeps(ports->items[i], conf))
            donors[(*count)++] = ports->items[i]->listeners;
}

/* ---- preparing ---- */

static struct shared_port *find(const struct shared_ports *ports, const char *address,
                                const struct server_config *conf) {
    for (size_t i = 0; i < ports->count; i++)
        if (strcmp(ports->items[i]->address, address) == 0 && keeps(ports->items[i], conf))
            return ports->items[i];
    return NULL;
}

static int make_routes(struct shared_routes *routes, const char *address, const struct server_config *conf,
                       struct service *const *services, struct error *error) {
    if (acl_read(&routes->balancers, &find_first(conf, address)->accept_proxy, error))
        return -1;
    error_set(error, "out of memory");
    routes->names = host_routes_new();
    routes->services = calloc(conf->service_count, sizeof(struct service *));
    routes->has_agents = strlist_has(&conf->agents.listen, address);
    if (!routes->names || !routes->services)
        return -1;
    for (size_t i = 0; i < conf->service_count; i++) {
        if (!shared_listen_by(&conf->services[i], address))
            continue;
        routes->services[routes->count++] = services[i];
        routes->wants_tlvs = routes->wants_tlvs || conf->services[i].proxy_protocol == PROXY_V2;
        if (host_routes_add(routes->names, &conf->services[i].hosts, services[i]))
            return -1;
    }
    host_routes_sort(routes->names);
    return 0;
}

static int prepare_one(struct shared_ports *ports, const char *address, const struct server_config *conf,
                       struct service *const *services, const struct listener_donors *donors, struct error *error) {
    struct shared_plan *plan = &ports->plans[ports->plan_count++];

    plan->port = find(ports, address, conf);
    plan->first = find_first(conf, address);
    plan->is_new = !plan->port;
    if (plan->is_new)
        plan->port = shared_port_new(ports, address);
    if (!plan->port)
        return error_set(error, "out of memory");
    if (make_routes(&plan->routes, address, conf, services, error))
        return -1;
    return plan->is_new ? shared_port_bind(plan->port, plan->first, donors, error) : 0;
}

int shared_ports_prepare(struct shared_ports *ports, const struct server_config *conf, struct service *const *services,
                         const struct listener_donors *donors, struct error *error) {
    ports->is_applied = false;
    ports->plans = calloc(conf->shared.count + 1, sizeof *ports->plans);
    ports->next = calloc(conf->shared.count + 1, sizeof(struct shared_port *));
    if (!ports->plans || !ports->next)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < conf->shared.count; i++)
        if (prepare_one(ports, conf->shared.items[i], conf, services, donors, error))
            return -1;
    return 0;
}

/* ---- applying ---- */

static void tell_services(struct shared_port *port) {
    const struct addr *addr = listener_group_addr(port->listeners);

    for (size_t i = 0; addr && i < port->routes.count; i++) {
        port->routes.services[i]->shared_addr = *addr;
        port->routes.services[i]->shared_closed += !port->is_open;
    }
}

static void forget_services(struct shared_port *port) {
    for (size_t i = 0; i < port->routes.count; i++)
        port->routes.services[i]->shared_addr.length = port->routes.services[i]->shared_closed = 0;
}

void shared_ports_apply(struct shared_ports *ports) {
    struct shared_port **before = ports->items;

    for (size_t i = 0; i < ports->count; i++)
        forget_services(ports->items[i]);
    for (size_t i = 0; i < ports->plan_count; i++) {
        struct shared_plan *plan = &ports->plans[i];
        struct shared_routes routes = plan->port->routes;
        if (plan->is_new)
            listener_group_commit(plan->port->listeners);
        else if (plan->port->listeners)
            shared_port_set_options(plan->port, plan->first);
        shared_port_set_routes(plan->port, &plan->routes);
        plan->routes = routes;
        tell_services(plan->port);
        ports->next[i] = plan->port;
    }
    ports->items = ports->next;
    ports->next = before;
    ports->before_count = ports->count;
    ports->count = ports->plan_count;
    ports->is_applied = true;
}

static bool is_planned(const struct shared_ports *ports, const struct shared_port *port) {
    for (size_t i = 0; i < ports->plan_count; i++)
        if (ports->plans[i].port == port)
            return true;
    return false;
}

void shared_ports_discard(struct shared_ports *ports) {
    for (size_t i = 0; ports->is_applied && i < ports->before_count; i++)
        if (!is_planned(ports, ports->next[i]))
            shared_port_free(ports->next[i]);
    for (size_t i = 0; i < ports->plan_count; i++) {
        shared_routes_done(&ports->plans[i].routes);
        if (ports->plans[i].is_new && !ports->is_applied)
            shared_port_free(ports->plans[i].port);
    }
    free(ports->plans);
    free(ports->next);
    ports->plans = NULL;
    ports->next = NULL;
    ports->plan_count = ports->before_count = 0;
    ports->is_applied = false;
}

/* ---- what goes on ---- */

int shared_ports_open(struct shared_ports *ports, struct error *error) {
    for (size_t i = 0; i < ports->count; i++)
        if (shared_port_open(ports->items[i], error))
            return -1;
    return 0;
}

void shared_ports_settle(struct shared_ports *ports) {
    for (size_t i = 0; i < ports->count; i++)
        shared_port_listen(ports->items[i]);
}

void shared_ports_shut(struct shared_ports *ports) {
    for (size_t i = 0; i < ports->count; i++) {
        listener_group_free(ports->items[i]->listeners);
        ports->items[i]->listeners = NULL;
        inspect_drop(ports->options.inspect, &ports->items[i]->headers);
        host_router_drop(ports->router, &ports->items[i]->way);
    }
}

void shared_ports_tick(struct shared_ports *ports) {
    for (size_t i = 0; i < ports->count; i++)
        shared_port_tick(ports->items[i]);
}

void shared_ports_set_limit(struct shared_ports *ports, size_t limit) {
    host_router_set_limit(ports->router, limit);
}

size_t shared_ports_count(const struct shared_ports *ports) {
    return ports->count;
}

const struct shared_port *shared_ports_item(const struct shared_ports *ports, size_t index) {
    return ports->items[index];
}

size_t shared_ports_waiting(const struct shared_ports *ports) {
    return host_router_count(ports->router);
}
