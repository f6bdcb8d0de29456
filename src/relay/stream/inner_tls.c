/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * inner_tls: see inner_tls.h.
 */
#include "config.h"

#include "relay/stream/inner_tls.h"

#include "lib/tls/shared_key.h"
#include "lib/tls/tls.h"

#include <limits.h>
#include <openssl/err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ANSWERS_MOST = 16 * 1024, /* bytes that reading has caused since the last record of ours: answers to key updates */
    EMPTY_MOST = 32           /* records without plaintext in one read */
};

struct inner_tls {
    struct defer_item later; /* first */
    struct inner_tls_options options;
    SSL *ssl;
    const struct iovec *parts; /* that were taken; the first byte that is not read is `skipped` behind the first one */
    int count;
    size_t skipped;
    uint8_t *kept; /* of the stream's bytes, before `parts` */
    size_t kept_from, kept_length, kept_room;
    size_t answers;
    uint64_t records;    /* written since the last change of the key */
    uint64_t started_us; /* its handshake, of which a visitor's waits for the peer's first bytes */
    char *detail;        /* of the fault; may be NULL */
    uint8_t state, fault;
    bool is_sending, lacks_memory, got_end, got_bytes;
};

/* ---- the BIO ---- */

static size_t read_kept(struct inner_tls *tls, char *to, size_t size) {
    size_t there = tls->kept_length - tls->kept_from, taken = there < size ? there : size;
    memcpy(to, tls->kept + tls->kept_from, taken);
    tls->kept_from += taken;
    if (tls->kept_from < tls->kept_length)
        return taken;
    free(tls->kept);
    tls->kept = NULL;
    tls->kept_from = tls->kept_length = tls->kept_room = 0;
    return taken;
}

static size_t read_part(struct inner_tls *tls, char *to, size_t size) {
    size_t there = tls->parts->iov_len - tls->skipped, taken = there < size ? there : size;
    memcpy(to, (const uint8_t *)tls->parts->iov_base + tls->skipped, taken);
    tls->skipped += taken;
    if (tls->skipped == tls->parts->iov_len) {
        tls->parts++;
        tls->count--;
        tls->skipped = 0;
    }
    return taken;
}

static int bio_read(BIO *bio, char *to, int size) {
    struct inner_tls *tls = BIO_get_data(bio);
    size_t wanted = size > 0 ? (size_t)size : 0, taken = 0;
    BIO_clear_retry_flags(bio);
    while (taken < wanted && (tls->kept || tls->count > 0))
        taken += (tls->kept ? read_kept : read_part)(tls, to + taken, wanted - taken);
    if (taken > 0)
        return (int)taken;
    BIO_set_retry_read(bio);
    return -1;
}

/* A peer that asks for answers without end is cut. */
static int bio_write(BIO *bio, const char *from, int size) {
    struct inner_tls *tls = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    tls->answers = tls->is_sending ? 0 : tls->answers + (size_t)size;
    if (tls->answers > ANSWERS_MOST)
        return -1;
    tls->lacks_memory = !tls->options.send(tls->options.send_context, (const uint8_t *)from, (size_t)size);
    return tls->lacks_memory ? -1 : size;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH || command == BIO_CTRL_DUP;
}

/* One immutable method per process, made at first use: BIO_METHOD cannot be a static constant. */
static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method;

static void make_method(void) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "munnel stream");
    if (!method)
        return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
}

/* ---- life ---- */

static void count(const struct inner_tls *tls, enum end_to_end_result result) {
    if (tls->options.counts)
        counter_add(&tls->options.counts[result], 1);
}

static bool attach(struct inner_tls *tls) {
    BIO *bio = CRYPTO_THREAD_run_once(&method_once, make_method) && method ? BIO_new(method) : NULL;
    if (!bio)
        return false;
    BIO_set_data(bio, tls);
    BIO_set_init(bio, 1);
    SSL_set_bio(tls->ssl, bio, bio);
    return true;
}

static void on_later(struct defer_item *item) {
    struct inner_tls *tls = (struct inner_tls *)item; /* its first member */
    tls->options.on_later(tls->options.send_context);
}

struct inner_tls *inner_tls_new(const struct inner_tls_options *options) {
    struct inner_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    tls->options = *options;
    tls->later.run = on_later;
    tls->ssl = tls_session(options->context, options->is_serving, NULL);
    if (tls->ssl && attach(tls))
        return tls;
    inner_tls_free(tls);
    return NULL;
}

