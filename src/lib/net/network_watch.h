/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * network_watch: reports that this machine's addresses, routes or interfaces have changed, and that it was suspended.
 *
 * Changes come in bursts, so there is one report for each: NETWORK_WATCH_QUIET_US after its last change, and
 * NETWORK_WATCH_LONGEST_US after its first one at the latest. A suspension is noticed within a second of the
 * resumption, on Windows at once. A report is a hint: changes may be reported that concern no connection of ours, and
 * none is reported on systems that have no means for it. Runs on: the thread of its event base. Owns: its socket and
 * its timers.
 */
#ifndef MUNNEL_LIB_NET_NETWORK_WATCH_H
#define MUNNEL_LIB_NET_NETWORK_WATCH_H

#include "lib/base/error.h"

#include <stdint.h>

enum { NETWORK_WATCH_QUIET_US = 200000, NETWORK_WATCH_LONGEST_US = 1000000, NETWORK_WATCH_SUSPENDED_US = 2000000 };

enum network_event { NETWORK_CHANGED, NETWORK_RESUMED };
const char *network_event_text(enum network_event event); /* "network changed", for logs */

struct event_base;
struct network_watch;

struct network_watch_options {
    struct event_base *base;
    void (*on_event)(void *context, enum network_event event); /* must not free the watch */
    void *context;
    uint64_t (*suspended_us)(void); /* how long this machine was suspended since its start; NULL: the system's clocks */
};

/*
 * NULL when out of memory. Where the system's changes cannot be received, by a sandbox's rule for example, `error` has
 * the reason, the watch is made all the same, and suspensions alone are reported; else the text of `error` is empty.
 */
struct network_watch *network_watch_new(const struct network_watch_options *options, struct error *error);
void network_watch_free(struct network_watch *watch); /* NULL is allowed */

#endif
