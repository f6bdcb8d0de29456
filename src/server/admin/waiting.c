/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * waiting: clients that wait for an agent, as relays: the relay threads do not have them.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "server/admin/admin_priv.h"
#include "server/service/dispatch.h"

#include <stdlib.h>
#include <string.h>

struct selection { /* of those that wait */
    const struct admin *admin;
    const struct relay_query *query;
    struct relay_view *views;
    size_t count, room, matching;
    const struct service *service; /* of the last client, and its numbers: those of a service come one after another */
    struct service_numbers numbers;
};

/* What it waits for, as far as the service is the reason. */
static const char *reason_of(const struct service_numbers *numbers) {
    if (numbers->ready)
        return "waits for an agent that it has not tried yet";
    if (numbers->agents)
        return "waits: the agents of the service take no more clients at the moment";
    if (numbers->unhealthy)
        return "waits: the destination is unhealthy, by the checks of the service's agents";
    if (numbers->asked)
        return "waits: the agents of the service have not answered yet whether they permit it";
    if (numbers->refusing)
        return "waits: the agents of the service do not permit it";
    return "waits: no agent of the service is connected";
}

static void describe(struct selection *selection, const struct client *client, struct relay_view *view) {
    *view = (struct relay_view){0};
    relay_view_of_client(view, selection->admin->options.instance, client);
    view->state = RELAY_VIEW_WAITING;
    view->agent[0] = '\0'; /* the one that could not serve it */
    view->dispatched_us = view->ended_us = 0;
    view->progress_us = client->accepted_us;
    if (client->service != selection->service)
        service_read(client->service, &selection->numbers);
    selection->service = client->service;
    strbuf_copy(view->detail, sizeof view->detail, reason_of(&selection->numbers));
}

static bool take(void *context, const struct client *client) {
    struct selection *selection = context;
    const struct relay_query *query = selection->query;
    struct relay_view view;

    describe(selection, client, &view);
    if (!relay_view_matches(&view, query) || (query->id && strcmp(query->id, view.id) != 0))
        return true;
    selection->matching++;
    if (selection->count < selection->room)
        selection->views[selection->count++] = view;
    return true;
}

size_t admin_view_waiting(const void *context, const struct relay_query *query, struct relay_view *views, size_t room,
                          size_t *matching) {
    struct selection selection = {.admin = context, .query = query, .views = views, .room = room};

    dispatch_view_waiting(selection.admin->options.dispatch, take, &selection);
    *matching = selection.matching;
    return selection.count;
}

bool admin_end_waiting(const void *context, const char *id) {
    const struct admin *admin = context;
    struct relay_query query = {.id = id};
    struct relay_view view;
    size_t matching;

    return admin_view_waiting(admin, &query, &view, 1, &matching) == 1 &&
           dispatch_end_waiting(admin->options.dispatch, view.number);
}
