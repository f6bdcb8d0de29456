/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * event_stream: events as chunks of an answer that does not end.
 *
 * Slow is a reader for whom more than stream_bytes wait, or who takes none of them for as long as an answer may take.
 * Runs on: the thread of the event base. Owns: the evhttp_request.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/event_stream.h"
#include "lib/http/request_priv.h"
#include "lib/net/socket_types.h"

#include <stdlib.h>
#include <string.h>

enum { KERNEL_BYTES = 64 * 1024 };
static const char event_type[] = "text/event-stream";

struct http_stream {
    struct http_connection *connection;
    struct evhttp_request *evhttp;
    struct evbuffer_cb_entry *progress;
    uint64_t taken_ms, sent_ms; /* when the reader took something, or nothing waited; when something was queued */
    bool is_closing;
    void (*on_close)(void *context);
    void *context;
};

static void on_output(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context) {
    (void)output;
    struct http_stream *stream = context;
    if (info->n_deleted || !info->orig_size)
        stream->taken_ms = clock_ms();
}

static void fail(struct http_stream *stream) {
    stream->is_closing = true;
    http_connection_abort(stream->connection);
}

static void fail_slow(struct http_stream *stream) {
    stream->connection->pool->counts->streams_dropped++;
    fail(stream);
}

/* Of the connection: it is going. */
static void on_gone(void *context) {
    struct http_stream *stream = context;
    stream->connection->pool->counts->streams--;
    http_connection_drop_request(stream->evhttp);
    stream->on_close(stream->context);
    free(stream);
}

/* When to look again: for the next comment, and for a reader that stopped reading. */
static void set_deadline(struct http_stream *stream) {
    const struct http_limits *limits = stream->connection->pool->limits;
    uint64_t comment_ms = stream->sent_ms + limits->keepalive_ms, stalled_ms = stream->taken_ms + limits->request_ms;
    bool is_waiting = http_connection_queued(stream->connection) > 0;
    stream->connection->deadline_ms = is_waiting && stalled_ms < comment_ms ? stalled_ms : comment_ms;
}

static bool queue(struct http_stream *stream, struct evbuffer *chunk) {
    size_t waiting = http_connection_queued(stream->connection);
    if (waiting + evbuffer_get_length(chunk) > stream->connection->pool->limits->stream_bytes) {
        fail_slow(stream);
        return false;
    }
    evhttp_send_reply_chunk(stream->evhttp, chunk);
    stream->sent_ms = clock_ms();
    set_deadline(stream);
    return true;
}

static void send_comment(struct http_stream *stream) {
    struct evbuffer *chunk = evbuffer_new();
    if (!chunk || evbuffer_add(chunk, ":\n\n", 3) || !queue(stream, chunk))
        fail(stream);
    if (chunk)
        evbuffer_free(chunk);
}

static void on_time(void *context, uint64_t now_ms) {
    struct http_stream *stream = context;
    const struct http_limits *limits = stream->connection->pool->limits;
    if (http_connection_queued(stream->connection) && now_ms >= stream->taken_ms + limits->request_ms)
        fail_slow(stream);
    else if (now_ms >= stream->sent_ms + limits->keepalive_ms)
        send_comment(stream);
    else
        set_deadline(stream);
}

/* Less in the kernel, so that a slow reader is noticed. */
static void limit_kernel(const struct http_connection *connection) {
    int bytes = KERNEL_BYTES;
    (void)setsockopt(bufferevent_getfd(connection->bufferevent), SOL_SOCKET, SO_SNDBUF, (const void *)&bytes,
                     sizeof bytes);
}

