/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_port: the ports that several services, and the agents, listen on: their sockets, which belong to no service
 * alone, and the names that lead to each.
 *
 * A shared port lets clients in from its begin to its end, also while services of it are paused or have no agent: their
 * clients are refused once it is known whose they are.
 * Runs on: the control thread. Owns: the listeners, the routes, the connections that have not named a host yet.
 */
#ifndef MUNNEL_SERVER_SERVICE_SHARED_PORT_H
#define MUNNEL_SERVER_SERVICE_SHARED_PORT_H

#include "conf/server_config.h"
#include "server/service/host_router.h"
#include "server/service/listener_group.h"

struct client_table;
struct recent_events;
struct shared_port;
struct shared_ports;

struct shared_ports_options {
    struct event_base *base;
    struct log *log;
    struct client_table *clients;
    struct inspect *inspect;
    struct recent_events *events;  /* NULL: none */
    struct passed_sockets *passed; /* may be NULL */
    /* Takes the descriptor of an agent; nothing of it was read. */
    void (*on_agent)(void *context, evutil_socket_t fd, const struct addr *peer);
    void *context;
};

struct shared_ports *shared_ports_new(const struct shared_ports_options *options); /* none yet; NULL: out of memory */
void shared_ports_free(struct shared_ports *ports);

/*
 * Those of a configuration, in two steps as service_prepare and service_apply in service.h. `services` are in its
 * order, and made already. A port that is shared before and after keeps its socket and its waiting connections; the
 * sockets of the others may be donors. shared_ports_settle opens what is not open, also again: a port that cannot be
 * opened is tried each second.
 */
int shared_ports_prepare(struct shared_ports *ports, const struct server_config *conf, struct service *const *services,
                         const struct listener_donors *donors, struct error *error);
void shared_ports_apply(struct shared_ports *ports);
void shared_ports_discard(
    struct shared_ports *ports); /* what was prepared; after the apply: what was in force before */
int shared_ports_open(struct shared_ports *ports, struct error *error); /* at the start: 0 or -1 */
void shared_ports_settle(struct shared_ports *ports);
/* Adds the sockets that another configuration does not want where they are; there is room for shared_ports_count. */
void shared_ports_collect_donors(const struct shared_ports *ports, const struct server_config *conf,
                                 struct listener_group **donors, size_t *count);
void shared_ports_shut(struct shared_ports *ports);                    /* for good: no more connections */
void shared_ports_tick(struct shared_ports *ports);                    /* each second */
void shared_ports_set_limit(struct shared_ports *ports, size_t limit); /* of connections that have not named a host */

size_t shared_ports_count(const struct shared_ports *ports);
const struct shared_port *shared_ports_item(const struct shared_ports *ports, size_t index);
size_t shared_ports_waiting(const struct shared_ports *ports);   /* connections that have not named a host */
const char *shared_port_address(const struct shared_port *port); /* as it is configured */
uint64_t shared_port_result(const struct shared_port *port, enum route_result result);

#endif
