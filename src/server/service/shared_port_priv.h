/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_port_priv: struct shared_ports, for its two files.
 */
#ifndef MUNNEL_SERVER_SERVICE_SHARED_PORT_PRIV_H
#define MUNNEL_SERVER_SERVICE_SHARED_PORT_PRIV_H

#include "lib/log/log_throttle.h"
#include "server/service/service_priv.h"
#include "server/service/shared_port.h"

struct shared_routes { /* of a port, by one configuration */
    struct host_routes *names;
    struct service **services;
    size_t count;
    struct acl *balancers; /* of accept_proxy, which is the same for all; NULL: no PROXY header comes first */
    bool has_agents, wants_tlvs;
};

struct shared_port {
    struct shared_ports *all;
    char *address;
    char *interface; /* by which alone connections come in; NULL: by any */
    struct listener_group *listeners;
    struct shared_routes routes;
    struct inspect_port headers; /* from balancers; then by: */
    struct host_router_port way;
    bool is_open;
    uint64_t results[ROUTE_RESULT_COUNT], noted[ROUTE_RESULT_COUNT]; /* noted: those in events already */
    struct log_throttle refusals;
    struct log_limit open_lines;
    char who[128]; /* for log lines */
};

struct shared_plan { /* one port of a configuration that is prepared */
    struct shared_port *port;
    bool is_new;
    const struct service_config *first; /* whose options its socket gets */
    struct shared_routes routes;        /* once it is applied: those before */
};

struct shared_ports {
    struct shared_ports_options options;
    struct host_router *router;
    struct shared_port **items;
    size_t count;
    struct shared_plan *plans; /* NULL: nothing is prepared */
    size_t plan_count;
    struct shared_port **next; /* room for those of the plans; once they are applied: those before */
    size_t before_count;
    bool is_applied;
};

/* shared_port.c */
struct shared_port *shared_port_new(struct shared_ports *ports, const char *address);
int shared_port_bind(struct shared_port *port, const struct service_config *conf, const struct listener_donors *donors,
                     struct error *error); /* 0, or -1 with `error`; conf: of a service of it */
void shared_port_set_options(struct shared_port *port, const struct service_config *conf); /* of its socket, the same */
void shared_routes_done(struct shared_routes *routes);
void shared_port_set_routes(struct shared_port *port, const struct shared_routes *routes);
void shared_port_free(struct shared_port *port);
int shared_port_open(struct shared_port *port, struct error *error); /* 0, also if it is open; or -1 */
void shared_port_listen(struct shared_port *port);                   /* the same; logs why it could not be opened */
void shared_port_tick(struct shared_port *port);

#endif
