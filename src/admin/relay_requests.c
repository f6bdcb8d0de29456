/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_requests: see relay_requests.h.
 */
#include "config.h"

#include "admin/relay_requests.h"

#include "admin/values.h"
#include "lib/net/addr.h"
#include "relay/ended_relays.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 100, LABEL_MOST = 80 };

struct pending {                  /* a question to the data plane */
    struct http_request *request; /* NULL: free */
    uint64_t ticket;
    size_t offset;
    bool is_single;           /* of one relay: 404 if it is not there */
    struct relay_query query; /* with the request's texts */
    struct open_address client;
};

struct relay_requests {
    struct relay_requests_options options;
    struct pending pending[RELAY_VIEWS_AT_ONCE];
    uint64_t last_ticket;
};

/* ---- one relay ---- */

/* What is null while it lives. */
static json_t *end_json(const struct relay_view *view) {
    if (!view->ended_us)
        return json_pack("{s:n,s:n,s:n}", "ended", "reason", "by");
    return json_pack("{s:o,s:s,s:o}", "ended", value_time_of(view->ended_us), "reason", reason_label(view->reason),
                     "by", value_text(view->by));
}

static json_t *carrier_of(enum relay_view_state state) {
    if (state == RELAY_VIEW_SHARED || state == RELAY_VIEW_EXCLUSIVE)
        return json_string(relay_view_state_label(state));
    return json_null();
}

static const char *state_of(enum relay_view_state state) {
    return state == RELAY_VIEW_SHARED || state == RELAY_VIEW_EXCLUSIVE ? "open" : relay_view_state_label(state);
}

/* null: the destination sees the address of the agent. */
static json_t *seen_as(const struct relay_view *view) {
    char text[ADDR_TEXT];

    if (!view->has_seen)
        return json_null();
    const struct addr seen = open_address_to_addr(&view->seen);
    return value_text(addr_format_host(&seen, text, sizeof text));
}

static json_t *datagrams_json(const struct relay_view *view) {
    const struct datagram_tally *tally = &view->datagrams;

    if (!view->has_datagrams)
        return json_null();
    return json_pack("{s:I,s:I,s:I,s:I}", "in", (json_int_t)tally->count[DATAGRAM_IN], "out",
                     (json_int_t)tally->count[DATAGRAM_OUT], "dropped_in", (json_int_t)tally->dropped[DATAGRAM_IN],
                     "dropped_out", (json_int_t)tally->dropped[DATAGRAM_OUT]);
}

static json_t *view_json(const struct relay_view *view) {
    char client[ADDR_TEXT];
    json_t *end = end_json(view);
    json_t *json =
        json_pack("{s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:s,s:o,s:o,s:o,s:o,s:o,s:I,s:I,s:I,s:I,s:o,s:o,s:o,s:o,s:o}",
                  "id", view->id, "service", value_text(view->service), "agent",
                  value_text(*view->agent ? view->agent : NULL), "client",
                  value_text(open_address_format(&view->client, client, sizeof client)), "visitor",
                  value_text(*view->visitor ? view->visitor : NULL), "end_to_end", value_text(view->end_to_end),
                  "seen_as", seen_as(view), "destination", value_text(view->destination), "address",
                  value_text(*view->address ? view->address : NULL), "state", state_of(view->state), "carrier",
                  carrier_of(view->state), "accepted", value_time_of(view->accepted_us), "wait_ms",
                  value_span_ms(view->accepted_us, view->dispatched_us), "dial_ms",
                  value_span_ms(view->dispatched_us, view->opened_us), "first_byte_ms",
                  value_span_ms(view->accepted_us, view->first_byte_us), "in_bytes", (json_int_t)view->up, "out_bytes",
                  (json_int_t)view->down, "in_rate", (json_int_t)view->up_rate, "out_rate", (json_int_t)view->down_rate,
                  "progress", value_time_of(view->ended_us ? 0 : view->progress_us), "suspended",
                  value_time_of(view->suspended_us), "throttled_in", value_text(view->throttled[BANDWIDTH_IN]),
                  "throttled_out", value_text(view->throttled[BANDWIDTH_OUT]), "detail",
                  value_text(*view->detail ? view->detail : NULL));
    json_object_update(json, end);
    json_object_set_new(json, "protocol", json_string(view->is_udp ? "udp" : "tcp"));
    json_object_set_new(json, "datagrams", datagrams_json(view));
    json_decref(end);
    return json;
}

