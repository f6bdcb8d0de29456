/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_views: see relay_view.h.
 *
 * A request has a part for each thread, which is a message to it and back and keeps its walk; so once it was made, only
 * the memory for the views can be missing. Of those that match a thread keeps the first `limit` in a heap, whose root
 * is the one to be replaced next.
 *
 * Runs on: plane_* and on_part_back on the control thread, the rest on a relay thread.
 */
#include "config.h"

#include "relay/relay_view.h"

#include "lib/base/strbuf.h"
#include "relay/ended_relays.h"
#include "relay/plane_priv.h"
#include "relay/relay_sums.h"
#include "relay/stream/relay_priv.h"
#include "relay/stream/walk.h"

#include <stdlib.h>
#include <string.h>

enum { ID_BASE = 10 };

struct wanted { /* of a query */
    char server[PROTO_SERVER_DIGITS + 1];
    uint64_t number;
    bool has_id;
    char *service, *agent; /* which `query` points to, as to the next */
    struct open_address client;
    struct relay_query query;
};

struct request;

struct part {
    struct message message; /* first */
    struct relay_walk walk;
    struct request *request;
    struct relay_thread *thread;
    struct relay_view *views; /* `limit` of them */
    uint32_t *heap;           /* `count` indexes of views; in the end in the order of the query */
    size_t count, matching, taken;
    struct relay_sums sums;
    bool lacks_memory;
};

struct request {
    struct plane *plane;
    uint64_t ticket;
    bool ends; /* the relay with this id is to be ended */
    struct wanted wanted;
    unsigned left; /* parts that are not back */
    struct part parts[];
};

/* ---- one view ---- */

static enum relay_view_state state_of(const struct relay *relay) {
    const struct stream *rules = &relay->pump.stream.rules;
    if (mux_stream_is_suspended(&relay->pump.stream))
        return RELAY_VIEW_SUSPENDED;
    if (relay->state == RELAY_OPENING)
        return RELAY_VIEW_OPENING;
    return stream_carrier_is_exclusive(rules->out) || stream_carrier_is_exclusive(rules->in) ? RELAY_VIEW_EXCLUSIVE
                                                                                             : RELAY_VIEW_SHARED;
}

static const char *holder(const struct relay *relay, enum bandwidth_way way) {
    enum bandwidth_scope scope = throttle_holder(relay->pump.throttle, way);
    return scope < BANDWIDTH_SCOPE_COUNT ? bandwidth_scope_label(scope) : NULL;
}

static void describe(const struct relay *relay, struct relay_view *view) {
    view->session = relay->session->tag;
    view->thread = relay->thread->index;
    view->state = state_of(relay);
    view->is_udp = relay->pump.stream.datagrams;
    view->agent[0] = view->visitor[0] = '\0';
    view->end_to_end = NULL;
    view->accepted_us = relay->begun_us;
    view->opened_us = relay->opened_us;
    view->first_byte_us = relay->first_byte_us;
    view->progress_us = relay->progress_us;
    view->suspended_us = relay->pump.stream.suspended_us;
    view->throttled[BANDWIDTH_IN] = holder(relay, BANDWIDTH_IN);
    view->throttled[BANDWIDTH_OUT] = holder(relay, BANDWIDTH_OUT);
    view->has_seen = view->has_datagrams = false;
    view->ended_us = 0;
    view->by = NULL;
    view->detail[0] = '\0';
    relay->role->describe(relay, view);
}

/* ---- the heap: each comes behind both below it ---- */

static bool is_behind(const struct part *part, size_t a, size_t b) {
    return relay_view_precedes(&part->views[part->heap[b]], &part->views[part->heap[a]],
                               part->request->wanted.query.order);
}

static void swap(struct part *part, size_t a, size_t b) {
    uint32_t index = part->heap[a];
    part->heap[a] = part->heap[b];
    part->heap[b] = index;
}

static void sift_up(struct part *part, size_t at) {
    for (; at > 0 && is_behind(part, at, (at - 1) / 2); at = (at - 1) / 2)
        swap(part, at, (at - 1) / 2);
}

static void sift_down(struct part *part, size_t count) {
    for (size_t at = 0, below; (below = 2 * at + 1) < count; at = below) {
        if (below + 1 < count && is_behind(part, below + 1, below))
            below++;
        if (!is_behind(part, below, at))
            return;
        swap(part, at, below);
    }
}

static void sort(struct part *part) {
    for (size_t count = part->count; count > 1; count--) {
        swap(part, 0, count - 1);
        sift_down(part, count - 1);
    }
}

