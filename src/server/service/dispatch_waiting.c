/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch_waiting: the clients that wait for an agent: when they are served, and when they have waited too long.
 *
 * Runs on: the control thread. Owns: nothing; clients enter and leave the queues in dispatch.c.
 */
#include "config.h"

#include "server/service/dispatch_priv.h"

#include "lib/base/clock.h"

enum { SKIP_MOST = 64 /* waiting clients that no agent can take, in one pass */ };

/* Stops at the first client that no agent can take if all later ones would fare alike. */
static void serve_waiting_of(struct dispatch *dispatch, struct service *service) {
    uint64_t now_us = clock_us();
    int skipped = 0;

    for (struct client *client = TAILQ_FIRST(&service->queue.clients), *next; client; client = next) {
        next = TAILQ_NEXT(client, entry);
        if (dispatch_serve_or_end(dispatch, client, now_us))
            continue;
        if (!client->attempts && !client->flow && service->conf->balance != CONFIG_SOURCE)
            return; /* without attempts, source affinity and a thread all later clients get the same verdict */
        if (++skipped == SKIP_MOST)
            return;
    }
}

void dispatch_serve_waiting(struct dispatch *dispatch) {
    const struct service_list *services = dispatch->options.services;
    size_t first = dispatch->first_served++;

    for (size_t i = 0; i < services->count && services->waiting; i++) {
        struct service *service = services->items[(first + i) % services->count];
        if (service->queue.count)
            serve_waiting_of(dispatch, service);
    }
}

static enum relay_reason expiry_reason(const struct dispatch *dispatch, const struct client *client) {
    if (client->attempts)
        return REASON_TIMEOUT;
    return dispatch->is_stopping ? REASON_STOPPED : REASON_NO_AGENT;
}

static void expire_waiting(struct dispatch *dispatch, struct service *service) {
    uint64_t now_us = clock_us();

    for (struct client *client = TAILQ_FIRST(&service->queue.clients), *next; client; client = next) {
        next = TAILQ_NEXT(client, entry);
        if (client->deadline_us <= now_us)
            dispatch_fail_client(dispatch, client, expiry_reason(dispatch, client));
    }
}

void dispatch_tick(struct dispatch *dispatch) {
    if (!dispatch->options.services->waiting)
        return;
    for (size_t i = 0; i < dispatch->options.services->count; i++)
        expire_waiting(dispatch, dispatch->options.services->items[i]);
    dispatch_serve_waiting(dispatch);
}

void dispatch_view_waiting(const struct dispatch *dispatch, bool (*visit)(void *context, const struct client *client),
                           void *context) {
    const struct service_list *services = dispatch->options.services;
    const struct client *client;

    for (size_t i = 0; i < services->count; i++)
        TAILQ_FOREACH (client, &services->items[i]->queue.clients, entry)
            if (!visit(context, client))
                return;
}

bool dispatch_end_waiting(struct dispatch *dispatch, uint64_t number) {
    const struct service_list *services = dispatch->options.services;
    struct client *client = NULL;

    for (size_t i = 0; i < services->count && !client; i++)
        TAILQ_FOREACH (client, &services->items[i]->queue.clients, entry)
            if (client->number == number)
                break;
    if (client)
        dispatch_fail_client(dispatch, client, REASON_OPERATOR);
    return client;
}

void dispatch_stop(struct dispatch *dispatch, uint64_t until_us) {
    const struct service_list *services = dispatch->options.services;
    struct client *client;

    dispatch->is_stopping = true;
    for (size_t i = 0; i < services->count; i++)
        TAILQ_FOREACH (client, &services->items[i]->queue.clients, entry)
            if (client->deadline_us > until_us)
                client->deadline_us = until_us;
}

void dispatch_shut(struct dispatch *dispatch) {
    const struct service_list *services = dispatch->options.services;

    dispatch->is_over = true;
    for (size_t i = 0; i < services->count; i++)
        for (struct client *client; (client = TAILQ_FIRST(&services->items[i]->queue.clients));)
            dispatch_fail_client(dispatch, client, REASON_STOPPED);
}
