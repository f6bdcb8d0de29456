/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * live_relay: a server with an agent, and a relay that must outlive what the test does to them and to their files.
 *
 * Runs on: a test's main thread. Owns: destination, client and sandbox, until live_relay_end.
 */
#ifndef MUNNEL_SCENARIO_LIVE_RELAY_H
#define MUNNEL_SCENARIO_LIVE_RELAY_H

#include "harness/destination.h"
#include "harness/munnel.h"

struct live_relay {
    struct simple simple;
    struct destination *echo;
    int client; /* of the relay */
};

struct live_relay live_relay_start(const char *name);
void live_relay_end(struct live_relay *live_relay); /* the relay and the service must work still */

/* The path of a file in the folder of the server's certificates. */
const char *server_pki_file(const struct server *server, const char *name);

/*
 * The next certificate and key, NAME.pem and NAME.key, take the place of those in use, as who renews them does it: one
 * after the other.
 */
void server_renew(const struct server *server, const char *name);

#endif
