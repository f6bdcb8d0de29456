/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket_tls: the TLS of a stream's socket, where a service ends that of its clients.
 *
 * A close_notify is the end of a direction, as a FIN is without TLS, and a FIN without one is no end: the client was
 * cut. What is written is encrypted at once, so no write of OpenSSL's ever waits; what the kernel does not take waits
 * encrypted. A connection comes to a thread, and leaves it, with all that was read ahead: it may be given back to the
 * control plane and go on elsewhere.
 * Runs on: the thread of its socket; made, and freed while no thread has it, anywhere. Owns: the SSL with its BIO.
 */
#ifndef MUNNEL_RELAY_STREAM_SOCKET_TLS_H
#define MUNNEL_RELAY_STREAM_SOCKET_TLS_H

#include "lib/base/posix_types.h"
#include "relay/link/bio.h"

#include <event2/buffer.h>
#include <openssl/ssl.h>
#include <stdbool.h>

struct stream_tls;

/* The server's end. `early`: what was read of the descriptor already; may be NULL. NULL: out of memory. */
struct stream_tls *stream_tls_new(SSL_CTX *context, evutil_socket_t fd, struct link_bio_scratch *scratch,
                                  struct evbuffer *early);
void stream_tls_free(struct stream_tls *tls); /* NULL is fine */
SSL *stream_tls_ssl(const struct stream_tls *tls);

void stream_tls_enter(struct stream_tls *tls, struct link_bio_scratch *scratch); /* its handshake is done */
void stream_tls_leave(struct stream_tls *tls);

enum stream_tls_found {
    STREAM_TLS_MORE,    /* the parts are full, or something waits that takes time */
    STREAM_TLS_DRAINED, /* nothing is left; the last read of the descriptor was a short one, */
    STREAM_TLS_EMPTY,   /* or met EAGAIN */
    STREAM_TLS_END,     /* close_notify */
    STREAM_TLS_BROKEN,
    STREAM_TLS_NO_MEMORY
};
/* Into these parts, which are changed; *taken bytes came, whatever is behind them. `rdhup`: a FIN is known to be there.
 */
enum stream_tls_found stream_tls_read(struct stream_tls *tls, bool rdhup, struct iovec *parts, int count,
                                      size_t *taken);
/* All of it, by the kernel or kept; `is_last`: with its end. False: broken. */
bool stream_tls_write(struct stream_tls *tls, const struct iovec *parts, int count, bool is_last);
void stream_tls_add_records(struct stream_tls *tls, uint64_t count); /* as if they had been written with this key */
size_t stream_tls_waiting(const struct stream_tls *tls);    /* of what was written; never less than really waits */
size_t stream_tls_backlog(const struct stream_tls *tls);    /* encrypted, with what TLS has to say itself */
bool stream_tls_flush(struct stream_tls *tls);              /* false: broken */
bool stream_tls_end(struct stream_tls *tls);                /* sends close_notify, once. False: broken */
bool stream_tls_lacks_memory(const struct stream_tls *tls); /* by which it broke; else the client is gone */

#endif
