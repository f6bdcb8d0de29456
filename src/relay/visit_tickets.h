/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_tickets: agent: clients of its own that wait for the OPEN with their ticket, which may come to any relay
 * thread.
 *
 * The control thread puts them in and takes back those whose time is over; a relay thread takes the one that an OPEN
 * names. Whoever changes a slot's number from the ticket has its client: one compare-and-swap, no lock, nobody waits.
 * Owns: the descriptors and a reference of the services while they wait.
 */
#ifndef MUNNEL_RELAY_VISIT_TICKETS_H
#define MUNNEL_RELAY_VISIT_TICKETS_H

#include "relay/service_table.h"

#include <event2/util.h>

struct visit_tickets;

struct visit_client {
    evutil_socket_t fd;
    struct served_service *service;       /* with the name of the service that it visits; one reference */
    char server[PROTO_SERVER_DIGITS + 1]; /* of the server's instance: the ids of its relays begin with them */
};

struct visit_tickets *visit_tickets_new(void);          /* NULL when out of memory */
void visit_tickets_free(struct visit_tickets *tickets); /* closes who waits, by RST */
/* Takes the client, which waits for an OPEN of this session (its tag). Its ticket; 0: VISIT_TICKETS_MAX wait already,
 * and nothing was taken. Control thread. */
uint32_t visit_tickets_put(struct visit_tickets *tickets, const struct visit_client *client, uint64_t session);
bool visit_tickets_waits(const struct visit_tickets *tickets, uint32_t ticket); /* it was not taken. Any thread. */
/* False: there is none. The client is the caller's then. `session` 0: whichever. Any thread. */
bool visit_tickets_take(struct visit_tickets *tickets, uint32_t ticket, uint64_t session, struct visit_client *client);

#endif
