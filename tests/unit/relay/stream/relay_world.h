/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_world: a relay thread of a server and one of an agent, with a session between them, whose muxes are joined by
 * wires in memory (mux_pair.h); clients and destinations are in memory, too (memory_net.h). What comes back to the
 * control plane, and what is recorded, is caught.
 * Runs on: one thread, one test process, one world at a time.
 */
#ifndef MUNNEL_TESTS_RELAY_WORLD_H
#define MUNNEL_TESTS_RELAY_WORLD_H

#include "relay/memory_net.h"
#include "relay/mux/mux_pair.h"
#include "relay/stream/relay_priv.h"
#include "unit.h"

#define WORLD_INSTANCE "0123456789abcdef0123456789abcdef"

enum { MUCH = 1 << 20, WORLD_RESUME_MS = 30000, WORLD_ATTEMPT_MS = 10000, WORLD_SESSION = 7 };

struct world_record { /* of the log */
    unsigned count;   /* how many there were; the rest is of the last one */
    enum relay_reason reason;
    char by[16], detail[160], address[64];
    uint64_t up, down, opened_us;
    unsigned left_out; /* of the agent's, in all */
};

struct world_client {
    struct client *client;    /* NULL: it is over, and freed */
    evutil_socket_t end, far; /* the test's ends: its own, and the destination's; -1: none */
    unsigned back;            /* how often it came back */
    enum client_outcome outcome;
    enum relay_reason reason;
    enum refusal refusal;
    char detail[160], address[64];
    uint64_t up, down, opened_us;
    bool early_end; /* as it came back, as the next */
    size_t early_length;
    char early[128]; /* the first of the bytes */
};

struct relay_world {
    struct loop *loop;
    struct pair pair; /* the wires */
    struct plane_options options[2];
    struct relay_thread *threads[2]; /* SERVER, AGENT */
    struct thread_session *sessions[2];
    struct udp_sessions udp_sessions; /* of the agent */
    struct service_table *services;
    struct world_record records[2]; /* of the server's clients, of the agent's relays */
    bool keeps_clients;             /* those that come back unserved are served again by the test */
};

/* Without a wire. `capacity`: of the clients' and destinations' connections. */
void world_begin(struct relay_world *world, size_t capacity, unsigned resume_ms);
void world_end(struct relay_world *world); /* asserts that nothing is left */

/* A client of a service with the destination 127.0.0.1:`port`; zero it first. */
void world_client(struct relay_world *world, struct world_client *client, const struct service_terms_plan *plan,
                  unsigned port);
/* Its service has these destinations from now on. */
void world_offer_twice(struct relay_world *world, struct world_client *client, const char *first, const char *second);
void world_drop(struct world_client *client); /* it was not served, or came back and was kept */
void world_serve(struct relay_world *world, struct world_client *client);
void world_client_say(struct world_client *client, const char *text); /* it has arrived */
void world_accept(struct world_client *client); /* takes the connection that the agent must have begun */
void world_close(struct world_client *client);  /* both of the test's ends */

void world_step(struct relay_world *world, unsigned count); /* frames arrive, and loops turn */
/* So that all that the two have sent arrives where it is to arrive. */
void world_settle(struct relay_world *world, struct world_client *client);
void world_sweep(struct relay_world *world, uint64_t now_us);
unsigned world_relays(const struct relay_world *world, int end);

bool world_ends(struct relay_world *world); /* runs until no relay is left; false: some are */
/* Runs so, and expects that the client has come back once. */
void world_expect_over(struct relay_world *world, const struct world_client *client, enum client_outcome outcome);

/* Expects just these bytes at that end. */
void world_expect(evutil_socket_t end, const char *text);

#endif
