/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * events: GET /v1/events: the last ones as a list, or all that come as a stream, with the status each second. The
 * status is made once for all readers. Runs on: the control thread. Owns: admin->streams.
 */
#include "config.h"

#include "server/admin/admin_priv.h"
#include "server/admin/values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT = 200, MISSED_MOST = 400 /* fewer bytes than a stream may keep */ };
static const char event_stream_type[] = "text/event-stream";

/* As docs/openapi.yaml has them. */
static const char *const kinds[] = {"server", "agent", "service", "certificate", "source", NULL};
static const char *const severities[] = {"info", "warn", "bad"};

static json_t *event_json(const struct recent_event *event) {
    return json_pack("{s:I,s:o,s:s,s:s,s:o,s:o,s:I}", "id", (json_int_t)event->number, "time",
                     value_time(event->wall_ms), "severity", severities[event->severity], "kind", kinds[event->kind],
                     "subject", value_text(event->subject), "text", value_text(event->text), "count",
                     (json_int_t)event->count);
}

/* ---- a list ---- */

static void answer_list(const struct admin *admin, struct http_request *request, int kind, size_t limit) {
    const struct recent_events *events = admin->options.events;
    const struct recent_event *event;
    json_t *list = json_array();
    uint64_t number = 0;

    while ((event = recent_events_after(events, number))) {
        number = event->number;
        if (kind >= 0 && kind != (int)event->kind)
            continue;
        if (json_array_size(list) == limit)
            json_array_remove(list, 0);
        json_array_append_new(list, event_json(event));
    }
    http_answer_json(request, 200, json_pack("{s:o}", "events", list));
}

/* ---- streams ---- */

static void on_close(void *context) {
    struct admin_stream *stream = context;

    *stream = (struct admin_stream){.admin = stream->admin};
}

static void send_text(struct admin_stream *stream, const char *name, const char *id, const char *text) {
    if (stream->http && text)
        (void)http_stream_send(stream->http, &(struct http_event){id, name, text, strlen(text)});
}

static bool wants(const struct admin_stream *stream, const struct recent_event *event) {
    return stream->http && (stream->kind < 0 || stream->kind == (int)event->kind);
}

static void send_event(struct admin_stream *stream, const struct recent_event *event, const char *text) {
    char id[24];

    snprintf(id, sizeof id, "%" PRIu64, event->number);
    send_text(stream, "event", id, text);
}

/* Takes over the JSON; NULL: out of memory. malloc'ed. */
static char *text_of(json_t *json) {
    char *text = json ? json_dumps(json, JSON_COMPACT) : NULL;

    json_decref(json);
    return text;
}

void admin_on_event(void *context, const struct recent_event *event) {
    struct admin *admin = context;
    char *text = NULL;

    for (size_t i = 0; i < ADMIN_STREAMS_MOST; i++) {
        struct admin_stream *stream = &admin->streams[i];
        if (!wants(stream, event))
            continue;
        if (!text && !(text = text_of(event_json(event))))
            return;
        send_event(stream, event, text);
    }
    free(text);
}

/* What came while it was not here. */
static void send_missed(struct admin_stream *stream, const char *last_id) {
    const struct recent_events *events = stream->admin->options.events;
    uint64_t number = strtoull(last_id, NULL, 10), last = recent_events_last(events);
    const struct recent_event *event;

    if (number > last) /* of a server before this one */
        number = 0;
    if (last > MISSED_MOST && number < last - MISSED_MOST)
        number = last - MISSED_MOST;
    while (stream->http && (event = recent_events_after(events, number))) {
        number = event->number;
        if (!wants(stream, event))
            continue;
        char *text = text_of(event_json(event));
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

static void send_tick(struct admin_stream *stream, const char *status) {
    char *text = stream->http ? with_role(status, stream->role) : NULL;

    send_text(stream, "tick", NULL, text);
    free(text);
}

void admin_send_ticks(struct admin *admin) {
    char *status = NULL;

    for (size_t i = 0; i < ADMIN_STREAMS_MOST; i++) {
        if (!admin->streams[i].http)
            continue;
        if (!status && !(status = text_of(admin_status(admin))))
            return;
        send_tick(&admin->streams[i], status);
    }
    free(status);
}

static struct admin_stream *find_free(struct admin *admin) {
    for (size_t i = 0; i < ADMIN_STREAMS_MOST; i++)
        if (!admin->streams[i].http)
            return &admin->streams[i];
    return NULL;
}

static void open_stream(struct admin *admin, struct http_request *request, int kind) {
    struct admin_stream *stream = find_free(admin);
    const char *last_id = http_request_header(request, "Last-Event-ID");
    char last[24] = "";

    if (!stream) {
        http_answer_error(request, 503, "as many readers of events as there may be");
        return;
    }
    if (last_id) /* of the request, which the stream ends */
        snprintf(last, sizeof last, "%s", last_id);
    *stream = (struct admin_stream){.admin = admin, .role = http_request_role(request), .kind = kind};
    stream->http = http_stream_open(request, on_close, stream);
    char *status = stream->http ? text_of(admin_status(admin)) : NULL;
    if (status)
        send_tick(stream, status);
    free(status);
    if (*last)
        send_missed(stream, last);
}

void admin_stream_events(struct http_request *request, void *context) {
    struct admin *admin = context;
    size_t kind = EVENT_KIND_COUNT;
    uint64_t limit = LIMIT;

    if (!http_query_choice(request, "kind", kinds, &kind) ||
        !http_query_number(request, "limit", 1, ADMIN_LISTED_MOST, &limit))
        return;
    int wanted = kind < EVENT_KIND_COUNT ? (int)kind : -1;
    if (http_request_accepts(request, event_stream_type))
        open_stream(admin, request, wanted);
    else
        answer_list(admin, request, wanted, (size_t)limit);
}