void inner_tls_free(struct inner_tls *tls) {
    if (!tls)
        return;
    if (tls->state == INNER_TLS_SHAKING)
        count(tls, END_TO_END_CUT);
    defer_cancel(tls->options.later, &tls->later);
    SSL_free(tls->ssl);
    free(tls->kept);
    free(tls->detail);
    free(tls);
}

enum inner_tls_state inner_tls_state(const struct inner_tls *tls) {
    return tls->state;
}

bool inner_tls_is_serving(const struct inner_tls *tls) {
    return tls->options.is_serving;
}

const char *inner_tls_late(const struct inner_tls *tls, uint64_t now_us) {
    bool is_shaking = tls->options.is_serving || tls->got_bytes;
    uint64_t limit_ms = is_shaking ? INNER_TLS_MS : INNER_TLS_ANSWER_MS;
    if (tls->state == INNER_TLS_OPEN || tls->state == INNER_TLS_WAITING || now_us <= tls->started_us + limit_ms * 1000)
        return NULL;
    return is_shaking ? "its handshake took longer than 10 seconds" : "nothing came from the agent that serves";
}

void inner_tls_start(struct inner_tls *tls, uint64_t now_us) {
    tls->state = INNER_TLS_SHAKING;
    tls->started_us = now_us;
}

/* ---- faults ---- */

void inner_tls_fail(struct inner_tls *tls, enum end_to_end_result fault, const char *detail) {
    if (tls->state == INNER_TLS_FAILED)
        return;
    tls->state = INNER_TLS_FAILED;
    tls->fault = (uint8_t)fault;
    tls->detail = detail ? strdup(detail) : NULL;
    count(tls, fault);
}

enum end_to_end_result inner_tls_fault(const struct inner_tls *tls) {
    return tls->fault;
}

const char *inner_tls_detail(const struct inner_tls *tls) {
    return tls->detail ? tls->detail : "";
}

static void fail_by_openssl(struct inner_tls *tls) {
    static const enum end_to_end_result faults[] = {
        [SHARED_KEY_DIFFERS] = END_TO_END_KEY, [SHARED_KEY_CUT] = END_TO_END_CUT, [SHARED_KEY_TLS] = END_TO_END_TLS};
    struct error error = {""};
    enum shared_key_fault fault = shared_key_explain(tls->ssl, &error);
    if (tls->lacks_memory)
        inner_tls_fail(tls, END_TO_END_MEMORY, "out of memory");
    else
        inner_tls_fail(tls, faults[fault], error.text);
}

/* ---- the stream's bytes ---- */

void inner_tls_take(struct inner_tls *tls, const struct iovec *parts, int count) {
    tls->parts = parts;
    tls->count = count;
    tls->skipped = 0;
    while (tls->count > 0 && tls->parts->iov_len == 0) {
        tls->parts++;
        tls->count--;
    }
}

static size_t rest_of(const struct inner_tls *tls) {
    size_t length = 0;
    for (int i = 0; i < tls->count; i++)
        length += tls->parts[i].iov_len;
    return length - tls->skipped;
}

/* A peer may send each byte by itself: what is kept is moved once for as many bytes as it has already. */
static bool make_room(struct inner_tls *tls, size_t more) {
    if (more <= tls->kept_room - tls->kept_length)
        return true;
    size_t kept = tls->kept_length - tls->kept_from, room = 2 * (kept + more);
    if (kept > 0)
        memmove(tls->kept, tls->kept + tls->kept_from, kept);
    tls->kept_from = 0;
    tls->kept_length = kept;
    if (room <= tls->kept_room)
        return true;
    uint8_t *bytes = realloc(tls->kept, room);
    if (!bytes)
        return false;
    tls->kept = bytes;
    tls->kept_room = room;
    return true;
}

/* OpenSSL reads all that there is, but before it is started. */
bool inner_tls_keep(struct inner_tls *tls) {
    size_t rest = rest_of(tls);
    if (rest == 0)
        return true;
    if (!make_room(tls, rest))
        return false;
    while (tls->count > 0) {
        size_t n = read_part(tls, (char *)tls->kept + tls->kept_length, rest);
        tls->kept_length += n;
        rest -= n;
    }
    return true;
}

bool inner_tls_has_kept(const struct inner_tls *tls) {
    return tls->kept;
}

/* ---- the handshake ---- */

/* The first bytes of a visitor's peer: it has connected to the destination, which may have taken long. */
static void note_bytes(struct inner_tls *tls, uint64_t now_us) {
    if (tls->got_bytes || (!tls->kept && tls->count == 0))
        return;
    tls->got_bytes = true;
    if (!tls->options.is_serving)
        tls->started_us = now_us;
}

