/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client: its connection, for client.c and client_events.c.
 */
#ifndef MUNNEL_LIB_HTTP_CLIENT_PRIV_H
#define MUNNEL_LIB_HTTP_CLIENT_PRIV_H

#include "lib/http/client.h"
#include "lib/http/reply_head.h"
#include "lib/http/transport.h"

#include <event2/util.h>
#include <stdint.h>

struct http_client {
    char *path;
    unsigned timeout_ms;
    struct http_transport *transport; /* NULL: none */
    bool is_used;
    char *bytes; /* read and not taken */
    size_t length, room;
    /* Events: bytes of the chunk that are still to come, with its "\r\n"; and what was taken out of chunks. */
    size_t chunk_left;
    char *text;
    size_t text_length, text_room, text_taken;
};

/* Connected, and the request is written. 0 or -1. */
int http_client_send(struct http_client *client, const struct http_ask *ask, const char *accept, const char *more,
                     uint64_t deadline_ms, struct error *error);
/* Reads some; 1; 0: the server has closed; -1: error, or nothing came in time (then *is_late, which may be NULL). */
int http_client_read(struct http_client *client, uint64_t deadline_ms, bool *is_late, struct error *error);
int http_client_read_head(struct http_client *client, struct reply_head *head, uint64_t deadline_ms,
                          struct error *error);
/* The content of an answer with a length, into the reply. */
int http_client_read_content(struct http_client *client, const struct reply_head *head, struct http_reply *reply,
                             uint64_t deadline_ms, struct error *error);
void http_client_take(struct http_client *client, size_t count); /* off the front of bytes */
void http_client_close(struct http_client *client);

#endif
