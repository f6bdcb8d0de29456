/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_requests: /v1/relays: the data plane is asked, and answers some turns of the loops later.
 * Runs on: the control thread. Owns: requests that wait for the data plane.
 */
#ifndef MUNNEL_ADMIN_RELAY_REQUESTS_H
#define MUNNEL_ADMIN_RELAY_REQUESTS_H

#include "lib/http/request.h"
#include "relay/plane.h"

struct relay_requests;

struct ended_relays;

struct relay_requests_options { /* copied; what it points to must outlive the requests */
    struct plane *plane;
    struct loop *loop;                /* of the control thread */
    const struct ended_relays *ended; /* a server's; an agent (NULL) has them on its relay threads, which are asked */
    /*
     * A server's clients that wait for an agent and match, up to `room` of them in any order; *matching: all that
     * match. The next ends one of them; false: there is none with this id. NULL on an agent.
     */
    size_t (*view_waiting)(const void *context, const struct relay_query *query, struct relay_view *views, size_t room,
                           size_t *matching);
    bool (*end_waiting)(const void *context, const char *id);
    const void *context; /* of these two */
};

struct relay_requests *relay_requests_new(const struct relay_requests_options *options); /* NULL: out of memory */
/* Answers those that wait; after the HTTP server is freed, nothing is sent any more. NULL is fine. */
void relay_requests_free(struct relay_requests *requests);

#define RELAY_REQUESTS_QUERY "service agent client state sort sum limit offset" /* of the list */
void relay_requests_list(struct relay_requests *requests, struct http_request *request);
void relay_requests_get(struct relay_requests *requests, struct http_request *request); /* "{relay}" of the path */
void relay_requests_end(struct relay_requests *requests, struct http_request *request);

/* Events of the plane. */
void relay_requests_on_views(struct relay_requests *requests, const struct relay_answer *answer);
void relay_requests_on_ended(struct relay_requests *requests, uint64_t ticket, bool found);

#endif
