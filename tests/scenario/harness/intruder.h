/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * intruder: a peer at the agent port that speaks TLS, and inside it whatever the test sends.
 * Runs on: a test's main thread. Owns: its connection.
 */
#ifndef MUNNEL_SCENARIO_INTRUDER_H
#define MUNNEL_SCENARIO_INTRUDER_H

#include "harness/socket.h"

struct intruder;

struct intruder_plan {
    uint16_t port;        /* on 127.0.0.1 */
    const char *alpn;     /* "munnel/2"; NULL: none */
    int max_version;      /* TLS1_2_VERSION ...; 0: the newest */
    const char *identity; /* of a pre-shared key that it offers and that was never issued; NULL: none */
};

/* Connects and shakes hands; NULL when the other side did not want to. */
struct intruder *intruder_new(const struct intruder_plan *plan);
void intruder_free(struct intruder *intruder); /* NULL is fine; closes without close_notify */

bool intruder_send(struct intruder *intruder, const void *data, size_t size);
bool intruder_send_header(struct intruder *intruder, uint8_t type, uint8_t stream, uint32_t length);
/* A frame whose header claims `length`, followed by `size` bytes; of stream 1 if its type is a relay's. */
bool intruder_send_frame(struct intruder *intruder, uint8_t type, uint32_t length, const void *payload, size_t size);
/* Reads until the other side closes: true within `ms`. What came first is at `text`, terminated. */
bool intruder_is_closed(struct intruder *intruder, char *text, size_t size, unsigned ms);
/*
 * A proof for this channel as 64 digits, made with a key of 64 digits: the one of the agents file, or that of a
 * session, which WELCOME brought. `role` is the proof's label.
 */
#define PROVE_AGENT  "munnel agent proof"
#define PROVE_SERVER "munnel server proof"
#define PROVE_DATA   "munnel data proof"
void intruder_prove(struct intruder *intruder, const char *role, const char *key, char proof[65]);
/* Reads one frame: its type, or -1. The payload is at `text`, terminated. */
int intruder_read_frame(struct intruder *intruder, char *text, size_t size, unsigned ms);

#endif
