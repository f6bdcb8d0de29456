/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * event_feed: see event_feed.h.
 */
#include "config.h"

#include "admin/event_feed.h"

#include "admin/values.h"
#include "lib/base/json.h"
#include "lib/http/event_stream.h"
#include "lib/http/tokens.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LIMIT = 200,
    LISTED_MOST = 1000,
    STREAMS_MOST = 16,
    ID_TEXT = 48,     /* "17-19a2b3c4d5e": the event's number, and the process that counts so */
    MISSED_MOST = 400 /* fewer bytes than a stream may keep */
};
static const char event_stream_type[] = "text/event-stream";

/* As docs/openapi.yaml has them. */
static const char *const severities[] = {"info", "warn", "bad"};

struct feed_stream { /* a reader of events */
    struct event_feed *feed;
    struct http_stream *http; /* NULL: free */
    enum http_role role;
    int kind; /* of events; -1: all */
};

struct event_feed {
    struct event_feed_options options;
    struct feed_stream streams[STREAMS_MOST];
    uint64_t process; /* when it began: the one before it has used the same numbers for other events */
};

static json_t *event_json(const struct event_feed *feed, const struct recent_event *event) {
    return json_pack("{s:I,s:o,s:s,s:s,s:o,s:o,s:I}", "id", (json_int_t)event->number, "time",
                     value_time(event->wall_ms), "severity", severities[event->severity], "kind",
                     feed->options.kinds[event->kind], "subject", value_text(event->subject), "text",
                     value_text(event->text), "count", (json_int_t)event->count);
}

/* ---- a list ---- */

static void answer_list(const struct event_feed *feed, struct http_request *request, int kind, size_t limit) {
    const struct recent_events *events = feed->options.events;
    const struct recent_event *event;
    json_t *list = json_array();
    uint64_t number = 0;

    while ((event = recent_events_after(events, number))) {
        number = event->number;
        if (kind >= 0 && kind != (int)event->kind)
            continue;
        if (json_array_size(list) == limit)
            json_array_remove(list, 0);
        json_array_append_new(list, event_json(feed, event));
    }
    http_answer_json(request, 200, json_pack("{s:o}", "events", list));
}

/* ---- streams ---- */

static void on_close(void *context) {
    struct feed_stream *stream = context;

    *stream = (struct feed_stream){.feed = stream->feed};
}

static void send_text(struct feed_stream *stream, const char *name, const char *id, const char *text) {
    if (stream->http && text)
        (void)http_stream_send(stream->http, &(struct http_event){id, name, text, strlen(text)});
}

static bool wants(const struct feed_stream *stream, const struct recent_event *event) {
    return stream->http && (stream->kind < 0 || stream->kind == (int)event->kind);
}

static void send_event(struct feed_stream *stream, const struct recent_event *event, const char *text) {
    char id[ID_TEXT];

    snprintf(id, sizeof id, "%" PRIu64 "-%" PRIx64, event->number, stream->feed->process);
    send_text(stream, "event", id, text);
}

static void on_event(void *context, const struct recent_event *event) {
    struct event_feed *feed = context;
    char *text = NULL;

    for (size_t i = 0; i < STREAMS_MOST; i++) {
        struct feed_stream *stream = &feed->streams[i];
        if (!wants(stream, event))
            continue;
        if (!text && !(text = json_to_text(event_json(feed, event))))
            return;
        send_event(stream, event, text);
    }
    free(text);
}

/* 0: it is of a process before this one, whose events are not known. A number alone is from a list of this one. */
static uint64_t read_id(const struct event_feed *feed, const char *id) {
    char *end;
    uint64_t number = strtoull(id, &end, 10);
    bool is_ours = *end != '-' || strtoull(end + 1, NULL, 16) == feed->process;

    return is_ours && number <= recent_events_last(feed->options.events) ? number : 0;
}

/* What came while it was not here. */
static void send_missed(struct feed_stream *stream, const char *last_id) {
    const struct event_feed *feed = stream->feed;
    const struct recent_events *events = feed->options.events;
    uint64_t number = read_id(feed, last_id), last = recent_events_last(events);
    const struct recent_event *event;

    if (last > MISSED_MOST && number < last - MISSED_MOST)
        number = last - MISSED_MOST;
    while (stream->http && (event = recent_events_after(events, number))) {
        number = event->number;
        if (!wants(stream, event))
            continue;
        char *text = json_to_text(event_json(feed, event));
        send_event(stream, event, text);
        free(text);
    }
}

/* The status with the reader's role, from one without: {"role":"view",... */
static char *with_role(const char *status, enum http_role role) {
    size_t size = strlen(status) + 32;
    char *text = malloc(size);

    if (text)
        snprintf(text, size, "{\"role\":\"%s\",%s", http_role_name(role), status + 1);
    return text;
}

static void send_tick(struct feed_stream *stream, const char *status) {
    char *text = stream->http ? with_role(status, stream->role) : NULL;

    send_text(stream, "tick", NULL, text);
    free(text);
}

static char *status_text(const struct event_feed *feed) {
    return json_to_text(feed->options.status(feed->options.context));
}

void event_feed_tick(struct event_feed *feed) {
    char *status = NULL;

    for (size_t i = 0; i < STREAMS_MOST; i++) {
        if (!feed->streams[i].http)
            continue;
        if (!status && !(status = status_text(feed)))
            return;
        send_tick(&feed->streams[i], status);
    }
    free(status);
}

static struct feed_stream *find_free(struct event_feed *feed) {
    for (size_t i = 0; i < STREAMS_MOST; i++)
        if (!feed->streams[i].http)
            return &feed->streams[i];
    return NULL;
}

static void open_stream(struct event_feed *feed, struct http_request *request, int kind) {
    struct feed_stream *stream = find_free(feed);
    const char *last_id = http_request_header(request, "Last-Event-ID");
    char last[ID_TEXT] = "";

    if (!stream) {
        http_answer_error(request, 503, "as many readers of events as there may be");
        return;
    }
    if (last_id) /* of the request, which the stream ends */
        snprintf(last, sizeof last, "%s", last_id);
    *stream = (struct feed_stream){.feed = feed, .role = http_request_role(request), .kind = kind};
    stream->http = http_stream_open(request, on_close, stream);
    char *status = stream->http ? status_text(feed) : NULL;
    if (status)
        send_tick(stream, status);
    free(status);
    if (*last)
        send_missed(stream, last);
}

void event_feed_answer(struct event_feed *feed, struct http_request *request) {
    size_t kind = EVENT_KIND_COUNT;
    uint64_t limit = LIMIT;

    if (!http_query_choice(request, "kind", feed->options.kinds, &kind) ||
        !http_query_number(request, "limit", 1, LISTED_MOST, &limit))
        return;
    int wanted = kind < EVENT_KIND_COUNT ? (int)kind : -1;
    if (http_request_accepts(request, event_stream_type))
        open_stream(feed, request, wanted);
    else
        answer_list(feed, request, wanted, (size_t)limit);
}

/* ---- life ---- */

struct event_feed *event_feed_new(const struct event_feed_options *options) {
    struct event_feed *feed = calloc(1, sizeof *feed);

    if (!feed)
        return NULL;
    feed->options = *options;
    feed->process = (uint64_t)value_wall_ms();
    recent_events_watch(options->events, on_event, feed);
    return feed;
}

void event_feed_free(struct event_feed *feed) {
    if (!feed)
        return;
    recent_events_watch(feed->options.events, NULL, NULL);
    free(feed);
}
