/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client: a small blocking HTTP/1.1 client for command-line tools, over the server's Unix socket or named pipe.
 *
 * One connection, kept alive between requests and opened again when the server has closed it meanwhile. Every call has
 * a deadline. An answer is at most 64 MiB.
 * Runs on: any thread, one at a time; never the control thread. Owns: its connection.
 */
#ifndef MUNNEL_LIB_HTTP_CLIENT_H
#define MUNNEL_LIB_HTTP_CLIENT_H

#include "lib/base/error.h"

#include <event2/util.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct http_client;

/* `path`: of the Unix socket, which must fit, or of the pipe. It is connected to by the first request. NULL with error.
 */
struct http_client *http_client_new(const char *path, unsigned timeout_ms, struct error *error);
void http_client_free(struct http_client *client); /* NULL is fine */

struct http_ask {
    const char *method;   /* "GET" ... */
    const char *target;   /* "/v1/relays?limit=10"; encoded: http_client_encode() */
    const json_t *body;   /* NULL: none */
    const char *if_match; /* a version without quotes; NULL: none */
};

struct http_reply {
    unsigned status;
    char version[96];      /* ETag without quotes; "" if there is none */
    char content_type[64]; /* without parameters */
    char *text;            /* the body, terminated; never NULL after 0 */
    size_t length;
    json_t *json; /* of application/json and application/problem+json; NULL for others */
};
/* 0: there is an answer, of any status. -1 with error: none came in time, or it is malformed. */
int http_client_ask(struct http_client *client, const struct http_ask *ask, struct http_reply *reply,
                    struct error *error);
void http_reply_done(struct http_reply *reply); /* frees what is in it */
/* The text of an answer that is not 2xx: title, detail and remedy of a problem, for the person. Returns -1. */
int http_reply_explain(const struct http_reply *reply, struct error *error);

/* Writes `text` as a path segment or a query value: what is not unreserved becomes %XX. False: it does not fit. */
bool http_client_encode(char *encoded, size_t size, const char *text);

/* ---- server-sent events: a connection of their own, instead of the stream before ---- */

/* last_id: NULL, or what was seen last. 0; or -1 with error, which explains an answer that is none. */
int http_client_follow(struct http_client *client, const char *target, const char *last_id, struct error *error);
/* The Unix socket, for who listens there (sock_peer_user); -1: it is not connected, or to a pipe. */
evutil_socket_t http_client_fd(const struct http_client *client);

struct http_client_event {        /* valid until the next call */
    const char *id, *name, *data; /* never NULL; name is "message" if the server gave none */
};
/* 1: an event; 0: none within wait_ms; -1 with error: the stream has ended. To be called until 0 before polling. */
int http_client_next(struct http_client *client, unsigned wait_ms, struct http_client_event *event,
                     struct error *error);

#endif
