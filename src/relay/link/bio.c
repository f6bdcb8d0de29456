/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bio: see bio.h.
 */
#include "config.h"

#include "relay/link/bio.h"

#include "lib/net/sock.h"
#include "relay/flush.h"

#include <errno.h>
#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

struct link_bio {
    evutil_socket_t fd;
    bool run_ahead, broken;
    bool lacks_memory; /* that is why it is broken */
    bool rdhup;
    bool is_empty;
    bool drained; /* a read came back short: the socket is empty, and the next bytes bring an edge */
    struct link_bio_scratch *scratch;
    uint8_t *left;                 /* ciphertext read ahead and not yet decrypted, while another link has the scratch */
    size_t left_length, left_from; /* left_from: of what was put back, before it runs ahead */
    size_t most;                   /* of one read */
    struct evbuffer *out;          /* records the kernel would not take */
};

static ssize_t receive(struct link_bio *state, void *to, size_t size) {
    struct iovec part = {to, size};
    return sock_readv(state->fd, &part, 1);
}

static ssize_t transmit(struct link_bio *state, const void *from, size_t size) {
    struct iovec part = {(void *)from, size};
    return sock_writev(state->fd, &part, 1);
}

/* What was put back. */
static int read_left(struct link_bio *state, char *to, int size) {
    size_t there = state->left_length - state->left_from, taken = there < (size_t)size ? there : (size_t)size;
    memcpy(to, state->left + state->left_from, taken);
    state->left_from += taken;
    if (state->left_from < state->left_length)
        return (int)taken;
    free(state->left);
    state->left = NULL;
    state->left_length = state->left_from = 0;
    return (int)taken;
}

static int read_through(BIO *bio, struct link_bio *state, char *to, int size) {
    if (state->left)
        return read_left(state, to, size);
    ssize_t n = receive(state, to, (size_t)size);
    if (n < 0 && sock_would_block(errno))
        BIO_set_retry_read(bio);
    return (int)n;
}

static int read_ahead(BIO *bio, struct link_bio *state, char *to, int size) {
    struct link_bio_scratch *scratch = state->scratch;
    if (scratch->in_from == scratch->in_to) {
        if (state->drained) {
            BIO_set_retry_read(bio);
            return -1;
        }
        ssize_t n = receive(state, scratch->in, state->most);
        state->is_empty = n < 0 && sock_would_block(errno);
        if (state->is_empty)
            BIO_set_retry_read(bio);
        if (n <= 0)
            return (int)n;
        scratch->in_from = 0;
        scratch->in_to = (size_t)n;
        state->drained = (size_t)n < state->most && !state->rdhup;
    }
    size_t there = scratch->in_to - scratch->in_from;
    size_t taken = there < (size_t)size ? there : (size_t)size;
    memcpy(to, scratch->in + scratch->in_from, taken);
    scratch->in_from += taken;
    return (int)taken;
}

static int bio_read(BIO *bio, char *to, int size) {
    struct link_bio *state = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    return state->run_ahead ? read_ahead(bio, state, to, size) : read_through(bio, state, to, size);
}

/* By the errno of a system call. */
static void set_broken(struct link_bio *state, int error) {
    state->broken = true;
    state->lacks_memory = sock_lacks_memory(error);
}

/* Adds to what is parked: behind it, or the order of the records would be lost. */
static bool park(struct link_bio *state, const void *from, size_t size) {
    if (!state->out)
        state->out = evbuffer_new();
    if (!state->out || evbuffer_add(state->out, from, size))
        set_broken(state, ENOMEM);
    return !state->broken;
}

static void send_scratch(struct link_bio *state) {
    struct link_bio_scratch *scratch = state->scratch;
    size_t length = scratch->out_length;
    scratch->out_length = 0;
    ssize_t n = transmit(state, scratch->out, length);
    if (n < 0 && !sock_would_block(errno)) {
        set_broken(state, errno);
        return;
    }
    size_t sent = n < 0 ? 0 : (size_t)n;
    if (sent < length)
        park(state, scratch->out + sent, length - sent);
}

static int collect(struct link_bio *state, const char *from, int size) {
    struct link_bio_scratch *scratch = state->scratch;
    if (state->out && !state->broken)
        return park(state, from, (size_t)size) ? size : -1;
    if (scratch->out_length + (size_t)size > sizeof scratch->out) {
        send_scratch(state);
        return state->broken ? -1 : collect(state, from, size);
    }
    if (state->broken)
        return -1;
    memcpy(scratch->out + scratch->out_length, from, (size_t)size);
    scratch->out_length += (size_t)size;
    return size;
}

static int bio_write(BIO *bio, const char *from, int size) {
    struct link_bio *state = BIO_get_data(bio);
    BIO_clear_retry_flags(bio);
    if (state->run_ahead)
        return collect(state, from, size);
    ssize_t n = transmit(state, from, (size_t)size);
    if (n < 0 && sock_would_block(errno))
        BIO_set_retry_write(bio);
    return (int)n;
}

