/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * socket_tls: see socket_tls.h.
 *
 * Reading ahead and collecting of records is the links' (relay/link/bio.h), in a scratch of the thread that clients
 * have for themselves: a link collects records over several turns of a relay, in between which a client is read.
 */
#include "config.h"

#include "relay/stream/socket_tls.h"

#include "lib/tls/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum {
    RECORD = 16384,           /* plaintext of the largest record */
    ANSWERS_MOST = 16 * 1024, /* bytes that wait and answer key updates and the like, of a peer that reads nothing */
    EMPTY_MOST = 32           /* records without plaintext in one read */
};

struct stream_tls {
    SSL *ssl;
    struct link_bio *bio; /* the SSL's */
    size_t written;       /* plaintext since all was sent the last time */
    size_t answers;       /* of the encrypted bytes that wait: those that reading has caused */
    uint64_t records;     /* written since the last change of the key */
    bool has_ended;       /* close_notify was sent, or waits */
    bool lacks_memory;    /* OpenSSL does */
};

/* ---- life ---- */

static bool put_back(struct link_bio *bio, struct evbuffer *early) {
    size_t length = early ? evbuffer_get_length(early) : 0;
    const void *bytes = length ? evbuffer_pullup(early, -1) : NULL;
    return !length || (bytes && link_bio_put_back(bio, bytes, length));
}

struct stream_tls *stream_tls_new(SSL_CTX *context, evutil_socket_t fd, struct link_bio_scratch *scratch,
                                  struct evbuffer *early) {
    BIO *bio = NULL;
    struct stream_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    tls->ssl = tls_session(context, true, NULL);
    tls->bio = tls->ssl ? link_bio_new(fd, scratch, &bio) : NULL;
    if (tls->bio)
        SSL_set_bio(tls->ssl, bio, bio);
    if (tls->bio && put_back(tls->bio, early))
        return tls;
    stream_tls_free(tls);
    return NULL;
}

void stream_tls_free(struct stream_tls *tls) {
    if (!tls)
        return;
    SSL_free(tls->ssl);
    free(tls);
}

SSL *stream_tls_ssl(const struct stream_tls *tls) {
    return tls->ssl;
}

void stream_tls_enter(struct stream_tls *tls, struct link_bio_scratch *scratch) {
    link_bio_use(tls->bio, scratch);
    link_bio_run_ahead(tls->bio);
}

void stream_tls_leave(struct stream_tls *tls) {
    link_bio_use(tls->bio, NULL);
}

/* Of a call of OpenSSL's that failed, with its errors. */
static void note_failure(struct stream_tls *tls) {
    tls->lacks_memory = ERR_GET_REASON(ERR_peek_error()) == ERR_R_MALLOC_FAILURE;
}

bool stream_tls_lacks_memory(const struct stream_tls *tls) {
    return tls->lacks_memory || link_bio_lacks_memory(tls->bio);
}

static enum stream_tls_found broken(const struct stream_tls *tls) {
    return stream_tls_lacks_memory(tls) ? STREAM_TLS_NO_MEMORY : STREAM_TLS_BROKEN;
}

/* ---- reading ---- */

