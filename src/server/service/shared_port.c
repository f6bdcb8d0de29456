/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_port: see shared_port.h. Here is one port; shared_port_change.c has those of a configuration.
 */
#include "config.h"

#include "server/service/shared_port_priv.h"

#include "lib/net/sock.h"
#include "relay/http_guard.h"
#include "server/service/client_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ACCEPTS_PER_TURN = 64, LINES_A_MINUTE = 10 };

/* ---- connections ---- */

static void count_refusal(struct shared_port *port, enum route_result result, const struct addr *peer,
                          const char *detail) {
    char text[HOST_NAME_SIZE + 96];
    enum log_level level = result == ROUTE_CLOSED ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING;

    port->results[result]++;
    snprintf(text, sizeof text, "%s%s%s", route_result_text(result), detail ? ": " : "", detail ? detail : "");
    log_throttle_event(&port->refusals, port->all->options.log, level, port->who, "connection refused", text, peer);
}

static void on_refused(void *context, enum route_result result, const struct addr *peer, const char *detail) {
    count_refusal(context, result, peer, detail);
}

/* That of the socket which it was accepted by is of another service, perhaps. */
static void set_keepalive(evutil_socket_t fd, const struct service_config *conf) {
    const struct sock_keepalive keepalive = {.idle_s = conf->keepalive_idle_s,
                                             .interval_s = conf->keepalive_interval_s,
                                             .probes = conf->keepalive_probes};

    sock_set_keepalive(fd, &keepalive);
}

/* *guard is NULL where TLS ends at the server: such a client is none of HTTP that could be seen. False: out of memory.
 */
static bool make_guard(const struct shared_port *port, const struct service *service, const struct host_route *route,
                       struct http_guard **guard) {
    *guard = route->is_http && !service->tls ? http_guard_new(port->routes.names, service) : NULL;
    return *guard || !route->is_http || service->tls;
}

static void on_routed(void *context, struct service *service, const struct host_route *route) {
    struct shared_port *port = context;
    struct http_guard *guard;

    if (!service->is_open) {
        sock_close_reset(route->fd);
        free(route->found.tlvs);
        count_refusal(port, ROUTE_UNAVAILABLE, &route->found.peer, service->conf->name);
        return;
    }
    if (!make_guard(port, service, route, &guard)) {
        sock_close_reset(route->fd);
        free(route->found.tlvs);
        count_refusal(port, ROUTE_FULL, &route->found.peer, "out of memory");
        return;
    }
    port->results[ROUTE_ROUTED]++;
    set_keepalive(route->fd, service->conf);
    service_take(service, route->fd, &route->found, route->name, guard);
}

static void on_agent(void *context, const struct host_route *route) {
    struct shared_port *port = context;

    port->results[ROUTE_AGENT]++;
    free(route->found.tlvs);
    port->all->options.on_agent(port->all->options.context, route->fd, &route->found.peer);
}

/* ---- from accept on ---- */

static void on_header(void *context, evutil_socket_t fd, const struct inspected *found) {
    struct shared_port *port = context;

    host_router_begin(port->all->router, &port->way, fd, found);
}

static void on_no_header(void *context, enum inspect_failure failure, const struct addr *peer, const char *detail) {
    count_refusal(context, failure == INSPECT_CLOSED ? ROUTE_CLOSED : ROUTE_PROXY, peer, detail);
}

/* A check of the server itself, which is for a service that it knows. */
static bool take_probe(struct shared_port *port, evutil_socket_t fd, const struct inspected *found) {
    for (size_t i = 0; i < port->routes.count; i++) {
        struct service *service = port->routes.services[i];
        if (!service_is_probe(service, fd, &found->peer))
            continue;
        service_take(service, fd, found, "", NULL);
        return true;
    }
    return false;
}

static void on_accept(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local) {
    struct shared_port *port = context;
    const struct inspected found = {.peer = *peer, .local = *local};

    if (take_probe(port, fd, &found))
        return;
    if (port->headers.balancers)
        inspect_begin(port->all->options.inspect, &port->headers, fd, peer, local);
    else
        host_router_begin(port->all->router, &port->way, fd, &found);
}

static bool has_room(void *context) {
    const struct shared_ports *ports = ((const struct shared_port *)context)->all;
    size_t unknown = inspect_count(ports->options.inspect) + host_router_count(ports->router);

    return client_table_connections(ports->options.clients) + unknown < client_table_limit(ports->options.clients);
}

/* ---- life ---- */

struct shared_port *shared_port_new(struct shared_ports *ports, const char *address) {
    struct shared_port *port = calloc(1, sizeof *port);

