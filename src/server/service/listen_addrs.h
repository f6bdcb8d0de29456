/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listen_addrs: the socket addresses of one configured address to listen on.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_LISTEN_ADDRS_H
#define MUNNEL_SERVER_SERVICE_LISTEN_ADDRS_H

#include "lib/base/error.h"
#include "lib/net/addr.h"

enum { LISTEN_ADDRS_MAX = 16 };

struct listen_addrs {
    struct addr items[LISTEN_ADDRS_MAX]; /* with the first port */
    int count;
    unsigned first, last; /* ports; both 0 for a Unix socket */
    const char *name;     /* by which they were looked up; NULL: they are written as numbers or paths */
    bool needs_one;       /* "*:80", "localhost:80": an address per family, of which this machine need not have all */
};

/* Adds the addresses that the name has had before, as it is written in `text`. False: none is known. */
typedef bool (*listen_addrs_known)(const void *context, const char *text, struct listen_addrs *addrs);

/*
 * `known` NULL: a name is looked up, which may block. Else nothing may block: a name has the addresses that are known
 * of it, or is localhost, or is refused. 0, or -1 with `error` that quotes `text`, which has to live as long as the
 * result.
 */
int listen_addrs_find(struct listen_addrs *addrs, const char *text, listen_addrs_known known, const void *context,
                      struct error *error);
void listen_addrs_add(struct listen_addrs *addrs, const struct addr *addr); /* beyond LISTEN_ADDRS_MAX it is left out */

#endif