/* A member of the answer of which there are sums. */
static json_t *sums_json(const struct relay_answer *answer) {
    json_t *list = json_array();

    for (size_t i = 0; i < answer->sum_count; i++) {
        const struct relay_sum *sum = &answer->sums[i];
        json_array_append_new(list, json_pack("{s:o,s:I,s:I,s:I}", "agent", value_text(*sum->agent ? sum->agent : NULL),
                                              "relays", (json_int_t)sum->relays, "in_rate", (json_int_t)sum->up_rate,
                                              "out_rate", (json_int_t)sum->down_rate));
    }
    return list;
}

static void answer_list(struct http_request *request, const struct relay_answer *answer, size_t offset, bool has_sums) {
    json_t *list = json_array();

    for (size_t i = offset; i < answer->count; i++)
        json_array_append_new(list, view_json(answer->views[i]));
    http_answer_json(request, 200,
                     json_pack("{s:o,s:I,s:o*}", "relays", list, "total", (json_int_t)answer->matching, "sums",
                               has_sums ? sums_json(answer) : NULL));
}

/* ---- those that wait ---- */

struct merged { /* what the relay threads have, and what waits */
    struct relay_answer answer;
    struct relay_view *waiting;
    const struct relay_view *views[2 * RELAY_VIEWS_MOST]; /* of `answer` */
};

/* In the order of the query, as many as it has room for. Without memory those that wait are missing. */
static void add_waiting(const struct relay_requests *requests, const struct relay_query *query, struct merged *merged) {
    bool may_wait = requests->options.view_waiting && (!query->states || query->states >> RELAY_VIEW_WAITING & 1);
    struct relay_answer *answer = &merged->answer;
    size_t matching = 0, count = 0;

    merged->waiting = may_wait ? malloc(query->limit * sizeof *merged->waiting) : NULL;
    if (merged->waiting)
        count =
            requests->options.view_waiting(requests->options.context, query, merged->waiting, query->limit, &matching);
    for (size_t i = 0; i < count; i++)
        merged->views[answer->count++] = &merged->waiting[i];
    answer->matching += matching;
    relay_views_sort(merged->views, answer->count, query->order);
    if (answer->count > query->limit)
        answer->count = query->limit;
}

/* The relay threads' answer, or NULL: they were not asked. */
static void answer_merged(const struct relay_requests *requests, struct http_request *request,
                          const struct relay_query *query, size_t offset, const struct relay_answer *answer) {
    struct merged merged = {.answer = answer ? *answer : (struct relay_answer){0}};

    for (size_t i = 0; i < merged.answer.count; i++)
        merged.views[i] = merged.answer.views[i];
    merged.answer.views = merged.views;
    add_waiting(requests, query, &merged);
    answer_list(request, &merged.answer, offset, query->sums);
    free(merged.waiting);
}

static bool answer_waiting(const struct relay_requests *requests, struct http_request *request) {
    const struct relay_query query = {.id = http_request_param(request, "relay")};
    struct relay_view view;
    size_t matching;

    if (!requests->options.view_waiting ||
        !requests->options.view_waiting(requests->options.context, &query, &view, 1, &matching))
        return false;
    http_answer_json(request, 200, view_json(&view));
    return true;
}

static bool end_waiting(const struct relay_requests *requests, struct http_request *request) {
    if (!requests->options.end_waiting ||
        !requests->options.end_waiting(requests->options.context, http_request_param(request, "relay")))
        return false;
    http_answer_empty(request, 204);
    return true;
}

/* ---- those that ended ---- */

/* Ends that the relay threads have posted may be waiting for the control thread to wake. */
static void answer_ended(const struct relay_requests *requests, struct http_request *request,
                         const struct relay_query *query, size_t offset) {
    const struct relay_view *views[ENDED_RELAYS_MOST];
    struct relay_answer answer = {.views = views};

    loop_poll(requests->options.loop);
    answer.count = ended_relays_query(requests->options.ended, query, views, &answer.matching);
    answer_list(request, &answer, offset, query->sums);
}

/* NULL: it is not among the last. */
static const struct relay_view *find_ended(const struct relay_requests *requests, const struct http_request *request) {
    return requests->options.ended ? ended_relays_find(requests->options.ended, http_request_param(request, "relay"))
                                   : NULL;
}

