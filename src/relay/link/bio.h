/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bio: the socket BIO under every link.
 *
 * During the handshake, and while bufferevent_openssl has the link, it behaves like OpenSSL's own socket BIO. Once a
 * data link is taken over (link_bio_run_ahead) it reads ciphertext 256 KiB at a time into a buffer of the thread and
 * collects outgoing records there; one write sends them. What is left over in either direction is parked in the link's
 * own memory, so that an idle link owns none.
 *
 * Runs on: the link's thread. Owns: what it parks; not the descriptor, not the scratch.
 */
#ifndef MUNNEL_RELAY_LINK_BIO_H
#define MUNNEL_RELAY_LINK_BIO_H

#include <event2/util.h>
#include <openssl/bio.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINK_BIO_IN = 256 * 1024, LINK_BIO_OUT = 320 * 1024 }; /* out: what a turn writes, encrypted */

struct link_bio_scratch { /* one per thread */
    uint8_t in[LINK_BIO_IN];
    uint8_t out[LINK_BIO_OUT];
    size_t in_from, in_to; /* of the link that is reading now */
    size_t out_length;     /* of the link that is sending now */
};

struct link_bio; /* lives as long as its BIO */

/* *bio is the caller's. NULL when out of memory. */
struct link_bio *link_bio_new(evutil_socket_t fd, struct link_bio_scratch *scratch, BIO **bio);

/* Of another thread, from now on; NULL: of none for the moment, in which it may only be freed. */
void link_bio_use(struct link_bio *state, struct link_bio_scratch *scratch);
/* Before it runs ahead: bytes that were read from the descriptor already, and are read first. At most LINK_BIO_IN of
 * them, once. False: out of memory. */
bool link_bio_put_back(struct link_bio *state, const void *bytes, size_t length);
/* How much one read takes from now on: what a caller has no room for would be parked. */
void link_bio_read_at_most(struct link_bio *state, size_t size);

/* From now on: read ahead, collect writes. */
void link_bio_run_ahead(struct link_bio *state);

/* Brackets round a run of SSL_reads: bring back what was parked; park what is left. false: out of memory. */
/* `rdhup`: a FIN is known to be behind the data, so that a short read does not mean that nothing follows. */
void link_bio_begin_reading(struct link_bio *state, bool rdhup);
bool link_bio_end_reading(struct link_bio *state);
bool link_bio_is_drained(
    const struct link_bio *state); /* nothing is left here, nor, if the last read was short, in the kernel */
bool link_bio_is_empty(const struct link_bio *state); /* a read met EAGAIN or the end since link_bio_begin_reading */

/*
 * Sends what SSL_write left in the scratch; call it after every SSL_write or SSL_read, before another link uses the
 * thread's scratch. Returns the bytes still parked (0: all went to the kernel), or -1 when the connection is broken.
 */
ptrdiff_t link_bio_flush(struct link_bio *state);
bool link_bio_lacks_memory(const struct link_bio *state); /* by which it broke, here or in the kernel */
bool link_bio_must_flush(const struct link_bio *state);
size_t link_bio_parked(const struct link_bio *state);

#endif