static void keep(struct part *part, const struct relay_view *view) {
    const struct relay_query *query = &part->request->wanted.query;
    if (part->count < query->limit) {
        part->views[part->count] = *view;
        part->heap[part->count] = (uint32_t)part->count;
        sift_up(part, part->count++);
    } else if (part->count > 0 && relay_view_precedes(view, &part->views[part->heap[0]], query->order)) {
        part->views[part->heap[0]] = *view;
        sift_down(part, part->count);
    }
}

/* ---- the walk ---- */

static struct part *of_walk(struct relay_walk *walk) {
    return (struct part *)(void *)((char *)walk - offsetof(struct part, walk));
}

static bool has_id(const struct wanted *wanted, const struct relay *relay) {
    return !wanted->has_id || (wanted->number > 0 && relay->role->has_id(relay, wanted->server, wanted->number));
}

static void take(struct part *part, const struct relay_view *view) {
    if (!relay_view_matches(view, &part->request->wanted.query))
        return;
    part->matching++;
    if (part->request->wanted.query.sums && !view->ended_us)
        part->lacks_memory |= !relay_sums_add(&part->sums, view);
    keep(part, view);
}

static bool visit_to_view(struct relay_walk *walk, struct relay *relay) {
    struct part *part = of_walk(walk);
    const struct wanted *wanted = &part->request->wanted;
    struct relay_view view;
    if (!has_id(wanted, relay))
        return true;
    describe(relay, &view);
    take(part, &view);
    return !wanted->has_id;
}

static bool visit_to_end(struct relay_walk *walk, struct relay *relay) {
    struct part *part = of_walk(walk);
    if (!has_id(&part->request->wanted, relay))
        return true;
    part->matching++;
    relay->role->cancel(relay);
    return false;
}

/* An agent's; a server has them elsewhere, and thread->ended is NULL. */
static void take_ended(struct part *part) {
    const struct wanted *wanted = &part->request->wanted;
    char id[PROTO_RELAY_ID_MAX + 1] = "";
    bool is_asked = wanted->has_id || wanted->query.states & 1u << RELAY_VIEW_ENDED;
    if (part->request->ends || !is_asked || !part->thread->ended)
        return;
    if (wanted->has_id && wanted->number > 0)
        record_make_id(id, wanted->server, wanted->number);
    for (size_t i = 0; i < ended_relays_count(part->thread->ended); i++) {
        const struct relay_view *view = ended_relays_at(part->thread->ended, i);
        if (!wanted->has_id || strcmp(view->id, id) == 0)
            take(part, view);
    }
}

static void on_part_back(struct message *message);

static void on_walked(struct relay_walk *walk) {
    struct part *part = of_walk(walk);
    if (!part->lacks_memory)
        take_ended(part);
    sort(part);
    part->message.deliver = on_part_back;
    loop_post(part->request->plane->options.control, &part->message);
}

static bool reserve(struct part *part) {
    size_t limit = part->request->wanted.query.limit;
    if (limit == 0)
        return true;
    part->views = malloc(limit * sizeof *part->views);
    part->heap = malloc(limit * sizeof *part->heap);
    return part->views && part->heap;
}

static void on_part(struct message *message) {
    struct part *part = (struct part *)message;
    part->walk.visit = part->request->ends ? visit_to_end : visit_to_view;
    part->walk.done = on_walked;
    part->lacks_memory = !reserve(part);
    if (part->lacks_memory)
        on_walked(&part->walk);
    else
        relay_walk_start(part->thread, &part->walk);
}

/* ---- the answer ---- */

/* The first of what the parts have left; each has its own in order. */
static struct part *first_part(struct request *request) {
    struct part *first = NULL;
    for (unsigned i = 0; i < request->plane->count; i++) {
        struct part *part = &request->parts[i];
        if (part->taken < part->count &&
            (!first || relay_view_precedes(&part->views[part->heap[part->taken]],
                                           &first->views[first->heap[first->taken]], request->wanted.query.order)))
            first = part;
    }
    return first;
}

static size_t merge(struct request *request, const struct relay_view **views) {
    size_t count = 0;
    struct part *part;
    while (count < request->wanted.query.limit && (part = first_part(request)))
        views[count++] = &part->views[part->heap[part->taken++]];
    return count;
}

static void sum_up(const struct request *request, struct relay_answer *answer) {
    for (unsigned i = 0; i < request->plane->count; i++) {
        answer->matching += request->parts[i].matching;
        answer->lacks_memory |= request->parts[i].lacks_memory;
    }
}

