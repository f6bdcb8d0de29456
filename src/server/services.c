/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * services: see server_priv.h.
 */
#include "config.h"

#include "conf/server_check.h"
#include "server/server_priv.h"

#include <stdlib.h>

static void on_client(void *dispatch, struct client *client) {
    dispatch_client(dispatch, client);
}

struct service_options server_service_options(struct server *server) {
    return (struct service_options){.base = loop_base(server->loop),
                                    .log = server->log,
                                    .clients = server->clients,
                                    .bans = server->bans,
                                    .inspect = server->inspect,
                                    .passed = server->passed,
                                    .events = server->events,
                                    .threads =
                                        plane_thread_count(server->plane), /* not those of a conf for the next start */
                                    .on_client = on_client,
                                    .context = server->dispatch};
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
    return 0;
}