static long bio_control(BIO *bio, int command, long number, void *pointer) {
    (void)number;
    struct link_bio *state = BIO_get_data(bio);
    switch (command) {
    case BIO_C_GET_FD:
        if (pointer)
            *(int *)pointer = (int)state->fd; /* OpenSSL's type, also where a socket is wider: handles fit */
        return (int)state->fd;
    case BIO_CTRL_FLUSH:
    case BIO_CTRL_DUP:
        return 1;
    default:
        return 0;
    }
}

static int bio_destroy(BIO *bio) {
    struct link_bio *state = BIO_get_data(bio);
    if (!state)
        return 1;
    if (state->scratch)
        state->scratch->out_length = 0; /* the scratch is shared: these bytes must not leave on another link */
    if (state->out)
        evbuffer_free(state->out);
    free(state->left);
    free(state);
    BIO_set_data(bio, NULL);
    return 1;
}

/* One immutable method per process, made at first use: BIO_METHOD cannot be a static constant. */
static CRYPTO_ONCE method_once = CRYPTO_ONCE_STATIC_INIT;
static BIO_METHOD *method;

static void make_method(void) {
    method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK | BIO_TYPE_DESCRIPTOR, "munnel link");
    if (!method)
        return;
    BIO_meth_set_read(method, bio_read);
    BIO_meth_set_write(method, bio_write);
    BIO_meth_set_ctrl(method, bio_control);
    BIO_meth_set_destroy(method, bio_destroy);
}

struct link_bio *link_bio_new(evutil_socket_t fd, struct link_bio_scratch *scratch, BIO **bio) {
    if (!CRYPTO_THREAD_run_once(&method_once, make_method) || !method)
        return NULL;
    struct link_bio *state = calloc(1, sizeof *state);
    *bio = state ? BIO_new(method) : NULL;
    if (!*bio) {
        free(state);
        return NULL;
    }
    state->fd = fd;
    state->scratch = scratch;
    state->most = LINK_BIO_IN;
    BIO_set_data(*bio, state);
    BIO_set_init(*bio, 1);
    return state;
}

void link_bio_use(struct link_bio *state, struct link_bio_scratch *scratch) {
    state->scratch = scratch;
}

bool link_bio_put_back(struct link_bio *state, const void *bytes, size_t length) {
    state->left = length ? malloc(length) : NULL;
    if (state->left)
        memcpy(state->left, bytes, length);
    state->left_length = state->left ? length : 0;
    return state->left || !length;
}

void link_bio_read_at_most(struct link_bio *state, size_t size) {
    state->most = size < LINK_BIO_IN ? size : LINK_BIO_IN;
}

void link_bio_run_ahead(struct link_bio *state) {
    state->run_ahead = true;
}

void link_bio_begin_reading(struct link_bio *state, bool rdhup) {
    struct link_bio_scratch *scratch = state->scratch;
    state->drained = state->is_empty = false;
    state->rdhup = rdhup;
    scratch->in_from = 0;
    scratch->in_to = state->left_length - state->left_from;
    if (scratch->in_to > 0)
        memcpy(scratch->in, state->left + state->left_from, scratch->in_to);
    free(state->left);
    state->left = NULL;
    state->left_length = state->left_from = 0;
}

bool link_bio_end_reading(struct link_bio *state) {
    struct link_bio_scratch *scratch = state->scratch;
    size_t length = scratch->in_to - scratch->in_from;
    if (length == 0)
        return true;
    state->left = malloc(length);
    if (!state->left)
        return false;
    memcpy(state->left, scratch->in + scratch->in_from, length);
    state->left_length = length;
    scratch->in_from = scratch->in_to = 0;
    return true;
}

bool link_bio_is_drained(const struct link_bio *state) {
    return state->is_empty || (state->drained && state->scratch->in_from == state->scratch->in_to);
}

bool link_bio_is_empty(const struct link_bio *state) {
    return state->is_empty;
}

ptrdiff_t link_bio_flush(struct link_bio *state) {
    if (state->scratch->out_length > 0)
        send_scratch(state);
    if (state->out && !state->broken) {
        if (!flush_to_socket(state->out, state->fd, SIZE_MAX))
            set_broken(state, errno);
        if (evbuffer_get_length(state->out) == 0) {
            evbuffer_free(state->out);
            state->out = NULL;
        }
    }
    return state->broken ? -1 : (ptrdiff_t)link_bio_parked(state);
}

bool link_bio_lacks_memory(const struct link_bio *state) {
    return state->lacks_memory;
}

bool link_bio_must_flush(const struct link_bio *state) {
    return state->scratch->out_length > 0;
}

size_t link_bio_parked(const struct link_bio *state) {
    return state->out ? evbuffer_get_length(state->out) : 0;
}