    if (!port)
        return NULL;
    port->all = ports;
    port->refusals.a_minute = LINES_A_MINUTE;
    port->headers = (struct inspect_port){.deadline_s = INSPECT_DEADLINE_S,
                                          .on_known = on_header,
                                          .on_failed = on_no_header,
                                          .context = port};
    port->way = (struct host_router_port){.on_routed = on_routed,
                                          .on_agent = on_agent,
                                          .on_refused = on_refused,
                                          .context = port};
    snprintf(port->who, sizeof port->who, "port %s", address);
    port->address = strdup(address);
    if (port->address)
        return port;
    free(port);
    return NULL;
}

/* All services that share it have the same options of the socket: shared_listen_check. */
static struct listener_options options_of(struct shared_port *port, const struct service_config *conf) {
    const struct shared_ports_options *options = &port->all->options;

    return (struct listener_options){.base = options->base,
                                     .log = options->log,
                                     .who = port->who,
                                     .keepalive = {.idle_s = conf->keepalive_idle_s,
                                                   .interval_s = conf->keepalive_interval_s,
                                                   .probes = conf->keepalive_probes},
                                     .backlog = conf->backlog,
                                     .freebind = conf->freebind,
                                     .interface = conf->interface,
                                     .rst_on_close = true,
                                     .passed = options->passed,
                                     .accepts_per_turn = ACCEPTS_PER_TURN,
                                     .has_room = has_room,
                                     .on_accept = on_accept,
                                     .context = port};
}

int shared_port_bind(struct shared_port *port, const struct service_config *conf, const struct listener_donors *donors,
                     struct error *error) {
    const struct strlist addresses = {&port->address, 1};
    const struct listener_options listening = options_of(port, conf);

    port->interface = conf->interface ? strdup(conf->interface) : NULL;
    if (conf->interface && !port->interface)
        return error_set(error, "out of memory");
    port->listeners = listener_group_prepare(&listening, &addresses, donors, error);
    return port->listeners ? 0 : -1;
}

void shared_port_set_options(struct shared_port *port, const struct service_config *conf) {
    const struct listener_options listening = options_of(port, conf);

    listener_group_hand_over(port->listeners, &listening);
}

void shared_port_set_routes(struct shared_port *port, const struct shared_routes *routes) {
    port->routes = *routes;
    port->way.routes = routes->names;
    port->way.has_agents = routes->has_agents;
    port->headers.balancers = routes->balancers;
    port->headers.wants_tlvs = routes->wants_tlvs;
}

void shared_routes_done(struct shared_routes *routes) {
    host_routes_release(routes->names);
    acl_free(routes->balancers);
    free(routes->services);
}

void shared_port_free(struct shared_port *port) {
    if (!port)
        return;
    inspect_drop(port->all->options.inspect, &port->headers);
    host_router_drop(port->all->router, &port->way);
    listener_group_free(port->listeners);
    shared_routes_done(&port->routes);
    free(port->interface);
    free(port->address);
    free(port);
}

static void note_open(struct shared_port *port) {
    for (size_t i = 0; i < port->routes.count; i++)
        port->routes.services[i]->shared_closed--;
    port->is_open = true;
}

int shared_port_open(struct shared_port *port, struct error *error) {
    if (port->is_open || !port->listeners)
        return 0;
    if (listener_group_open(port->listeners, error))
        return -1;
    note_open(port);
    listener_group_log(port->listeners, "listening for clients of several services on");
    return 0;
}

void shared_port_listen(struct shared_port *port) {
    struct error error;

    if (shared_port_open(port, &error) && log_limit_allows(&port->open_lines, 1, NULL))
        log_write(port->all->options.log, LOG_LEVEL_ERROR, port->who, "%s; retrying", error.text);
}

/* One event for the many that a second may bring. */
static void note_refusals(struct shared_port *port) {
    for (unsigned i = 0; i < ROUTE_RESULT_COUNT; i++) {
        bool is_event = i != ROUTE_ROUTED && i != ROUTE_AGENT && i != ROUTE_CLOSED;
        if (is_event && port->results[i] != port->noted[i])
            recent_events_add_many(port->all->options.events, EVENT_KIND_SERVICE, EVENT_WARNING, port->who,
                                   "connections refused", route_result_text((enum route_result)i),
                                   port->results[i] - port->noted[i]);
        port->noted[i] = port->results[i];
    }
}

void shared_port_tick(struct shared_port *port) {
    log_throttle_flush(&port->refusals, port->all->options.log);
    note_refusals(port);
    shared_port_listen(port);
}

const char *shared_port_address(const struct shared_port *port) {
    return port->address;
}

uint64_t shared_port_result(const struct shared_port *port, enum route_result result) {
    return port->results[result];
}
