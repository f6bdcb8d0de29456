/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pipe_bridge: a named pipe of Windows, whose connections it carries on to a port on the loopback: libevent can wait
 * for sockets only. Only files of Windows include it.
 *
 * Any program can connect to that port. So before the bridge does, it binds its end and notes the port that it has got:
 * a connection from another port has not come by the pipe.
 *
 * Bounds: 32 connections; 16 KiB in each direction, of which no more is read than is taken; 10 s to the first byte.
 * Runs on: a thread of its own; its functions are called by one other. Owns: the thread, the pipe's name, connections.
 */
#ifndef MUNNEL_LIB_HTTP_PIPE_BRIDGE_H
#define MUNNEL_LIB_HTTP_PIPE_BRIDGE_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pipe_bridge;

/* Takes the name; clients that connect already wait. `owner`: see pipe_rights_new(). NULL with error. */
struct pipe_bridge *pipe_bridge_new(const char *name, const char *owner, struct error *error);
/* Begins to carry on to this port, which is listened on. 0 or -1 with error. */
int pipe_bridge_start(struct pipe_bridge *bridge, uint16_t port, struct error *error);
/* No more clients. Those that are connected are served on, by the thread, which frees the bridge. NULL is fine. */
void pipe_bridge_free(struct pipe_bridge *bridge);

/* The account whose connection to the pipe is carried on from this port of the loopback. False: none is, or it has
 * ended. */
bool pipe_bridge_find(struct pipe_bridge *bridge, uint16_t port, char *name, size_t size);

#endif
