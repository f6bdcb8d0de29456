/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_view: which views a query is for, and in which order. See relay_view.h; relay_views.c makes them.
 */
#include "config.h"

#include "relay/relay_view.h"

#include <string.h>

static bool same_client(const struct open_address *wanted, const struct open_address *client) {
    return memcmp(wanted->host, client->host, sizeof client->host) == 0 &&
           (wanted->port == 0 || wanted->port == client->port);
}

/* One that is asked for by its id may be in any state. */
static bool state_matches(const struct relay_view *view, const struct relay_query *query) {
    if (!query->states)
        return query->id || view->state != RELAY_VIEW_ENDED;
    return query->states & 1u << view->state;
}

bool relay_view_matches(const struct relay_view *view, const struct relay_query *query) {
    return state_matches(view, query) && (!query->service || strcmp(query->service, view->service) == 0) &&
           (!query->agent || strcmp(query->agent, view->agent) == 0) &&
           (!query->client || same_client(query->client, &view->client));
}

uint64_t relay_view_key(const struct relay_view *view, enum relay_order order) {
    switch (order) {
    case RELAY_ORDER_NEWEST:
        break;
    case RELAY_ORDER_OLDEST:
        return UINT64_MAX - view->accepted_us;
    case RELAY_ORDER_BYTES:
        return view->up + view->down;
    case RELAY_ORDER_RATE:
        return (uint64_t)view->up_rate + view->down_rate;
    case RELAY_ORDER_IDLE:
        return UINT64_MAX - view->progress_us;
    }
    return view->accepted_us;
}

bool relay_view_precedes(const struct relay_view *a, const struct relay_view *b, enum relay_order order) {
    uint64_t key_a = relay_view_key(a, order), key_b = relay_view_key(b, order);
    if (key_a != key_b)
        return key_a > key_b;
    return (a->number > b->number) != (order == RELAY_ORDER_OLDEST);
}
