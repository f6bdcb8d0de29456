/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * network_watch_priv: what network_watch.c leaves to the file of each system (network_watch_linux.c,
 * network_watch_portable.c, network_watch_windows.c), and what its tests use.
 */
#ifndef MUNNEL_LIB_NET_NETWORK_WATCH_PRIV_H
#define MUNNEL_LIB_NET_NETWORK_WATCH_PRIV_H

#include "lib/net/network_watch.h"

#include <event2/util.h>
#include <stdbool.h>
#include <stddef.h>

enum { NETWORK_INTERFACES_MAX = 64 };

/* Which interfaces are up, as far as was reported: other news of an interface is no change. All zero at first. */
struct network_interfaces {
    unsigned count;
    struct network_interface {
        int index;
        bool is_up;
    } list[NETWORK_INTERFACES_MAX];
};

struct network_source; /* what the system keeps for such a socket besides; there is none on POSIX */

/* A socket that the system's messages about its network come by, non-blocking; -1 with errno: none, nor a source. */
evutil_socket_t network_watch_system_open(struct network_source **source);
void network_watch_system_close(evutil_socket_t fd, struct network_source *source);

enum network_read { NETWORK_READ_NOTHING, NETWORK_READ_CHANGE, NETWORK_READ_FAILED };

/* Reads a bounded number of messages. FAILED: the socket is of no use any more. */
enum network_read network_watch_system_read(evutil_socket_t fd, struct network_interfaces *interfaces);

/* Is there a change among these messages? Those that are malformed or cut count as one. POSIX only. */
bool network_watch_system_matters(struct network_interfaces *interfaces, const void *messages, size_t length);

uint64_t network_watch_system_suspended_us(void); /* 0 where no clock tells it */

/* When to report changes of which the first and the last came at these times. */
uint64_t network_watch_due_us(uint64_t first_us, uint64_t last_us);

#endif
