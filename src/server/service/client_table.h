/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_table: makes and takes back the structs of clients, numbers the relays, and counts those in use.
 * Runs on: the control thread. Owns: clients that are not in use.
 */
#ifndef MUNNEL_SERVER_SERVICE_CLIENT_TABLE_H
#define MUNNEL_SERVER_SERVICE_CLIENT_TABLE_H

#include "relay/plane.h"

#include <event2/util.h>

struct client_table;

struct client_table *client_table_new(void); /* without a limit; NULL when out of memory */
void client_table_free(struct client_table *clients);
void client_table_set_limit(struct client_table *clients, size_t limit); /* so many connections at most */
size_t client_table_limit(const struct client_table *clients);
bool client_table_has_room(const struct client_table *clients);
size_t client_table_live(const struct client_table *clients);
size_t client_table_connections(const struct client_table *clients); /* of them, those that have a descriptor */
uint64_t client_table_total(const struct client_table *clients);

/* A client just accepted, with the next relay number; takes `fd` (-1: of UDP) and a reference of `terms`. NULL: nothing
 * was taken.
 */
struct client *client_table_take(struct client_table *clients, evutil_socket_t fd, const struct addr *peer,
                                 struct service_terms *terms);
void client_table_give_back(struct client_table *clients, struct client *client); /* its descriptor is closed already */

#endif
