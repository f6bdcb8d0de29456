/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pending: the clients of a service that wait for an agent, in order.
 * Runs on: the control thread. Owns: nothing; the clients are linked by their own `next` and `previous`.
 */
#ifndef MUNNEL_SERVER_PENDING_H
#define MUNNEL_SERVER_PENDING_H

#include "relay/relay_msg.h"

struct pending { /* all zero at first */
    struct client *first, *last;
    size_t count;
    uint64_t since_us; /* clock_us(); somebody has been waiting all the time from then on */
};

void pending_add(struct pending *pending, struct client *client);       /* at the end */
void pending_add_first(struct pending *pending, struct client *client); /* has waited already: before all others */
void pending_remove(struct pending *pending, struct client *client);

#endif
