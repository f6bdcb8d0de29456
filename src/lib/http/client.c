/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client: one request and its answer at a time. A connection that the server has closed meanwhile is noticed before the
 * request is sent, not afterwards: then it could not be known whether a change was made.
 * Runs on: any thread, one at a time. Owns: its connection and buffers.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/http/client_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HEAD_TEXT = 4096, READ_SIZE = 16 * 1024, CONTENT_MOST = 64 * 1024 * 1024 };

static int out_of_memory(struct error *error) {
    return error_set(error, "out of memory");
}

struct http_client *http_client_new(const char *path, unsigned timeout_ms, struct error *error) {
    if (http_transport_check(path, error))
        return NULL;
    struct http_client *client = calloc(1, sizeof *client);
    if (client)
        client->path = strdup(path);
    if (client && client->path) {
        client->timeout_ms = timeout_ms;
        return client;
    }
    free(client);
    (void)out_of_memory(error);
    return NULL;
}

void http_client_close(struct http_client *client) {
    http_transport_close(client->transport);
    client->transport = NULL;
    client->length = 0;
    client->is_used = false;
}

void http_client_free(struct http_client *client) {
    if (!client)
        return;
    http_client_close(client);
    free(client->path);
    free(client->bytes);
    free(client->text);
    free(client);
}

/* ---- connecting, writing, reading, each until a deadline ---- */

static int connect_again(struct http_client *client, uint64_t deadline_ms, struct error *error) {
    http_client_close(client);
    client->transport = http_transport_open(client->path, deadline_ms, error);
    return client->transport ? 0 : -1;
}

/* A server that takes no more has answered already. */
static int write_all(struct http_client *client, const char *bytes, size_t length, uint64_t deadline_ms,
                     struct error *error) {
    while (length > 0) {
        size_t count;
        switch (http_transport_write(client->transport, bytes, length, deadline_ms, &count, error)) {
        case HTTP_TRANSPORT_DONE:
            bytes += count;
            length -= count;
            break;
        case HTTP_TRANSPORT_ENDED:
            return 0;
        case HTTP_TRANSPORT_LATE:
            return error_set(error, "the server does not take the request");
        case HTTP_TRANSPORT_BROKEN:
            return -1;
        }
    }
    return 0;
}

static bool make_room(struct http_client *client) {
    if (client->room - client->length >= READ_SIZE)
        return true;
    size_t room = client->room * 2 + READ_SIZE;
    char *bytes = realloc(client->bytes, room);
    if (!bytes)
        return false;
    client->bytes = bytes;
    client->room = room;
    return true;
}

int http_client_read(struct http_client *client, uint64_t deadline_ms, bool *is_late, struct error *error) {
    size_t count;
    if (!make_room(client))
        return out_of_memory(error);
    enum http_transport_result result = http_transport_read(client->transport, client->bytes + client->length,
                                                            client->room - client->length, deadline_ms, &count, error);
    if (is_late)
        *is_late = result == HTTP_TRANSPORT_LATE;
    if (result == HTTP_TRANSPORT_LATE)
        return error_set(error, "no answer in time");
    if (result == HTTP_TRANSPORT_BROKEN)
        return -1;
    client->length += result == HTTP_TRANSPORT_DONE ? count : 0;
    return result == HTTP_TRANSPORT_DONE;
}

void http_client_take(struct http_client *client, size_t count) {
    client->length -= count;
    memmove(client->bytes, client->bytes + count, client->length);
}

/* ---- requests and answers ---- */

static int format_head(char text[HEAD_TEXT], const struct http_ask *ask, const char *accept, const char *more,
                       size_t content_length, struct error *error) {
    char match[128] = "", content[96] = "";
    if (ask->if_match)
        snprintf(match, sizeof match, "If-Match: \"%s\"\r\n", ask->if_match);
    if (ask->body || strcmp(ask->method, "GET") != 0)
        snprintf(content, sizeof content, "%sContent-Length: %zu\r\n",
                 ask->body ? "Content-Type: application/json\r\n" : "", content_length);
    int length = snprintf(text, HEAD_TEXT, "%s %s HTTP/1.1\r\nHost: localhost\r\nAccept: %s\r\n%s%s%s\r\n", ask->method,
                          ask->target, accept, match, content, more);
    if (length >= HEAD_TEXT || strpbrk(ask->target, " \r\n") || (ask->if_match && strpbrk(ask->if_match, "\"\r\n")))
        return error_set(error, "the request is too long or has a blank in it");
    return length;
}