bool inner_tls_may_shake(struct inner_tls *tls, uint64_t now_us) {
    struct inner_tls_pace *pace = tls->options.pace;
    note_bytes(tls, now_us);
    if (now_us - pace->turn_us >= INNER_TLS_TURN_US)
        *pace = (struct inner_tls_pace){.turn_us = now_us};
    if (pace->steps < INNER_TLS_STEPS) {
        pace->steps++;
        return true;
    }
    defer_add(tls->options.later, &tls->later);
    return false;
}

bool inner_tls_shake(struct inner_tls *tls) {
    tls->is_sending = true;
    enum tls_step step = tls_handshake(tls->ssl);
    tls->is_sending = false;
    if (step == TLS_WANTS_TO_READ)
        return true;
    if (step == TLS_DONE && shared_key_is_proven(tls->ssl)) {
        tls->state = INNER_TLS_OPEN;
        count(tls, END_TO_END_DONE);
        if (!SSL_has_pending(tls->ssl))
            SSL_free_buffers(tls->ssl); /* the one for sending would stay, 16 KiB, until a record is sent */
        return true;
    }
    if (step == TLS_DONE)
        inner_tls_fail(tls, END_TO_END_KEY, "the other end has proved no key");
    else
        fail_by_openssl(tls);
    return false;
}

const char *inner_tls_cipher(const struct inner_tls *tls) {
    return tls->state == INNER_TLS_OPEN ? SSL_get_cipher_name(tls->ssl) : NULL;
}

/* ---- reading ---- */

/* An SSL_read has brought nothing; OpenSSL returns behind each record without plaintext. */
static enum inner_tls_found judge(struct inner_tls *tls, int result) {
    bool has_more = tls->kept || tls->count > 0;
    int code = SSL_get_error(tls->ssl, result);
    if (code == SSL_ERROR_WANT_READ)
        return has_more ? INNER_TLS_MORE : INNER_TLS_EMPTY;
    if (code == SSL_ERROR_ZERO_RETURN && !has_more) {
        tls->got_end = true;
        return INNER_TLS_END;
    }
    if (code == SSL_ERROR_ZERO_RETURN)
        inner_tls_fail(tls, END_TO_END_TLS, "bytes follow the end");
    else
        fail_by_openssl(tls);
    return INNER_TLS_BROKEN;
}

/* Until the scratch is full, or nothing is left. */
static enum inner_tls_found decrypt(struct inner_tls *tls, size_t *taken) {
    int empty = 0;
    while (*taken < tls->options.scratch_size) {
        size_t room = tls->options.scratch_size - *taken;
        ERR_clear_error();
        int n = SSL_read(tls->ssl, tls->options.scratch + *taken, room < INT_MAX ? (int)room : INT_MAX);
        if (n > 0) {
            *taken += (size_t)n;
            continue;
        }
        enum inner_tls_found found = judge(tls, n);
        if (found != INNER_TLS_MORE)
            return found;
        if (++empty > EMPTY_MOST) {
            inner_tls_fail(tls, END_TO_END_TLS, "records without bytes");
            return INNER_TLS_BROKEN;
        }
    }
    return INNER_TLS_MORE;
}

enum inner_tls_found inner_tls_read(struct inner_tls *tls, struct iovec *plain) {
    plain->iov_base = tls->options.scratch;
    plain->iov_len = 0;
    size_t taken = 0;
    enum inner_tls_found found = decrypt(tls, &taken);
    plain->iov_len = taken;
    return found;
}

bool inner_tls_got_end(const struct inner_tls *tls) {
    return tls->got_end;
}

/* ---- writing ---- */

uint8_t *inner_tls_scratch(const struct inner_tls *tls, size_t *size) {
    *size = tls->options.scratch_size;
    return tls->options.scratch;
}

void inner_tls_add_records(struct inner_tls *tls, uint64_t count) {
    tls->records += count;
}

bool inner_tls_write(struct inner_tls *tls, const uint8_t *bytes, size_t length) {
    size_t done = 0;
    tls_renew_key(tls->ssl, &tls->records);
    inner_tls_add_records(tls, 1);
    ERR_clear_error();
    tls->is_sending = true;
    bool is_written = SSL_write_ex(tls->ssl, bytes, length, &done) == 1 && done == length;
    tls->is_sending = false;
    if (!is_written)
        fail_by_openssl(tls);
    return is_written;
}

bool inner_tls_end(struct inner_tls *tls) {
    ERR_clear_error();
    tls->is_sending = true;
    bool is_sent = SSL_shutdown(tls->ssl) >= 0;
    tls->is_sending = false;
    if (!is_sent)
        fail_by_openssl(tls);
    return is_sent;
}
