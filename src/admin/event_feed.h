/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * event_feed: GET /v1/events: the last ones as a list, or all that come as a stream, with the status each second. The
 * status is made once for all readers.
 * Runs on: the control thread. Owns: its streams, until the HTTP server is freed, which must be before it.
 */
#ifndef MUNNEL_ADMIN_EVENT_FEED_H
#define MUNNEL_ADMIN_EVENT_FEED_H

#include "admin/recent_events.h"
#include "lib/http/request.h"

struct event_feed;

struct event_feed_options {                 /* copied; what it points to must outlive the feed */
    struct recent_events *events;           /* it becomes their reader */
    const char *const *kinds;               /* for ?kind=, in the order of enum event_kind; NULL at the end */
    json_t *(*status)(const void *context); /* without the reader's role. NULL: out of memory */
    const void *context;
};

struct event_feed *event_feed_new(const struct event_feed_options *options); /* NULL: out of memory */
void event_feed_free(struct event_feed *feed);                               /* NULL is fine */

/* Answers the request, by a list or a stream; parameters "kind limit". */
void event_feed_answer(struct event_feed *feed, struct http_request *request);
void event_feed_tick(struct event_feed *feed); /* each second */

#endif
