/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * operations: what the operations of server and agent have in common: their table, their socket, what is logged of
 * them, and the metrics.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_ADMIN_OPERATIONS_H
#define MUNNEL_ADMIN_OPERATIONS_H

#include "lib/http/server.h"
#include "lib/log/log.h"
#include "lib/metrics/metrics.h"

#include <event2/util.h>

/* Lines of the table: struct http_route. */
#define OPERATION_GET(path, role, query, handler)                                                                      \
    { HTTP_METHOD_GET, path, HTTP_ROLE_##role, HTTP_BODY_NONE, query, handler }
#define OPERATION_POST(path, role, handler)                                                                            \
    { HTTP_METHOD_POST, path, HTTP_ROLE_##role, HTTP_BODY_NONE, NULL, handler }
#define OPERATION_DELETE(path, role, handler)                                                                          \
    { HTTP_METHOD_DELETE, path, HTTP_ROLE_##role, HTTP_BODY_NONE, NULL, handler }
#define OPERATION_PUT(path, role, handler)                                                                             \
    { HTTP_METHOD_PUT, path, HTTP_ROLE_##role, HTTP_BODY_REQUIRED, NULL, handler }

/* For on_answer: what was changed, and by whom; also what was tried without the right to. */
void operations_log(struct log *log, const struct http_request *request, unsigned status);

struct operations_socket {
    const char *path;    /* admin.socket, or the pipe's name; NULL or "": none */
    const char *preset;  /* the path that it has by default */
    const char *owner;   /* "USER:GROUP"; NULL: as the process */
    const char *program; /* "munneld" */
};
/*
 * Listens. The group of the process may manage it, as this process can be managed by who may restart it. By default it
 * listens only where the folder is, which service managers make: without it there is a line at debug level, and where
 * the socket cannot be made in it a warning, but no error. 0 or -1.
 */
int operations_listen(struct http_server *http, struct log *log, const struct operations_socket *at,
                      struct error *error);
bool operations_is_taken(const struct operations_socket *at); /* another process answers there */
/* The same in two steps: bound, not yet listening. 0, with *listener NULL if it is served nowhere; or -1 with `error`.
 */
int operations_bind(struct log *log, const struct operations_socket *at, struct local_listener **listener,
                    struct error *error);

/* Answers with what `write` writes, in Prometheus's text format. */
void operations_answer_metrics(struct http_request *request, void (*write)(const void *context, struct metrics *to),
                               const void *context);

#endif
