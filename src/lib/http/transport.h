/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * transport: the client's connection to a program of this machine: a Unix socket, or a named pipe of Windows; one .c
 * per system. Every call has a deadline, by clock_ms().
 * Runs on: any thread, one at a time. Owns: its descriptor.
 */
#ifndef MUNNEL_LIB_HTTP_TRANSPORT_H
#define MUNNEL_LIB_HTTP_TRANSPORT_H

#include "lib/base/error.h"

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct http_transport;

/* Can there be a program at this path? 0, or -1 with error. Nothing is opened. */
int http_transport_check(const char *path, struct error *error);
/* Connects. NULL with error, which tells whether the program does not run, or this user may not ask it, and what to do.
 */
struct http_transport *http_transport_open(const char *path, uint64_t deadline_ms, struct error *error);
void http_transport_close(struct http_transport *transport); /* NULL is fine */

enum http_transport_result {
    HTTP_TRANSPORT_DONE,  /* *count bytes, one at least */
    HTTP_TRANSPORT_ENDED, /* the server has closed: it sends no more, or takes no more */
    HTTP_TRANSPORT_LATE,  /* none until the deadline. A write may have been done in part: only a close can follow. */
    HTTP_TRANSPORT_BROKEN /* with error */
};
enum http_transport_result http_transport_read(struct http_transport *transport, void *bytes, size_t size,
                                               uint64_t deadline_ms, size_t *count, struct error *error);
enum http_transport_result http_transport_write(struct http_transport *transport, const void *bytes, size_t size,
                                                uint64_t deadline_ms, size_t *count, struct error *error);
bool http_transport_is_readable(struct http_transport *transport); /* something has come, or the end */
/* The Unix socket, for who listens there (sock_peer_user); -1: it is none. */
evutil_socket_t http_transport_fd(const struct http_transport *transport);

#endif
