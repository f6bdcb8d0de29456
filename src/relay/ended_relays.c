/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ended_relays: see ended_relays.h. Only what a view has is written, so that an end touches few cache lines.
 */
#include "config.h"

#include "relay/ended_relays.h"

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

/* The next place; the oldest goes. */
static struct relay_view *next_place(struct ended_relays *ended) {
    struct relay_view *view = &ended->views[ended->next];
    ended->next = (ended->next + 1) % ENDED_RELAYS_MOST;
    ended->count += ended->count < ENDED_RELAYS_MOST;
    view->state = RELAY_VIEW_ENDED;
    return view;
}

struct relay_view *ended_relays_add(struct ended_relays *ended, const struct record *record, uint64_t ended_us) {
    struct relay_view *view = next_place(ended);
    relay_view_of_record(view, record);
    view->progress_us = view->ended_us = ended_us;
    return view;
}

void ended_relays_add_client(struct ended_relays *ended, const char *instance, const struct client *client) {
    struct relay_view *view = next_place(ended);
    relay_view_of_client(view, instance, client);
    view->progress_us = view->ended_us = client->ended_us;
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

size_t ended_relays_query(const struct ended_relays *ended, const struct relay_query *query,
                          const struct relay_view *views[ENDED_RELAYS_MOST], size_t *matching) {
    size_t count = 0;
    for (size_t i = 0; i < ended->count; i++)
        if (relay_view_matches(&ended->views[i], query))
            views[count++] = &ended->views[i];
    *matching = count;
    relay_views_sort(views, count, query->order);
    return count < query->limit ? count : query->limit;
}
