/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: see server_priv.h.
 */
#include "config.h"

#include "conf/server_check.h"
#include "server/server_priv.h"
#include "server/service/shared_port.h"

#include <stdlib.h>

static void on_client(void *dispatch, struct client *client) {
    dispatch_client(dispatch, client);
}

struct service_options server_service_options(struct server *server) {
    return (struct service_options){.base = loop_base(server->loop),
                                    .log = server->log,
                                    .plane = server->plane,
                                    .clients = server->clients,
                                    .bans = server->bans,
                                    .inspect = server->inspect,
                                    .events = server->events,
                                    .passed = server->passed,
                                    .threads =
                                        plane_thread_count(server->plane), /* not those of a conf for the next start */
                                    .on_client = on_client,
                                    .context = server->dispatch};
}

static void on_agent(void *context, evutil_socket_t fd, const struct addr *peer) {
    const struct server *server = context;

    agent_listener_take(server->agent_listener, fd, peer);
}

struct shared_ports *server_make_shared_ports(struct server *server) {
    return shared_ports_new(&(struct shared_ports_options){.base = loop_base(server->loop),
                                                           .events = server->events,
                                                           .log = server->log,
                                                           .clients = server->clients,
                                                           .inspect = server->inspect,
                                                           .passed = server->passed,
                                                           .on_agent = on_agent,
                                                           .context = server});
}

static int bind_shared_ports(struct server *server, struct error *error) {
    const struct listener_donors none = {.count = 0};

    if (shared_ports_prepare(server->shared_ports, server->conf, server->services.items, &none, error)) {
        shared_ports_discard(server->shared_ports);
        return -1;
    }
    shared_ports_apply(server->shared_ports);
    shared_ports_discard(server->shared_ports);
    return 0;
}

int server_bind_services(struct server *server, struct error *error) {
    struct service_options options = server_service_options(server);

    options.config = server->conf;
    server->services.items = calloc(server->conf->service_count + 1, sizeof(struct service *));
    if (!server->services.items)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < server->conf->service_count; i++) {
        options.id = ++server->last_id;
        options.conf = &server->conf->services[i];
        struct service *service = service_new(&options, error);
        if (!service) {
            (void)server_name_service_file(server->conf, i, NULL, error);
            return -1;
        }
        service_apply(service);
        server->services.items[server->services.count++] = service;
    }
    return bind_shared_ports(server, error);
}