/* An SSL_read has brought nothing. OpenSSL returns behind each record without plaintext. */
static enum stream_tls_found judge(struct stream_tls *tls, int result) {
    switch (SSL_get_error(tls->ssl, result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
        return link_bio_is_drained(tls->bio) ? STREAM_TLS_DRAINED : STREAM_TLS_MORE;
    case SSL_ERROR_ZERO_RETURN:
        return STREAM_TLS_END;
    default:
        note_failure(tls);
        return broken(tls); /* also a FIN without close_notify: the client, or something on the way, cut it */
    }
}

/* Until the parts are full, or nothing is left. */
static enum stream_tls_found decrypt(struct stream_tls *tls, struct iovec *parts, int count, size_t *taken) {
    int empty = 0;
    for (int i = 0; i < count;) {
        int room = parts[i].iov_len < INT_MAX ? (int)parts[i].iov_len : INT_MAX;
        ERR_clear_error();
        int n = SSL_read(tls->ssl, parts[i].iov_base, room);
        if (n <= 0) {
            enum stream_tls_found found = judge(tls, n);
            if (found != STREAM_TLS_MORE || ++empty > EMPTY_MOST)
                return found;
            continue;
        }
        *taken += (size_t)n;
        parts[i].iov_base = (uint8_t *)parts[i].iov_base + n;
        parts[i].iov_len -= (size_t)n;
        if (parts[i].iov_len == 0)
            i++;
        if (link_bio_is_drained(tls->bio) && !SSL_has_pending(tls->ssl))
            return STREAM_TLS_DRAINED; /* saves a read that would return EAGAIN */
    }
    return STREAM_TLS_MORE;
}

/* The answer to a key update, an alert, behind the `before` bytes that waited already. A peer that asks for answers and
 * reads none is cut. */
static bool send_answers(struct stream_tls *tls, size_t before) {
    if (link_bio_must_flush(tls->bio) && link_bio_flush(tls->bio) < 0)
        return false;
    size_t after = link_bio_parked(tls->bio);
    tls->answers += after > before ? after - before : 0;
    if (after == 0)
        tls->answers = 0;
    return tls->answers <= ANSWERS_MOST;
}

enum stream_tls_found stream_tls_read(struct stream_tls *tls, bool rdhup, struct iovec *parts, int count,
                                      size_t *taken) {
    size_t wanted = 0, before = stream_tls_backlog(tls);
    *taken = 0;
    for (int i = 0; i < count; i++)
        wanted += parts[i].iov_len;
    link_bio_read_at_most(tls->bio, wanted > RECORD ? wanted : RECORD);
    link_bio_begin_reading(tls->bio, rdhup);
    enum stream_tls_found found = decrypt(tls, parts, count, taken);
    if (found == STREAM_TLS_DRAINED && link_bio_is_empty(tls->bio))
        found = STREAM_TLS_EMPTY;
    if (!link_bio_end_reading(tls->bio))
        return STREAM_TLS_NO_MEMORY;
    if (send_answers(tls, before))
        return found;
    *taken = 0; /* they are worth nothing to a relay that is cut */
    return broken(tls);
}

/* ---- writing ---- */

void stream_tls_add_records(struct stream_tls *tls, uint64_t count) {
    tls->records += count;
}

/* False: out of memory, or OpenSSL refuses for good. */
static bool encrypt(struct stream_tls *tls, const void *bytes, size_t length) {
    size_t done = 0;
    if (length == 0)
        return true;
    tls_renew_key(tls->ssl, &tls->records);
    stream_tls_add_records(tls, length / RECORD + 1);
    ERR_clear_error();
    if (SSL_write_ex(tls->ssl, bytes, length, &done) == 1 && done == length)
        return true;
    note_failure(tls);
    return false;
}

/* Small parts go into one record: each costs its receiver 22 bytes and a call. */
static bool encrypt_parts(struct stream_tls *tls, const struct iovec *parts, int count) {
    uint8_t record[RECORD];
    for (int i = 0; i < count;) {
        size_t length = 0;
        int first = i;
        while (i < count && parts[i].iov_len <= sizeof record - length)
            length += parts[i++].iov_len;
        if (i - first <= 1) {
            i = first + 1;
            if (!encrypt(tls, parts[first].iov_base, parts[first].iov_len))
                return false;
            continue;
        }
        length = 0;
        for (int k = first; k < i; k++) {
            memcpy(record + length, parts[k].iov_base, parts[k].iov_len);
            length += parts[k].iov_len;
        }
        if (!encrypt(tls, record, length))
            return false;
    }
    return true;
}

static bool shut(struct stream_tls *tls) {
    if (tls->has_ended)
        return true;
    ERR_clear_error();
    tls->has_ended = SSL_shutdown(tls->ssl) >= 0;
    if (!tls->has_ended)
        note_failure(tls);
    return tls->has_ended;
}

bool stream_tls_write(struct stream_tls *tls, const struct iovec *parts, int count, bool is_last) {
    if (link_bio_parked(tls->bio) == 0)
        tls->written = 0;
    for (int i = 0; i < count; i++)
        tls->written += parts[i].iov_len;
    bool is_encrypted = encrypt_parts(tls, parts, count) && (!is_last || shut(tls));
    return link_bio_flush(tls->bio) >= 0 && is_encrypted;
}

size_t stream_tls_backlog(const struct stream_tls *tls) {
    return link_bio_parked(tls->bio);
}

/* What waits is at most so many bytes of plaintext, of which no more were written. */
size_t stream_tls_waiting(const struct stream_tls *tls) {
    size_t backlog = stream_tls_backlog(tls);
    return backlog < tls->written ? backlog : tls->written;
}

bool stream_tls_flush(struct stream_tls *tls) {
    if (link_bio_flush(tls->bio) < 0)
        return false;
    if (stream_tls_backlog(tls) == 0)
        tls->answers = 0;
    return true;
}

bool stream_tls_end(struct stream_tls *tls) {
    return tls->has_ended || (shut(tls) && link_bio_flush(tls->bio) >= 0);
}