/* ---- asking ---- */

static struct pending *find_free(struct relay_requests *requests) {
    for (size_t i = 0; i < RELAY_VIEWS_AT_ONCE; i++)
        if (!requests->pending[i].request)
            return &requests->pending[i];
    return NULL;
}

static struct pending *find(struct relay_requests *requests, uint64_t ticket) {
    for (size_t i = 0; requests && i < RELAY_VIEWS_AT_ONCE; i++)
        if (requests->pending[i].request && requests->pending[i].ticket == ticket)
            return &requests->pending[i];
    return NULL;
}

static void answer_busy(struct http_request *request) {
    http_answer_problem(request, &(struct http_problem){.status = 503,
                                                        .detail = "the relay threads are asked by others already",
                                                        .remedy = "Try again in a second"});
}

static void ask(struct relay_requests *requests, struct http_request *request, struct relay_query *query,
                size_t offset) {
    struct pending *pending = find_free(requests);

    query->ticket = ++requests->last_ticket;
    if (!pending || !plane_view_relays(requests->options.plane, query)) {
        answer_busy(request);
        return;
    }
    *pending = (struct pending){
        .request = request, .ticket = query->ticket, .offset = offset, .is_single = query->id, .query = *query};
    if (query->client) {
        pending->client = *query->client;
        pending->query.client = &pending->client;
    }
}

static const char *const states[] = {"waiting", "opening", "open", "suspended", "ended", NULL};
static const unsigned state_bits[] = {1u << RELAY_VIEW_WAITING, 1u << RELAY_VIEW_OPENING,
                                      1u << RELAY_VIEW_SHARED | 1u << RELAY_VIEW_EXCLUSIVE, 1u << RELAY_VIEW_SUSPENDED,
                                      1u << RELAY_VIEW_ENDED};
static const char *const sums[] = {"agent", NULL};
static const char *const sorts[] = {"-rate", "-bytes", "-age", "age", "-idle", NULL};
static const enum relay_order orders[] = {RELAY_ORDER_RATE, RELAY_ORDER_BYTES, RELAY_ORDER_OLDEST, RELAY_ORDER_NEWEST,
                                          RELAY_ORDER_IDLE};
enum { ANY_STATE = sizeof state_bits / sizeof *state_bits, NO_SUM = 1 };

/* "NAME#3f2a91" is one of several agents of that name. */
static bool is_label(const char *text) {
    size_t name = strspn(text, VALUE_NAME_CHARACTERS),
           digits = text[name] ? strspn(text + name + 1, "0123456789abcdef") : 0;
    bool has_digits = text[name] == '#' && digits > 0 && !text[name + 1 + digits];

    return name > 0 && strlen(text) <= LABEL_MOST && (!text[name] || has_digits);
}

/* False: one cannot be a name, so that an empty list would hide a mistake; 400 has been answered. */
static bool check_names(struct http_request *request) {
    const char *service = http_request_query(request, "service"), *agent = http_request_query(request, "agent");

    if (service && !value_is_name(service))
        http_answer_error(request, 400, "service: not a name: %s", service);
    else if (agent && !is_label(agent))
        http_answer_error(request, 400, "agent: not a name: %s", agent);
    else
        return true;
    return false;
}

/* False: it is none, and 400 has been answered. On an agent no client waits. */
static bool take_state(const struct relay_requests *requests, struct http_request *request, unsigned *bits) {
    size_t first = requests->options.view_waiting ? 0 : 1, state = ANY_STATE;

    if (!http_query_choice(request, "state", states + first, &state))
        return false;
    *bits = state < ANY_STATE ? state_bits[first + state] : 0;
    return true;
}

/* False: it is none, and 400 has been answered. */
static bool take_client(struct http_request *request, struct open_address *client, bool *is_given) {
    const char *text = http_request_query(request, "client");
    struct endpoint endpoint = {.port = 0};
    struct addr addr;

    *is_given = text;
    if (!text)
        return true;
    snprintf(endpoint.host, sizeof endpoint.host, "%s", text);
    if (*text && addr_from_endpoint(&addr, &endpoint)) {
        *client = open_address_of(&addr);
        return true;
    }
    http_answer_error(request, 400, "client: not an IP address: %s", text);
    return false;
}

