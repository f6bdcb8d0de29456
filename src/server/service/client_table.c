/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_table: see client_table.h. Structs in use are counted, the others are kept for the next ones.
 */
#include "config.h"

#include "server/service/client_table.h"

#include "lib/base/clock.h"
#include "relay/http_guard.h"

#include <stdlib.h>
#include <string.h>

enum { CLIENTS_SPARE = 1024 }; /* kept at most, unused */

struct client_table {
    TAILQ_HEAD(, client) spare;
    size_t spare_count, live, connections, limit;
    uint64_t number;
};

struct client_table *client_table_new(void) {
    struct client_table *clients = calloc(1, sizeof *clients);

    if (!clients)
        return NULL;
    TAILQ_INIT(&clients->spare);
    clients->limit = SIZE_MAX;
    return clients;
}

void client_table_set_limit(struct client_table *clients, size_t limit) {
    clients->limit = limit;
}

size_t client_table_limit(const struct client_table *clients) {
    return clients->limit;
}

void client_table_free(struct client_table *clients) {
    if (!clients)
        return;
    for (struct client *client; (client = TAILQ_FIRST(&clients->spare));) {
        TAILQ_REMOVE(&clients->spare, client, entry);
        free(client);
    }
    free(clients);
}

bool client_table_has_room(const struct client_table *clients) {
    return clients->connections < clients->limit;
}

size_t client_table_connections(const struct client_table *clients) {
    return clients->connections;
}

size_t client_table_live(const struct client_table *clients) {
    return clients->live;
}

uint64_t client_table_total(const struct client_table *clients) {
    return clients->number;
}

static struct client *take_spare_or_alloc(struct client_table *clients) {
    struct client *client = TAILQ_FIRST(&clients->spare);

    if (!client)
        return malloc(sizeof *client);
    TAILQ_REMOVE(&clients->spare, client, entry);
    clients->spare_count--;
    return client;
}

struct client *client_table_take(struct client_table *clients, evutil_socket_t fd, const struct addr *peer,
                                 struct service_terms *terms) {
    struct client *client = take_spare_or_alloc(clients);

    if (!client)
        return NULL;
    memset(client, 0, sizeof *client);
    client->fd = fd;
    client->peer = *peer;
    client->terms = service_terms_hold(terms);
    client->number = ++clients->number;
    client->accepted_us = client->ready_us = clock_us();
    client->is_udp = fd < 0;
    clients->connections += !client->is_udp;
    clients->live++;
    return client;
}

void client_table_give_back(struct client_table *clients, struct client *client) {
    if (client->early)
        evbuffer_free(client->early);
    free(client->tlvs);
    http_guard_free(client->guard);
    client_drop_tls(client);
    free(client->tried);
    bandwidth_release(client->source);
    bandwidth_release(client->via);
    service_terms_release(client->terms);
    clients->connections -= !client->is_udp;
    clients->live--;
    if (clients->spare_count >= CLIENTS_SPARE) {
        free(client);
        return;
    }
    TAILQ_INSERT_HEAD(&clients->spare, client, entry);
    clients->spare_count++;
}
