/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * inner_tls: TLS within a stream, between the agents at its two ends, so that the server between them reads nothing.
 *
 * It has no socket: encrypted bytes come from the stream and go into it. Each direction ends by close_notify, for
 * itself; a stream that ends without one was cut. See docs/security.md, "End to end".
 * Runs on: the relay's thread. Owns: the SSL, what it cannot decrypt yet.
 * States: waiting (for the socket at this end) -> shaking -> open; any -> failed.
 */
#ifndef MUNNEL_RELAY_STREAM_INNER_TLS_H
#define MUNNEL_RELAY_STREAM_INNER_TLS_H

#include "lib/base/counter.h"
#include "lib/base/posix_types.h"
#include "lib/event/defer.h"
#include "relay/end_to_end.h"

#include <openssl/ssl.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    INNER_TLS_MS = 10000, /* for the handshake */
    /* For what comes before it at a visitor, whose peer may wait for an agent and dial: somewhat more than the server's
     * pending_timeout and connect_timeout can be, which it does not know. */
    INNER_TLS_ANSWER_MS = (3600 + 600 + 60) * 1000,
    INNER_TLS_OVERHEAD = 22 /* bytes that a record has beside its plaintext: header, type, tag */
};

enum inner_tls_state { INNER_TLS_WAITING, INNER_TLS_SHAKING, INNER_TLS_OPEN, INNER_TLS_FAILED };

/* Puts encrypted bytes into the stream. False: out of memory. It may not end the stream. */
typedef bool inner_tls_send(void *context, const uint8_t *bytes, size_t length);

/* A step of a handshake costs up to half a millisecond. A peer may ask for any number of them at once: these at most
 * are done in a turn of 10 ms, which leaves half of it to others. */
enum { INNER_TLS_STEPS = 16, INNER_TLS_TURN_US = 10000 };
struct inner_tls;

struct inner_tls_options {
    SSL_CTX *context; /* a shared_key_context() */
    bool is_serving;  /* its role in TLS is the server's */
    inner_tls_send *send;
    void *send_context;
    uint8_t *scratch; /* of the thread: what is decrypted, or is to be encrypted, for the moment */
    size_t scratch_size;
    struct inner_tls_pace *pace; /* of the thread */
    struct defer_queue *later;   /* of it, some milliseconds: where a step waits */
    void (*on_later)(void *send_context);
    counter *counts; /* of the thread, by enum end_to_end_result; NULL: none */
};
struct inner_tls *inner_tls_new(const struct inner_tls_options *options); /* NULL: out of memory */
void inner_tls_free(struct inner_tls *tls);                               /* NULL is fine */

enum inner_tls_state inner_tls_state(const struct inner_tls *tls);
bool inner_tls_is_serving(const struct inner_tls *tls);
const char *inner_tls_late(const struct inner_tls *tls, uint64_t now_us); /* what took too long; NULL: nothing */
void inner_tls_start(struct inner_tls *tls, uint64_t now_us);             /* shakes from now on */
/* From the stream: they are read until inner_tls_keep, which is to follow, and keeps the rest. */
void inner_tls_take(struct inner_tls *tls, const struct iovec *parts, int count);
bool inner_tls_keep(struct inner_tls *tls); /* false: out of memory */
bool inner_tls_has_kept(const struct inner_tls *tls);
/* May it go on with the handshake? False: not in this turn, and on_later follows. */
bool inner_tls_may_shake(struct inner_tls *tls, uint64_t now_us);
/* Goes on with the handshake as far as it goes. False: it has failed, see inner_tls_fail. */
bool inner_tls_shake(struct inner_tls *tls);

enum inner_tls_found {
    INNER_TLS_MORE,  /* the scratch is full */
    INNER_TLS_EMPTY, /* nothing is left */
    INNER_TLS_END,   /* close_notify */
    INNER_TLS_BROKEN /* it has failed */
};
enum inner_tls_found inner_tls_read(struct inner_tls *tls, struct iovec *plain);  /* in the scratch */
uint8_t *inner_tls_scratch(const struct inner_tls *tls, size_t *size);            /* to write from */
bool inner_tls_write(struct inner_tls *tls, const uint8_t *bytes, size_t length); /* a record. False: it has failed */
void inner_tls_add_records(struct inner_tls *tls, uint64_t count); /* as if they had been written with this key */
bool inner_tls_end(struct inner_tls *tls);                         /* close_notify. False: it has failed */
bool inner_tls_got_end(const struct inner_tls *tls);

/* It is over. Of the first time the fault counts; `detail` may be NULL. */
void inner_tls_fail(struct inner_tls *tls, enum end_to_end_result fault, const char *detail);
enum end_to_end_result inner_tls_fault(const struct inner_tls *tls);
const char *inner_tls_detail(const struct inner_tls *tls); /* of the fault; "" if it has none */
const char *inner_tls_cipher(const struct inner_tls *tls); /* "TLS_AES_128_GCM_SHA256", static; NULL: not open */

#endif