void relay_requests_list(struct relay_requests *requests, struct http_request *request) {
    uint64_t limit = LIMIT, offset = 0;
    size_t sort = 0, sum = NO_SUM;
    unsigned state_set = 0;
    struct open_address client;
    bool has_client = false;

    if (!http_query_number(request, "limit", 1, RELAY_VIEWS_MOST, &limit) ||
        !http_query_number(request, "offset", 0, RELAY_VIEWS_MOST - 1, &offset) ||
        !http_query_choice(request, "sort", sorts, &sort) || !take_state(requests, request, &state_set) ||
        !http_query_choice(request, "sum", sums, &sum) || !check_names(request) ||
        !take_client(request, &client, &has_client))
        return;
    if (limit + offset > RELAY_VIEWS_MOST)
        limit = RELAY_VIEWS_MOST - offset;
    struct relay_query query = {.service = http_request_query(request, "service"),
                                .agent = http_request_query(request, "agent"),
                                .client = has_client ? &client : NULL,
                                .states = state_set,
                                .order = orders[sort],
                                .limit = (size_t)(limit + offset),
                                .sums = sum != NO_SUM};
    if (requests->options.ended && query.states == 1u << RELAY_VIEW_ENDED)
        answer_ended(requests, request, &query, (size_t)offset);
    else if (query.states == 1u << RELAY_VIEW_WAITING)
        answer_merged(requests, request, &query, (size_t)offset, NULL);
    else
        ask(requests, request, &query, (size_t)offset);
}

void relay_requests_get(struct relay_requests *requests, struct http_request *request) {
    struct relay_query query = {.id = http_request_param(request, "relay"), .limit = 1};

    if (!answer_waiting(requests, request))
        ask(requests, request, &query, 0);
}

void relay_requests_end(struct relay_requests *requests, struct http_request *request) {
    struct pending *pending = find_free(requests);

    if (end_waiting(requests, request))
        return;
    if (!pending ||
        !plane_end_relay(requests->options.plane, http_request_param(request, "relay"), ++requests->last_ticket)) {
        answer_busy(request);
        return;
    }
    *pending = (struct pending){.request = request, .ticket = requests->last_ticket};
}

/* ---- answers ---- */

static void answer_missing(struct http_request *request) {
    http_answer_error(request, 404, "there is no relay %s, nor is it among the last %d that ended",
                      http_request_param(request, "relay"), ENDED_RELAYS_MOST);
}

static void answer_single(struct http_request *request, const struct relay_view *view) {
    if (view)
        http_answer_json(request, 200, view_json(view));
    else
        answer_missing(request);
}

void relay_requests_on_views(struct relay_requests *requests, const struct relay_answer *answer) {
    struct pending *pending = find(requests, answer->ticket);

    if (!pending)
        return;
    struct pending asked = *pending;
    *pending = (struct pending){0};
    if (asked.query.client)
        asked.query.client = &asked.client;
    if (answer->lacks_memory)
        http_answer_json(asked.request, 200, NULL);
    else if (!asked.is_single)
        answer_merged(requests, asked.request, &asked.query, asked.offset, answer);
    else if (answer->count || !answer_waiting(requests, asked.request)) /* its agent may have given it back meanwhile */
        answer_single(asked.request, answer->count ? answer->views[0] : find_ended(requests, asked.request));
}

void relay_requests_on_ended(struct relay_requests *requests, uint64_t ticket, bool found) {
    struct pending *pending = find(requests, ticket);

    if (!pending)
        return;
    struct http_request *request = pending->request;
    *pending = (struct pending){0};
    if (found)
        http_answer_empty(request, 204);
    else if (end_waiting(requests, request))
        return;
    else if (find_ended(requests, request))
        http_answer_error(request, 409, "relay %s has ended already", http_request_param(request, "relay"));
    else
        answer_missing(request);
}

/* ---- life ---- */

struct relay_requests *relay_requests_new(const struct relay_requests_options *options) {
    struct relay_requests *requests = calloc(1, sizeof *requests);

    if (requests)
        requests->options = *options;
    return requests;
}

void relay_requests_free(struct relay_requests *requests) {
    for (size_t i = 0; requests && i < RELAY_VIEWS_AT_ONCE; i++)
        if (requests->pending[i].request)
            http_answer_error(requests->pending[i].request, 503, "the program is stopping");
    free(requests);
}
