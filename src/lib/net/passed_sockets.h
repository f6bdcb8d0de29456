/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * passed_sockets: the listening sockets that a service manager has opened for this process (socket activation:
 * LISTEN_FDS, LISTEN_PID and LISTEN_FDNAMES, as sd_listen_fds(3) describes them), found by their addresses.
 *
 * Each is kept until the end, and a user gets a descriptor of its own: an address that a reload takes away and another
 * brings back is found again. The manager has the socket, too, so that it must never be shut down (the manager would
 * take that for a failure), only be closed. Without libsystemd for the reason in service_manager.h. Runs on: the
 * control thread. Owns: the descriptors it was passed.
 */
#ifndef MUNNEL_LIB_NET_PASSED_SOCKETS_H
#define MUNNEL_LIB_NET_PASSED_SOCKETS_H

#include "lib/net/addr.h"

#include <event2/util.h>
#include <stddef.h>

struct passed_sockets;

/*
 * Takes the variables out of the environment; those for another process are ignored. Holds nothing where nothing was
 * passed. NULL with `error`: out of memory, or the variables are wrong.
 */
struct passed_sockets *passed_sockets_new(struct error *error);
void passed_sockets_free(struct passed_sockets *passed); /* NULL is fine */

/*
 * 1: *fd is a new descriptor of the socket bound to `addr`, non-blocking, close-on-exec and prepared as sock_bind()
 * does; the caller closes it. 0: there is none (`passed` may be NULL). -1 with `error`: there is one that cannot be
 * used.
 */
int passed_sockets_open(struct passed_sockets *passed, const struct addr *addr, evutil_socket_t *fd,
                        struct error *error);

/* Calls `report` with a sentence for each socket that passed_sockets_open() has not found so far. */
void passed_sockets_report_unused(const struct passed_sockets *passed, void (*report)(void *context, const char *text),
                                  void *context);

#endif
