/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_io: the talk with a proxy over a socket that does not block.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_PROXY_IO_H
#define MUNNEL_PROTO_PROXY_IO_H

#include "proto/proxy_talk.h"

#include <event2/util.h>

/* Sends and receives until the socket would block (SENDS, RECEIVES: call again when it is ready for that), or the talk
 * is over or needs another connection. */
enum proxy_step proxy_io_proceed(struct proxy_talk *talk, evutil_socket_t fd);

#endif
