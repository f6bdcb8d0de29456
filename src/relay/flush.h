/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flush: what waits in an evbuffer goes to a socket, as much as it takes now.
 * Runs on: the buffer's thread. Owns: nothing.
 */
#ifndef MUNNEL_RELAY_FLUSH_H
#define MUNNEL_RELAY_FLUSH_H

#include <event2/buffer.h>
#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>

/* At most `most` bytes. Removes what was taken. false: the connection is broken (not: the socket is full). */
bool flush_to_socket(struct evbuffer *buffer, evutil_socket_t fd, size_t most);

#endif
