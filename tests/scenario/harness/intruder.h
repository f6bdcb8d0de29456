/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * intruder: a peer at the agent port, or a server of an agent's, that speaks TLS, and inside it any bytes that the test
 * sends. Runs on: a test's main thread. Owns: its connection.
 */
#ifndef MUNNEL_SCENARIO_INTRUDER_H
#define MUNNEL_SCENARIO_INTRUDER_H

#include "harness/socket.h"

struct intruder;

struct intruder_plan {
    uint16_t port;    /* on 127.0.0.1 */
    const char *alpn; /* "munnel/2"; NULL: none */
    int max_version;  /* TLS1_2_VERSION ...; 0: the newest */
};

/* Connects and shakes hands; NULL when the other side did not want to. */
struct intruder *intruder_new(const struct intruder_plan *plan);
/* The server's end of an agent's connection, by the certificate and key in these files; NULL when the agent did not
 * want to. Waits for the connection for `ms`. */
struct intruder *intruder_accept(int listener, const char *certificate, const char *key, unsigned ms);
void intruder_free(struct intruder *intruder); /* NULL is fine; closes without close_notify */

bool intruder_send(struct intruder *intruder, const void *data, size_t size);
bool intruder_send_header(struct intruder *intruder, uint8_t type, uint32_t stream, uint32_t length);
/* A frame whose header claims `length`, followed by `size` bytes; of stream 1 if its type is a relay's. */
bool intruder_send_frame(struct intruder *intruder, uint8_t type, uint32_t length, const void *payload, size_t size);
/* Reads until the other side closes: true within `ms`. What came first is at `text`, terminated. */
bool intruder_is_closed(struct intruder *intruder, char *text, size_t size, unsigned ms);
/*
 * A proof for this channel as 64 digits, made with a key of 64 digits: the one of the agents file, or that of a
 * session, which WELCOME brought. `role` is the proof's label.
 */
#define PROVE_AGENT       "munnel agent proof"
#define PROVE_SERVER      "munnel server proof"
#define PROVE_DATA        "munnel data proof"
#define PROVE_DATA_SERVER "munnel data server proof"
void intruder_prove(struct intruder *intruder, const char *role, const char *key, char proof[65]);
/* Reads one frame: its type, or -1. The payload is at `text`, terminated. */
int intruder_read_frame(struct intruder *intruder, char *text, size_t size, unsigned ms);

/* ---- frames of streams ---- */

enum { INTRUDER_OPEN = 0x10, INTRUDER_OPENED, INTRUDER_REFUSED, INTRUDER_DATA, INTRUDER_FIN, INTRUDER_RESET };
enum { INTRUDER_ACK = 0x17, INTRUDER_CONTINUE, INTRUDER_RESUME, INTRUDER_ENDED, INTRUDER_DATAGRAM };

/* Frames one behind the other, to be sent at once. Fails the test when they get too long. */
struct intruder_frames {
    size_t length;
    uint8_t bytes[65536];
};
void intruder_add(struct intruder_frames *frames, uint8_t type, uint32_t stream, const void *payload, size_t size);
void intruder_add_ack(struct intruder_frames *frames, uint32_t stream, uint64_t position);
/* CONTINUE or RESUME. */
void intruder_add_epoch(struct intruder_frames *frames, uint8_t type, uint32_t stream, uint32_t epoch,
                        uint64_t position);
/* Any frame of `stream`, or of one whose number is higher. */
struct intruder_part {
    uint8_t type;
    uint32_t higher, epoch;
    uint64_t position; /* of ENDED: how; of OPEN: the service, and `epoch` its flags */
    uint16_t size;     /* of others: zeros */
};
void intruder_add_part(struct intruder_frames *frames, const struct intruder_part *part, uint32_t stream);
bool intruder_send_frames(struct intruder *intruder, struct intruder_frames *frames); /* and empties them */
/* Lets other frames pass until one of this type comes: its stream, or 0 when none does. */
uint32_t intruder_await(struct intruder *intruder, uint8_t type, unsigned ms);

#endif
