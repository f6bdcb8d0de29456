/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * clients: makes and takes back the structs of clients, numbers the relays, and counts who is there.
 * Runs on: the control thread. Owns: clients that are not in use.
 */
#ifndef MUNNEL_SERVER_CLIENTS_H
#define MUNNEL_SERVER_CLIENTS_H

#include "relay/relay_msg.h"

struct clients;

struct clients *clients_new(void); /* without a limit; NULL when out of memory */
void clients_free(struct clients *clients);
void clients_set_limit(struct clients *clients, size_t limit); /* so many at once at most */
bool clients_have_room(const struct clients *clients);
size_t clients_live(const struct clients *clients);
uint64_t clients_total(const struct clients *clients);

/* A client just accepted, with the next relay number; takes `fd` and a reference of `terms`. NULL: nothing was taken.
 */
struct client *clients_take(struct clients *clients, int fd, const struct addr *peer, struct terms *terms);
void clients_give_back(struct clients *clients, struct client *client); /* its descriptor is closed already */

/* The session to which it was given last: its tag, 0 if none. (The plane cannot tell when the link was gone.) */
uint64_t client_session(const struct client *client);
void client_set_session(struct client *client, uint64_t tag);

#endif