/* Those of all parts, in the first. */
static void add_sums(struct request *request, struct relay_answer *answer) {
    struct relay_sums *sums = &request->parts[0].sums;
    for (unsigned i = 1; i < request->plane->count; i++)
        answer->lacks_memory |= !relay_sums_add_all(sums, &request->parts[i].sums);
    answer->sums = sums->items;
    answer->sum_count = sums->count;
}

static void answer_views(struct request *request) {
    const struct plane_options *options = &request->plane->options;
    struct relay_answer answer = {.ticket = request->ticket};
    const struct relay_view **views = malloc((request->wanted.query.limit + 1) * sizeof *views);
    sum_up(request, &answer);
    add_sums(request, &answer);
    answer.lacks_memory |= !views;
    answer.views = views;
    if (!answer.lacks_memory)
        answer.count = merge(request, views);
    options->events->on_relay_views(options->context, &answer);
    free(views);
}

static void answer_end(const struct request *request) {
    const struct plane_options *options = &request->plane->options;
    struct relay_answer sum = {0};
    sum_up(request, &sum);
    options->events->on_relay_ended(options->context, request->ticket, sum.matching > 0);
}

static void free_request(struct request *request) {
    for (unsigned i = 0; i < request->plane->count; i++) {
        free(request->parts[i].views);
        free(request->parts[i].heap);
        relay_sums_done(&request->parts[i].sums);
    }
    free(request->wanted.service);
    free(request->wanted.agent);
    free(request);
}

static void on_part_back(struct message *message) {
    struct request *request = ((struct part *)message)->request;
    if (--request->left > 0)
        return;
    request->plane->views_running--;
    if (!request->plane->silent && request->ends)
        answer_end(request);
    else if (!request->plane->silent)
        answer_views(request);
    free_request(request);
}

/* ---- the request ---- */

/* "3f2a91c0-17". What is no id is that of no relay: relays are counted from 1 on. */
static void take_id(struct wanted *wanted, const char *id) {
    char *end = NULL;
    wanted->has_id = true;
    if (strlen(id) <= PROTO_SERVER_DIGITS || id[PROTO_SERVER_DIGITS] != '-')
        return;
    const char *number = id + PROTO_SERVER_DIGITS + 1;
    strbuf_copy(wanted->server, sizeof wanted->server, id);
    if (*number >= '1' && *number <= '9')
        wanted->number = strtoull(number, &end, ID_BASE);
    if (!end || *end)
        wanted->number = 0;
}

static struct request *new_request(struct plane *plane, uint64_t ticket) {
    bool is_possible = !plane->is_stopping && plane->views_running < RELAY_VIEWS_AT_ONCE;
    struct request *request = is_possible ? calloc(1, sizeof *request + plane->count * sizeof *request->parts) : NULL;
    if (!request)
        return NULL;
    request->plane = plane;
    request->ticket = ticket;
    request->left = plane->count;
    for (unsigned i = 0; i < plane->count; i++) {
        request->parts[i].request = request;
        request->parts[i].thread = plane->threads[i];
    }
    return request;
}

static void send_request(struct request *request) {
    struct plane *plane = request->plane;
    plane->views_running++;
    for (unsigned i = 0; i < plane->count; i++) {
        request->parts[i].message.deliver = on_part;
        loop_post(plane->threads[i]->loop, &request->parts[i].message);
    }
}

static bool copy_wanted(struct wanted *wanted, const struct relay_query *query) {
    wanted->query = *query;
    if (query->limit > RELAY_VIEWS_MOST)
        wanted->query.limit = RELAY_VIEWS_MOST;
    if (query->id)
        take_id(wanted, query->id);
    wanted->query.service = wanted->service = query->service ? strdup(query->service) : NULL;
    wanted->query.agent = wanted->agent = query->agent ? strdup(query->agent) : NULL;
    if (query->client) {
        wanted->client = *query->client;
        wanted->query.client = &wanted->client;
    }
    return (wanted->service || !query->service) && (wanted->agent || !query->agent);
}

bool plane_view_relays(struct plane *plane, const struct relay_query *query) {
    struct request *request = new_request(plane, query->ticket);
    if (!request)
        return false;
    if (!copy_wanted(&request->wanted, query)) {
        free_request(request);
        return false;
    }
    send_request(request);
    return true;
}

bool plane_end_relay(struct plane *plane, const char *id, uint64_t ticket) {
    struct request *request = new_request(plane, ticket);
    if (!request)
        return false;
    request->ends = true;
    take_id(&request->wanted, id);
    send_request(request);
    return true;
}