static struct http_stream *make(struct http_request *request, void (*on_close)(void *context), void *context) {
    struct http_stream *stream = calloc(1, sizeof *stream);
    if (!stream)
        return NULL;
    *stream = (struct http_stream){.connection = request->connection,
                                   .evhttp = request->evhttp,
                                   .taken_ms = clock_ms(),
                                   .sent_ms = clock_ms(),
                                   .on_close = on_close,
                                   .context = context};
    struct evbuffer *output = bufferevent_get_output(request->connection->bufferevent);
    stream->progress = evbuffer_add_cb(output, on_output, stream);
    if (stream->progress)
        return stream;
    free(stream);
    return NULL;
}

/* The head of the answer, and the request is done with. */
static void begin(struct http_stream *stream, struct http_request *request) {
    bool is_begun = http_answer_begin(request, 200, event_type); /* else on_close follows */
    struct http_server *server = request->server;
    limit_kernel(stream->connection);
    http_connection_stream(stream->connection, stream, on_gone, on_time);
    server->counts.streams++;
    stream->is_closing = !is_begun;
    if (is_begun)
        evhttp_send_reply_start(stream->evhttp, 200, http_status_text(200));
    if (server->options.on_answer)
        server->options.on_answer(server->options.context, request, 200);
    http_request_free(request);
}

struct http_stream *http_stream_open(struct http_request *request, void (*on_close)(void *context), void *context) {
    struct http_connection *connection = request->connection;
    if (!connection || request->is_head) {
        http_answer_content(request, 200, event_type, evbuffer_new());
        return NULL;
    }
    if (connection->pool->streams >= connection->pool->limits->streams) {
        request->server->counts.refused_busy++;
        request->retry_s = 1;
        http_answer_error(request, 503, "there are %u event streams already", connection->pool->streams);
        return NULL;
    }
    struct http_stream *stream = make(request, on_close, context);
    if (!stream) {
        http_answer_error(request, 500, "out of memory");
        return NULL;
    }
    begin(stream, request);
    return stream;
}

static bool is_line(const char *text) {
    return !text || !strpbrk(text, "\r\n");
}

static int add_field(struct evbuffer *chunk, const char *name, const char *value) {
    return value && (evbuffer_add(chunk, name, strlen(name)) || evbuffer_add(chunk, value, strlen(value)) ||
                     evbuffer_add(chunk, "\n", 1))
               ? -1
               : 0;
}

/* A reader takes CR, LF and CRLF for the end of a line, so each line is a field of its own. */
static int add_data(struct evbuffer *chunk, const char *data, size_t length) {
    const char *end = data + length;
    for (;;) {
        const char *at = data;
        while (at < end && *at != '\n' && *at != '\r')
            at++;
        if (evbuffer_add(chunk, "data: ", 6) || evbuffer_add(chunk, data, (size_t)(at - data)) ||
            evbuffer_add(chunk, "\n", 1))
            return -1;
        if (at == end)
            return 0;
        data = at + (end - at > 1 && at[0] == '\r' && at[1] == '\n' ? 2 : 1);
    }
}

bool http_stream_send(struct http_stream *stream, const struct http_event *event) {
    struct evbuffer *chunk = stream->is_closing ? NULL : evbuffer_new();
    bool is_made = chunk && is_line(event->id) && is_line(event->name) && !add_field(chunk, "id: ", event->id) &&
                   !add_field(chunk, "event: ", event->name) && !add_data(chunk, event->data, event->length) &&
                   !evbuffer_add(chunk, "\n", 1);
    bool is_queued = is_made && queue(stream, chunk);
    if (!is_made)
        fail(stream);
    if (chunk)
        evbuffer_free(chunk);
    return is_queued;
}

size_t http_stream_queued(const struct http_stream *stream) {
    return http_connection_queued(stream->connection);
}

void http_stream_close(struct http_stream *stream) {
    struct http_connection *connection = stream->connection;
    connection->pool->counts->streams--;
    (void)evbuffer_remove_cb_entry(bufferevent_get_output(connection->bufferevent), stream->progress);
    http_connection_write(connection, stream->evhttp);
    evhttp_send_reply_end(stream->evhttp);
    free(stream);
}