int http_client_send(struct http_client *client, const struct http_ask *ask, const char *accept, const char *more,
                     uint64_t deadline_ms, struct error *error) {
    char head[HEAD_TEXT];
    char *content = ask->body ? json_dumps(ask->body, JSON_COMPACT) : NULL;
    size_t content_length = content ? strlen(content) : 0;
    int length =
        ask->body && !content ? out_of_memory(error) : format_head(head, ask, accept, more, content_length, error);
    bool is_stale = client->transport && client->is_used && http_transport_is_readable(client->transport);
    int result = length < 0 || ((!client->transport || is_stale) && connect_again(client, deadline_ms, error)) ? -1 : 0;
    client->is_used = true;
    if (!result)
        result = write_all(client, head, (size_t)length, deadline_ms, error);
    if (!result && content)
        result = write_all(client, content, content_length, deadline_ms, error);
    free(content);
    return result;
}

int http_client_read_head(struct http_client *client, struct reply_head *head, uint64_t deadline_ms,
                          struct error *error) {
    int parsed, got = 1;
    while ((parsed = client->length ? reply_head_parse(head, client->bytes, client->length) : 0) == 0 && got == 1)
        got = http_client_read(client, deadline_ms, NULL, error);
    if (parsed < 0)
        return error_set(error, "the answer is malformed");
    if (parsed == 0)
        return got < 0 ? -1 : error_set(error, "the server closed the connection without an answer");
    http_client_take(client, head->size);
    return 0;
}

int http_client_read_content(struct http_client *client, const struct reply_head *head, struct http_reply *reply,
                             uint64_t deadline_ms, struct error *error) {
    bool has_content = head->status != 204 && head->status != 304;
    if (has_content && (!head->has_length || head->length > CONTENT_MOST))
        return error_set(error, "the answer has no length, or is longer than 64 MiB");
    size_t length = has_content ? head->length : 0;
    for (int got = 1; client->length < length;) {
        got = http_client_read(client, deadline_ms, NULL, error);
        if (got != 1)
            return got < 0 ? -1 : error_set(error, "the answer is cut off");
    }
    reply->text = malloc(length + 1);
    if (!reply->text)
        return out_of_memory(error);
    if (length)
        memcpy(reply->text, client->bytes, length);
    reply->text[length] = '\0';
    reply->length = length;
    http_client_take(client, length);
    return 0;
}

static bool is_json(const struct http_reply *reply) {
    return !strcmp(reply->content_type, "application/json") || !strcmp(reply->content_type, "application/problem+json");
}

int http_client_ask(struct http_client *client, const struct http_ask *ask, struct http_reply *reply,
                    struct error *error) {
    uint64_t deadline_ms = clock_ms() + client->timeout_ms;
    struct reply_head head = {0};
    *reply = (struct http_reply){0};
    int result = http_client_send(client, ask, "application/json", "", deadline_ms, error);
    if (!result)
        result = http_client_read_head(client, &head, deadline_ms, error);
    if (!result)
        result = http_client_read_content(client, &head, reply, deadline_ms, error);
    if (result || head.must_close)
        http_client_close(client);
    if (result)
        return -1;
    reply->status = head.status;
    strbuf_copy(reply->version, sizeof reply->version, head.version);
    strbuf_copy(reply->content_type, sizeof reply->content_type, head.content_type);
    reply->json = is_json(reply) ? json_loadb(reply->text, reply->length, JSON_REJECT_DUPLICATES, NULL) : NULL;
    return 0;
}

void http_reply_done(struct http_reply *reply) {
    free(reply->text);
    json_decref(reply->json);
    *reply = (struct http_reply){0};
}

int http_reply_explain(const struct http_reply *reply, struct error *error) {
    const char *detail = json_string_value(json_object_get(reply->json, "detail"));
    const char *remedy = json_string_value(json_object_get(reply->json, "remedy"));
    const char *pointer = json_string_value(json_object_get(reply->json, "pointer"));
    if (!detail)
        return error_set(error, "the server answered with status %u", reply->status);
    return error_set(error, "%s%s%s%s%s", pointer ? pointer : "", pointer ? ": " : "", detail, remedy ? "; " : "",
                     remedy ? remedy : "");
}

bool http_client_encode(char *encoded, size_t size, const char *text) {
    static const char digits[] = "0123456789ABCDEF";
    static const char unreserved[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    size_t used = 0;
    for (; *text; text++) {
        bool is_plain = strchr(unreserved, *text);
        if (used + (is_plain ? 1 : 3) >= size)
            return false;
        if (is_plain) {
            encoded[used++] = *text;
            continue;
        }
        encoded[used++] = '%';
        encoded[used++] = digits[(unsigned char)*text >> 4];
        encoded[used++] = digits[*text & 15];
    }
    if (used >= size)
        return false;
    encoded[used] = '\0';
    return true;
}
