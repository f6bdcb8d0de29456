/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_port: see publish_port.h.
 */
#include "config.h"

#include "server/service/publish_port.h"

#include "conf/server_published.h"
#include "lib/net/sock.h"
#include "server/service/listen_addrs.h"

#include <stdio.h>

static bool is_known(const void *context, const char *text, struct listen_addrs *addrs) {
    (void)context;
    (void)text;
    (void)addrs;
    return false;
}

static bool can_bind(const struct addr *addr) {
    struct error error;
    evutil_socket_t fd = sock_bind(addr, &error);

    sock_close(fd);
    return fd >= 0;
}

static bool can_open_at(const char *host, unsigned port) {
    struct listen_addrs addrs;
    struct error error;
    char text[64];
    int bound = 0;

    snprintf(text, sizeof text, "%.50s:%u", host, port);
    if (listen_addrs_find(&addrs, text, is_known, NULL, &error))
        return true; /* a name that cannot be looked up here: it is found out when it is put into force */
    for (int i = 0; i < addrs.count; i++)
        bound += can_bind(&addrs.items[i]);
    return addrs.needs_one ? bound > 0 : bound == addrs.count;
}

bool publish_port_can_open(const struct server_config *conf, unsigned port) {
    for (size_t i = 0; i < conf->publish.listen.count && !server_config_publishes_at(conf, port); i++)
        if (!can_open_at(conf->publish.listen.items[i], port))
            return false;
    return true;
}
