/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_events: an event stream, taken out of its chunks and then apart.
 * Runs on: any thread, one at a time. Owns: nothing; the buffers are the client's.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/http/client_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENT_MOST = 1024 * 1024, MORE_TEXT = 256, CHUNK_END = 2 };

evutil_socket_t http_client_fd(const struct http_client *client) {
    return client->transport ? http_transport_fd(client->transport) : -1;
}

static int add_text(struct http_client *client, const char *bytes, size_t length, struct error *error) {
    size_t needed = client->text_length + length;
    if (needed > EVENT_MOST)
        return error_set(error, "an event is longer than 1 MiB");
    if (needed > client->text_room) {
        char *text = realloc(client->text, needed * 2);
        if (!text)
            return error_set(error, "out of memory");
        client->text = text;
        client->text_room = needed * 2;
    }
    memcpy(client->text + client->text_length, bytes, length);
    client->text_length = needed;
    return 0;
}

/* Within a chunk: its data, then the two bytes that end it. */
static int take_data(struct http_client *client, struct error *error) {
    size_t data = client->chunk_left > CHUNK_END ? client->chunk_left - CHUNK_END : 0;
    size_t there = client->length < client->chunk_left ? client->length : client->chunk_left;
    if (add_text(client, client->bytes, there < data ? there : data, error))
        return -1;
    client->chunk_left -= there;
    http_client_take(client, there);
    return 0;
}

/* Moves what is there out of its chunks. 0, or -1: malformed, or the last chunk. */
static int take_chunks(struct http_client *client, struct error *error) {
    while (client->length > 0) {
        size_t line_size, data_size;
        if (client->chunk_left == 0) {
            int parsed = reply_chunk_parse(client->bytes, client->length, &line_size, &data_size);
            if (parsed < 0)
                return error_set(error, "the event stream is malformed");
            if (parsed == 0)
                return 0;
            if (data_size == 0)
                return error_set(error, "the server has ended the event stream");
            http_client_take(client, line_size);
            client->chunk_left = data_size + CHUNK_END;
        }
        if (take_data(client, error))
            return -1;
    }
    return 0;
}

int http_client_follow(struct http_client *client, const char *target, const char *last_id, struct error *error) {
    struct http_ask ask = {.method = "GET", .target = target};
    struct reply_head head;
    char more[MORE_TEXT] = "";
    uint64_t deadline_ms = clock_ms() + client->timeout_ms;
    if (last_id && !strpbrk(last_id, "\r\n"))
        snprintf(more, sizeof more, "Last-Event-ID: %.200s\r\n", last_id);
    http_client_close(client); /* a stream that fell silent may be under way on it */
    client->chunk_left = client->text_length = client->text_taken = 0;
    if (http_client_send(client, &ask, "text/event-stream", more, deadline_ms, error) ||
        http_client_read_head(client, &head, deadline_ms, error)) {
        http_client_close(client); /* what comes late would be taken for the answer to another request */
        return -1;
    }
    if (head.status == 200 && head.is_chunked && !strcmp(head.content_type, "text/event-stream")) {
        if (take_chunks(client, error)) /* what came with the head; its end, too, which http_client_next() tells */
            http_client_close(client);
        return 0;
    }
    struct http_reply reply = {.status = head.status};
    if (!http_client_read_content(client, &head, &reply, deadline_ms, error)) {
        reply.json = json_loadb(reply.text, reply.length, 0, NULL);
        (void)http_reply_explain(&reply, error);
    }
    http_reply_done(&reply);
    http_client_close(client);
    return -1;
}

static bool take_event(struct http_client *client, struct http_client_event *event) {
    struct reply_event parsed = {0};
    do {
        client->text_length -= client->text_taken; /* the event before, which the caller has seen */
        if (client->text_taken)
            memmove(client->text, client->text + client->text_taken, client->text_length);
        client->text_taken = 0;
        if (!client->text_length || !reply_event_parse(&parsed, client->text, client->text_length, &client->text_taken))
            return false;
    } while (!parsed.data); /* a comment */
    event->id = parsed.id ? parsed.id : "";
    event->name = parsed.name ? parsed.name : "message";
    event->data = parsed.data;
    return true;
}

int http_client_next(struct http_client *client, unsigned wait_ms, struct http_client_event *event,
                     struct error *error) {
    uint64_t deadline_ms = clock_ms() + wait_ms;
    while (!take_event(client, event)) {
        bool is_late = false;
        if (!client->transport)
            return error_set(error, "the event stream has ended");
        int got = http_client_read(client, deadline_ms, &is_late, error);
        if (is_late)
            return 0;
        if (got == 0)
            (void)error_set(error, "the server has closed the event stream");
        if (got != 1 || take_chunks(client, error)) {
            http_client_close(client);
            return take_event(client, event) ? 1 : -1; /* what came before the end */
        }
    }
    return 1;
}
