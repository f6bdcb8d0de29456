/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listen_addrs: turns a configured listen address into socket addresses; names are looked up.
 * Runs on: start only, it may block. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_SERVICE_LISTEN_ADDRS_H
#define MUNNEL_SERVER_SERVICE_LISTEN_ADDRS_H

#include "lib/net/addr.h"

enum { LISTEN_ADDRS_MAX = 16 };

struct listen_addrs {
    struct addr addresses[LISTEN_ADDRS_MAX];
    int count;
    bool every; /* "*:80": one address per family, of which this machine need not have all */
};

/* Returns 0, or -1 with `error` that quotes `text`. */
int listen_addrs_resolve(struct listen_addrs *addrs, const char *text, struct error *error);

#endif
