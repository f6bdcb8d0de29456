/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ended_relays: see ended_relays.h. Only what a view has is written, so that an end touches few cache lines.
 */
#include "config.h"

#include "relay/ended_relays.h"

#include "lib/base/strbuf.h"
#include "relay/client.h"

#include <stdlib.h>
#include <string.h>

struct ended_relays {
    size_t next, count;
    struct relay_view views[ENDED_RELAYS_MOST];
};

struct ended_relays *ended_relays_new(void) {
    return calloc(1, sizeof(struct ended_relays));
}

void ended_relays_free(struct ended_relays *ended) {
    free(ended);
}

/* ---- one more ---- */

struct relay_view *ended_relays_add(struct ended_relays *ended, const struct record *record, uint64_t ended_us) {
    struct relay_view *view = &ended->views[ended->next];
    ended->next = (ended->next + 1) % ENDED_RELAYS_MOST;
    ended->count += ended->count < ENDED_RELAYS_MOST;
    view->state = RELAY_VIEW_ENDED;
    strbuf_copy(view->id, sizeof view->id, record->id);
    strbuf_copy(view->service, sizeof view->service, record->service);
    strbuf_copy(view->destination, sizeof view->destination, record->destination);
    strbuf_copy(view->address, sizeof view->address, record->address);
    strbuf_copy(view->agent, sizeof view->agent, record->agent ? record->agent : "");
    strbuf_copy(view->detail, sizeof view->detail, record->detail ? record->detail : "");
    view->up = record->in;
    view->down = record->out;
    view->accepted_us = record->accepted_us;
    view->dispatched_us = record->dispatched_us;
    view->opened_us = record->opened_us;
    view->first_byte_us = record->first_byte_us;
    view->progress_us = view->ended_us = ended_us;
    view->reason = record->reason;
    view->by = record->by;
    return view;
}

void ended_relays_add_client(struct ended_relays *ended, const char *instance, const struct client *client) {
    char id[PROTO_RELAY_ID_MAX + 1];
    record_make_id(id, instance, client->number);
    const struct record record = record_of_client(client, id);
    struct relay_view *view = ended_relays_add(ended, &record, client->ended_us);
    view->number = client->number;
    view->session = client->session;
    view->client = open_address_of(&client->peer);
}

/* ---- what is there ---- */

size_t ended_relays_count(const struct ended_relays *ended) {
    return ended->count;
}

const struct relay_view *ended_relays_at(const struct ended_relays *ended, size_t index) {
    return &ended->views[(ended->next + ENDED_RELAYS_MOST - 1 - index) % ENDED_RELAYS_MOST];
}

const struct relay_view *ended_relays_find(const struct ended_relays *ended, const char *id) {
    for (size_t i = 0; i < ended->count; i++)
        if (strcmp(ended->views[i].id, id) == 0)
            return &ended->views[i];
    return NULL;
}

struct ranked { /* a view, and what it is sorted by */
    const struct relay_view *view;
    enum relay_order order;
};

static int compare(const void *a, const void *b) {
    const struct ranked *first = a, *second = b;
    if (relay_view_precedes(first->view, second->view, first->order))
        return -1;
    return relay_view_precedes(second->view, first->view, first->order);
}

size_t ended_relays_query(const struct ended_relays *ended, const struct relay_query *query,
                          const struct relay_view *views[ENDED_RELAYS_MOST], size_t *matching) {
    struct ranked ranked[ENDED_RELAYS_MOST] = {{NULL, RELAY_ORDER_NEWEST}};
    size_t count = 0;
    for (size_t i = 0; i < ended->count; i++)
        if (relay_view_matches(&ended->views[i], query))
            ranked[count++] = (struct ranked){&ended->views[i], query->order};
    *matching = count;
    qsort(ranked, count, sizeof *ranked, compare);
    if (count > query->limit)
        count = query->limit;
    for (size_t i = 0; i < count; i++)
        views[i] = ranked[i].view;
    return count;
}
