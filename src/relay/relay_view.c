/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_view: what a record has of a view; which views a query is for, and in which order. See relay_view.h;
 * relay_views.c makes them.
 */
#include "config.h"

#include "relay/relay_view.h"

#include "lib/base/strbuf.h"
#include "relay/client.h"

#include <stdlib.h>
#include <string.h>

void relay_view_of_record(struct relay_view *view, const struct record *record) {
    strbuf_copy(view->id, sizeof view->id, record->id);
    strbuf_copy(view->service, sizeof view->service, record->service);
    strbuf_copy(view->destination, sizeof view->destination, record->destination);
    strbuf_copy(view->address, sizeof view->address, record->address);
    strbuf_copy(view->visitor, sizeof view->visitor, record->visitor ? record->visitor : "");
    strbuf_copy(view->agent, sizeof view->agent, record->agent ? record->agent : "");
    strbuf_copy(view->detail, sizeof view->detail, record->detail ? record->detail : "");
    view->up = record->in;
    view->down = record->out;
    view->accepted_us = record->accepted_us;
    view->dispatched_us = record->dispatched_us;
    view->opened_us = record->opened_us;
    view->first_byte_us = record->first_byte_us;
    view->ended_us = record->ended_us;
    view->reason = record->reason;
    view->is_udp = record->is_udp;
    view->by = record->by;
    view->end_to_end = record->end_to_end;
    view->has_seen = view->has_datagrams = false;
    view->throttled[BANDWIDTH_IN] = view->throttled[BANDWIDTH_OUT] = NULL;
}

void relay_view_of_client(struct relay_view *view, const char *instance, const struct client *client) {
    char id[PROTO_RELAY_ID_MAX + 1];
    record_make_id(id, instance, client->number);
    const struct record record = record_of_client(client, id);
    relay_view_of_record(view, &record);
    view->number = client->number;
    view->session = client->session;
    view->client = open_address_of(&client->peer);
}

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
           (!query->client || same_client(query->client, &view->client) ||
            (view->has_seen && same_client(query->client, &view->seen)));
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

static int compare(const void *a, const void *b, enum relay_order order) {
    const struct relay_view *const *first = a, *const *second = b;
    if (relay_view_precedes(*first, *second, order))
        return -1;
    return relay_view_precedes(*second, *first, order);
}

/* qsort has no context. */
#define COMPARE_BY(name, order)                                                                                        \
    static int name(const void *a, const void *b) {                                                                    \
        return compare(a, b, order);                                                                                   \
    }
COMPARE_BY(by_newest, RELAY_ORDER_NEWEST)
COMPARE_BY(by_oldest, RELAY_ORDER_OLDEST)
COMPARE_BY(by_bytes, RELAY_ORDER_BYTES)
COMPARE_BY(by_rate, RELAY_ORDER_RATE)
COMPARE_BY(by_idle, RELAY_ORDER_IDLE)

void relay_views_sort(const struct relay_view **views, size_t count, enum relay_order order) {
    static int (*const by[])(const void *a, const void *b) = {[RELAY_ORDER_NEWEST] = by_newest,
                                                              [RELAY_ORDER_OLDEST] = by_oldest,
                                                              [RELAY_ORDER_BYTES] = by_bytes,
                                                              [RELAY_ORDER_RATE] = by_rate,
                                                              [RELAY_ORDER_IDLE] = by_idle};
    qsort(views, count, sizeof *views, by[order]);
}
