/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket: a test's own connections, and how a stream ended: an end of file and a reset are never the same.
 * Runs on: any thread. Owns: nothing; descriptors belong to the caller. All calls block, up to a deadline.
 */
#ifndef MUNNEL_SCENARIO_SOCKET_H
#define MUNNEL_SCENARIO_SOCKET_H

#include "harness/bytes.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum end {
    END_NONE,  /* still open (the wanted bytes came first) */
    END_FILE,  /* FIN: an end of file */
    END_RESET, /* RST */
    END_LATE,  /* nothing until the deadline */
    END_ERROR  /* anything else */
};
const char *end_name(enum end end);

int socket_listen(const char *address, uint16_t port, int backlog); /* "127.0.0.1", "::1", "unix:/path"; port 0: any */
uint16_t socket_port(int fd);
int socket_try(const char *address, uint16_t port);     /* connects: the descriptor, or -1 with errno */
int socket_connect(const char *address, uint16_t port); /* the same; fails the test when refused */
int socket_client(uint16_t port);                       /* to 127.0.0.1 */
bool socket_is_refused(uint16_t port);                  /* a connection to 127.0.0.1:port is refused */

bool socket_send(int fd, const void *data, size_t size,
                 unsigned ms); /* all of it; false when the peer is gone or late */
void socket_finish(int fd);    /* half-close */
void socket_reset(int fd);     /* close by RST */

/* Reads until `size` bytes are there (END_NONE) or the stream ended; *got is their number. */
enum end socket_read(int fd, void *data, size_t size, size_t *got, unsigned ms);
/* One read of what is there, at most `size`, once there is something. */
enum end socket_read_some(int fd, void *data, size_t size, size_t *got, unsigned ms);
/* Reads to the end, which `tally` (may be NULL) sees. */
enum end socket_drain(int fd, struct tally_result *tally, unsigned ms);
/* Waits for the end and lets bytes pass; END_LATE when it does not come in time. */
enum end socket_wait_end(int fd, unsigned ms);

/* Both ways at once: sends `length` bytes of the source `seed`, then FIN, while it reads to the end. */
struct exchange {
    uint64_t seed, length;
    size_t largest_write; /* writes of random sizes up to this; 0: large ones */
    struct tally_result sent, received;
    enum end end; /* of what was received */
    bool sent_all;
};
void socket_exchange(int fd, struct exchange *exchange, unsigned ms);

/* Whether a new connection to 127.0.0.1:port is echoed: one short question. */
bool socket_echoes(uint16_t port, unsigned ms);
/* The same on a connection that stays open: sends `text`, expects it back. */
bool socket_converse(int fd, const char *text, unsigned ms);
/* Connects, reads the few bytes that a destination sends to each client and closes; false without a clean end. */
bool socket_ask(uint16_t port, char *answer, size_t size, unsigned ms);

#endif
