/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch_priv: struct dispatch, and what dispatch.c does for dispatch_waiting.c.
 */
#ifndef MUNNEL_SERVER_SERVICE_DISPATCH_PRIV_H
#define MUNNEL_SERVER_SERVICE_DISPATCH_PRIV_H

#include "server/service/dispatch.h"
#include "server/service/service_priv.h"

struct dispatch {
    struct dispatch_options options;
    size_t first_served; /* the service whose waiting clients are served first, in turn */
    bool is_stopping, is_over;
};

/* Gives the client to an agent, or ends it. False: nothing was done, it must wait. */
bool dispatch_serve_or_end(struct dispatch *dispatch, struct client *client, uint64_t now_us);
/* The client gets RST: never a clean end for a stream that was not whole. */
void dispatch_fail_client(struct dispatch *dispatch, struct client *client, enum relay_reason reason);

#endif
