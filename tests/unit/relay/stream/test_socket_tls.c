/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_socket_tls: a client's socket with TLS over real TCP connections, against OpenSSL's own client: no byte is lost,
 * an end is an end, and a cut is none. Each test runs with TLS 1.2 and 1.3.
 */
#include "config.h"

#include "relay/stream/socket_tls.h"

#include "relay/stream/socket.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/net/socket_types.h"
#include "lib/tls/tls.h"
#include "lib/tls_pair.h"
#include "unit.h"

#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 10000, ROUNDS = 20, RECHECK_US = 1000, MANY = 1 << 20, PIECE = 60000, VERSIONS = 2 };

static struct link_bio_scratch scratches[2];

static struct world {
    struct event_base *base;
    struct defer_queue again, rechecks;
    struct stream_socket socket;
    evutil_socket_t there;
    SSL_CTX *context, *client_context;
    SSL *client; /* over `there` */
    uint8_t bytes[PIECE];
    uint8_t next; /* of the bytes that come, which count up */
    int flushed, broken, ended;
    size_t received;
} world;

/* ---- the world ---- */

static void take(size_t length) {
    for (size_t i = 0; i < length; i++)
        if (world.bytes[i] != world.next++)
            ck_abort_msg("byte %zu of a read is another one", i);
    world.received += length;
}

static void on_readable(struct stream_socket *socket) {
    size_t taken = 0;
    struct iovec parts[] = {{world.bytes, 10}, {world.bytes + 10, sizeof world.bytes - 10}};
    enum stream_socket_read found = stream_socket_read(socket, parts, 2, &taken);
    take(taken);
    world.broken += found == STREAM_SOCKET_BROKEN;
    world.ended += found == STREAM_SOCKET_END || found == STREAM_SOCKET_DATA_AND_END;
    if (found == STREAM_SOCKET_BROKEN)
        stream_socket_set_reading(socket, false);
}

static void on_flushed(struct stream_socket *socket) {
    (void)socket;
    world.flushed++;
}

static void on_broken(struct stream_socket *socket) {
    stream_socket_set_reading(socket, false);
    world.broken++;
}

static const struct stream_socket_events events = {on_readable, on_flushed, on_broken, NULL, NULL};

static SSL_CTX *service_context(void) {
    const char *const certificates[] = {server_pem}, *const keys[] = {server_key};
    struct error error;
    SSL_CTX *context = tls_service_context(&(struct tls_service_options){.certificates = certificates,
                                                                         .keys = keys,
                                                                         .count = 1,
                                                                         .key_count = 1,
                                                                         .allow_tls12 = true},
                                           &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

static void make_client(int version) {
    world.client_context = SSL_CTX_new(TLS_client_method());
    ck_assert_int_eq(SSL_CTX_set_min_proto_version(world.client_context, version), 1);
    ck_assert_int_eq(SSL_CTX_set_max_proto_version(world.client_context, version), 1);
    SSL_CTX_set_mode(world.client_context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    world.client = SSL_new(world.client_context);
    BIO *bio = BIO_new_socket((int)world.there, BIO_NOCLOSE);
    SSL_set_bio(world.client, bio, bio);
    SSL_set_connect_state(world.client);
}

static void shake(struct stream_tls *tls) {
    uint64_t until_us = clock_us() + SOON_MS * 1000ull;
    enum tls_step step = TLS_WANTS_TO_READ;
    int done = 0;
    while ((step != TLS_DONE || done != 1) && clock_us() < until_us) {
        ERR_clear_error();
        done = done == 1 ? 1 : SSL_do_handshake(world.client);
        step = step == TLS_DONE ? TLS_DONE : tls_handshake(stream_tls_ssl(tls));
        ck_assert_int_ne(step, TLS_FAILED);
    }
    ck_assert_int_eq(step, TLS_DONE);
    ck_assert_int_eq(done, 1);
}

static void attach(struct stream_tls *tls, evutil_socket_t fd, struct link_bio_scratch *scratch) {
    ck_assert(stream_socket_attach(&world.socket, world.base, fd, false, &events, NULL));
    stream_socket_set_tls(&world.socket, tls, scratch);
}

static void begin(int index) {
    evutil_socket_t here = -1;
    world = (struct world){.base = event_base_new(), .there = -1};
    defer_queue_init(&world.again, world.base, 0);
    defer_queue_init(&world.rechecks, world.base, RECHECK_US);
    unit_tcp_pair(&here, &world.there);
    stream_socket_init(&world.socket, &world.again, &world.rechecks);
    world.context = service_context();
    make_client(index ? TLS1_3_VERSION : TLS1_2_VERSION);
    struct stream_tls *tls = stream_tls_new(world.context, here, &scratches[0], NULL);
    ck_assert_ptr_nonnull(tls);
    shake(tls);
    stream_tls_leave(tls);
    attach(tls, here, &scratches[0]);
    stream_socket_set_reading(&world.socket, true);
}

static void end(void) {
    if (world.socket.fd >= 0)
        stream_socket_close(&world.socket, true);
    SSL_free(world.client);
    SSL_CTX_free(world.client_context);
    SSL_CTX_free(world.context);
    defer_queue_stop(&world.again);
    defer_queue_stop(&world.rechecks);
    sock_close(world.there);
    event_base_free(world.base);
}

/* Until the client has written, or read, so many bytes that count up from `first`, while the socket is served. Returns
 * how many there were before an end. */
static size_t client_write(size_t length, uint8_t first) {
    uint8_t part[5000];
    size_t done = 0;
    uint64_t until_us = clock_us() + SOON_MS * 1000ull;
    while (done < length && clock_us() < until_us) {
        size_t size = length - done < sizeof part ? length - done : sizeof part, written = 0;
        for (size_t i = 0; i < size; i++)
            part[i] = (uint8_t)(first + done + i);
        ERR_clear_error();
        if (SSL_write_ex(world.client, part, size, &written) == 1)
            done += written;
        else
            unit_run_rounds(world.base, 1);
    }
    return done;
}

static int client_error;

static size_t client_read(size_t length, uint8_t first) {
    uint8_t part[20000];
    size_t done = 0;
    uint64_t until_us = clock_us() + SOON_MS * 1000ull;
    client_error = SSL_ERROR_NONE;
    while (done < length && clock_us() < until_us) {
        ERR_clear_error();
        int got = SSL_read(world.client, part, sizeof part);
        for (int i = 0; i < got; i++) /* an assertion for each of millions of bytes takes seconds */
            if (part[i] != (uint8_t)(first + done + (size_t)i))
                ck_abort_msg("byte %zu is another one", done + (size_t)i);
        done += got > 0 ? (size_t)got : 0;
        client_error = got > 0 ? SSL_ERROR_NONE : SSL_get_error(world.client, got);
        if (client_error == SSL_ERROR_ZERO_RETURN || client_error == SSL_ERROR_SSL || client_error == SSL_ERROR_SYSCALL)
            break;
        if (client_error != SSL_ERROR_NONE)
            unit_run_rounds(world.base, 1);
    }
    return done;
}

static bool has_read(void *context) {
    return world.received >= *(size_t *)context;
}

static bool has_ended(void *context) {
    (void)context;
    return world.ended > 0;
}

static bool is_broken(void *context) {
    (void)context;
    return world.broken > 0;
}

static void await_read(size_t length) {
    ck_assert(unit_run_until(world.base, has_read, &length, SOON_MS));
}

/* ---- memory ---- */

static bool fails_next_buffer, fails_openssl;

struct evbuffer *__real_evbuffer_new(void);
struct evbuffer *__wrap_evbuffer_new(void);
struct evbuffer *__wrap_evbuffer_new(void) {
    bool has_failed = fails_next_buffer;
    fails_next_buffer = false;
    return has_failed ? NULL : __real_evbuffer_new();
}

static void *openssl_malloc(size_t size, const char *file, int line) {
    (void)file, (void)line;
    return fails_openssl ? NULL : malloc(size);
}

static void *openssl_realloc(void *old, size_t size, const char *file, int line) {
    (void)file, (void)line;
    return fails_openssl ? NULL : realloc(old, size);
}

static void openssl_free(void *memory, const char *file, int line) {
    (void)file, (void)line;
    free(memory);
}

/* Before OpenSSL has allocated anything. */
static void hook_openssl(void) {
    static bool is_hooked;
    if (!is_hooked)
        ck_assert_int_eq(CRYPTO_set_mem_functions(openssl_malloc, openssl_realloc, openssl_free), 1);
    is_hooked = true;
}

static bool write_record(void) {
    static uint8_t record[16000];
    return stream_socket_write(&world.socket, &(struct iovec){record, sizeof record}, 1, false);
}

START_TEST(a_write_without_memory_for_what_waits_is_not_the_client_s_reset) {
    begin(_i);
    fails_next_buffer = true;
    for (size_t written = 0; fails_next_buffer && write_record() && written < 64 * MANY;)
        written += 16000;
    ck_assert(!fails_next_buffer);
    ck_assert(world.socket.lacks_memory);
    end();
}
END_TEST

START_TEST(a_write_for_which_openssl_lacks_memory_is_not_the_client_s_reset) {
    begin(_i);
    fails_openssl = true;
    bool is_written = write_record();
    fails_openssl = false;
    ck_assert(!is_written);
    ck_assert(world.socket.lacks_memory);
    end();
}
END_TEST

static void read_without_memory(struct stream_socket *socket) {
    fails_openssl = true;
    on_readable(socket);
    fails_openssl = false;
}

START_TEST(a_read_for_which_openssl_lacks_memory_is_not_the_client_s_reset) {
    static const struct stream_socket_events poor = {read_without_memory, on_flushed, on_broken, NULL, NULL};
    begin(_i);
    stream_socket_set_events(&world.socket, &poor, NULL);
    ck_assert_uint_eq(client_write(1000, 0), 1000);
    ck_assert(unit_run_until(world.base, is_broken, NULL, SOON_MS));
    ck_assert(world.socket.lacks_memory);
    end();
}
END_TEST

/* Of a limited relay, whose bytes wait before they are encrypted. */
START_TEST(a_flush_without_memory_is_not_the_client_s_reset) {
    uint8_t bytes[100] = {0};
    begin(_i);
    stream_socket_meter(&world.socket);
    ck_assert(stream_socket_keep(&world.socket, &(struct iovec){bytes, sizeof bytes}, 1));
    fails_openssl = true;
    stream_socket_allow(&world.socket, sizeof bytes);
    fails_openssl = false;
    ck_assert_int_eq(world.broken, 1);
    ck_assert(world.socket.lacks_memory);
    end();
}
END_TEST

/* ---- bytes ---- */

START_TEST(bytes_of_any_number_arrive) {
    static const size_t lengths[] = {1, 9, 10, 11, 16383, 16384, 16385, MANY};
    size_t all = 0;
    begin(_i);
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        ck_assert_uint_eq(client_write(lengths[i], (uint8_t)all), lengths[i]);
        all += lengths[i];
        await_read(all);
    }
    ck_assert_uint_eq(world.received, all);
    ck_assert_int_eq(world.broken + world.ended, 0);
    end();
}
END_TEST

static void write_parts(const size_t *lengths, int count, size_t *written, bool is_last) {
    struct iovec parts[8];
    uint8_t *bytes = malloc(8 * 20000), *at = bytes;
    for (int i = 0; i < count; i++) {
        for (size_t k = 0; k < lengths[i]; k++)
            at[k] = (uint8_t)(*written)++;
        parts[i] = (struct iovec){at, lengths[i]};
        at += lengths[i];
    }
    ck_assert(stream_socket_write(&world.socket, parts, count, is_last));
    free(bytes);
}

START_TEST(parts_of_any_size_are_written_in_order) {
    static const size_t lengths[] = {1, 20, 16376, 8, 16384, 0, 8000, 9000};
    size_t written = 0;
    begin(_i);
    write_parts(lengths, 8, &written, false);
    ck_assert_uint_eq(client_read(written, 0), written);
    end();
}
END_TEST

START_TEST(small_parts_share_a_record) {
    static const size_t lengths[] = {10, 20, 30};
    size_t written = 0;
    uint8_t part[100];
    begin(_i);
    write_parts(lengths, 3, &written, false);
    int got = -1;
    for (uint64_t until_us = clock_us() + SOON_MS * 1000ull; got <= 0 && clock_us() < until_us;)
        got = SSL_read(world.client, part, sizeof part); /* of one record */
    ck_assert_int_eq(got, 60);
    end();
}
END_TEST

START_TEST(what_the_kernel_does_not_take_waits_and_follows) {
    static const size_t lengths[] = {16376, 16376, 16376, 16376};
    size_t written = 0;
    begin(_i);
    while (stream_socket_waiting(&world.socket) == 0 && written < 64 * MANY)
        write_parts(lengths, 4, &written, false);
    write_parts(lengths, 4, &written, false);
    size_t waiting = stream_socket_waiting(&world.socket);
    ck_assert_uint_ge(waiting, 4 * 16376); /* never less than what the client does not have */
    ck_assert_uint_le(waiting, 8 * 16376);
    ck_assert(!stream_socket_is_done(&world.socket));
    ck_assert_uint_eq(client_read(written, 0), written);
    unit_run_rounds(world.base, ROUNDS);
    ck_assert_int_ge(world.flushed, 1);
    ck_assert_uint_eq(stream_socket_waiting(&world.socket), 0);
    end();
}
END_TEST

/* A limit of bandwidth counts the bytes within TLS. */
START_TEST(no_more_is_written_than_is_allowed) {
    uint8_t bytes[40000];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)i;
    begin(_i);
    stream_socket_meter(&world.socket);
    ck_assert(stream_socket_keep(&world.socket, &(struct iovec){bytes, sizeof bytes}, 1));
    ck_assert(stream_socket_end(&world.socket));
    stream_socket_allow(&world.socket, 100);
    ck_assert_uint_eq(stream_socket_waiting(&world.socket), sizeof bytes - 100);
    ck_assert_uint_eq(client_read(100, 0), 100);
    ck_assert(!stream_socket_is_done(&world.socket));
    stream_socket_allow(&world.socket, sizeof bytes);
    ck_assert_uint_eq(client_read(sizeof bytes, 100), sizeof bytes - 100);
    ck_assert_int_eq(client_error, SSL_ERROR_ZERO_RETURN);
    ck_assert(stream_socket_is_done(&world.socket));
    end();
}
END_TEST

/* What is encrypted is written in any case: of the limit that comes then, nothing is spent for it. */
START_TEST(what_is_encrypted_already_is_not_allowed_twice) {
    static const size_t lengths[] = {16376, 16376, 16376, 16376};
    size_t written = 0;
    uint8_t more[100];
    begin(_i);
    while (stream_socket_waiting(&world.socket) == 0 && written < 64 * MANY)
        write_parts(lengths, 4, &written, false);
    stream_socket_meter(&world.socket);
    ck_assert_uint_eq(stream_socket_kept(&world.socket), 0);
    ck_assert_uint_eq(client_read(written, 0), written);
    for (size_t i = 0; i < sizeof more; i++)
        more[i] = (uint8_t)(written + i);
    ck_assert(stream_socket_keep(&world.socket, &(struct iovec){more, sizeof more}, 1));
    unit_run_rounds(world.base, ROUNDS);
    ck_assert_uint_eq(stream_socket_kept(&world.socket), sizeof more);
    stream_socket_allow(&world.socket, sizeof more);
    ck_assert_uint_eq(client_read(sizeof more, (uint8_t)written), sizeof more);
    ck_assert_uint_eq(world.socket.allowed, 0);
    end();
}
END_TEST

/* A relay that is refused by one agent goes on at another, perhaps on another thread. */
START_TEST(a_connection_goes_on_elsewhere_with_what_was_read_ahead) {
    size_t taken = 0;
    begin(_i);
    stream_socket_set_reading(&world.socket, false);
    for (size_t done = 0; done < 40000; done += 1000)
        ck_assert_uint_eq(client_write(1000, (uint8_t)done), 1000);
    struct iovec part = {world.bytes, 100};
    while (taken == 0)
        ck_assert_int_ne(stream_socket_read(&world.socket, &part, 1, &taken), STREAM_SOCKET_BROKEN);
    take(taken);
    evutil_socket_t fd = stream_socket_detach(&world.socket);
    struct stream_tls *tls = stream_socket_take_tls(&world.socket);
    memset(&scratches[0], 0, sizeof scratches[0]);
    stream_socket_init(&world.socket, &world.again, &world.rechecks);
    attach(tls, fd, &scratches[1]);
    stream_socket_set_reading(&world.socket, true);
    await_read(40000);
    end();
}
END_TEST

/* The listener has read them to see for whom they are. */
START_TEST(bytes_that_were_read_before_come_first) {
    evutil_socket_t here = -1;
    char hello[64];
    begin(_i);
    SSL_free(world.client);
    SSL_CTX_free(world.client_context);
    sock_close(world.there);
    stream_socket_close(&world.socket, true);
    unit_tcp_pair(&here, &world.there);
    make_client(_i ? TLS1_3_VERSION : TLS1_2_VERSION);
    (void)SSL_do_handshake(world.client);
    ck_assert(sock_wait(here, POLLIN, clock_ms() + SOON_MS) != 0);
    struct iovec part = {hello, sizeof hello};
    ck_assert_int_eq(sock_readv(here, &part, 1), (ssize_t)sizeof hello);
    struct evbuffer *early = evbuffer_new();
    evbuffer_add(early, hello, sizeof hello);
    struct stream_tls *tls = stream_tls_new(world.context, here, &scratches[0], early);
    evbuffer_free(early);
    shake(tls);
    attach(tls, here, &scratches[0]);
    stream_socket_set_reading(&world.socket, true);
    ck_assert_uint_eq(client_write(100, 0), 100);
    await_read(100);
    end();
}
END_TEST

/* ---- ends ---- */

START_TEST(close_notify_is_the_end_of_one_direction) {
    static const size_t lengths[] = {5000};
    size_t written = 0;
    begin(_i);
    ck_assert_uint_eq(client_write(1000, 0), 1000);
    ck_assert_int_ge(SSL_shutdown(world.client), 0);
    ck_assert(unit_run_until(world.base, has_ended, NULL, SOON_MS));
    ck_assert_uint_eq(world.received, 1000);
    write_parts(lengths, 1, &written, true); /* the answer, behind the end of the question */
    ck_assert(stream_socket_end(&world.socket));
    ck_assert(stream_socket_is_done(&world.socket));
    stream_socket_close(&world.socket, false);
    ck_assert_uint_eq(client_read(written + 1, 0), written);
    ck_assert_int_eq(client_error, SSL_ERROR_ZERO_RETURN);
    ck_assert_int_eq(world.broken, 0);
    end();
}
END_TEST

START_TEST(our_end_comes_first_and_the_client_goes_on) {
    begin(_i);
    ck_assert(stream_socket_end(&world.socket));
    ck_assert(stream_socket_is_done(&world.socket));
    ck_assert_uint_eq(client_read(1, 0), 0);
    ck_assert_int_eq(client_error, SSL_ERROR_ZERO_RETURN);
    ck_assert_uint_eq(client_write(2000, 0), 2000);
    await_read(2000);
    ck_assert_int_ge(SSL_shutdown(world.client), 0);
    ck_assert(unit_run_until(world.base, has_ended, NULL, SOON_MS));
    end();
}
END_TEST

START_TEST(a_fin_without_close_notify_is_a_cut) {
    begin(_i);
    ck_assert_uint_eq(client_write(1000, 0), 1000);
    sock_half_close(world.there);
    ck_assert(unit_run_until(world.base, is_broken, NULL, SOON_MS));
    ck_assert_uint_eq(world.received, 1000);
    ck_assert_int_eq(world.ended, 0);
    end();
}
END_TEST

START_TEST(a_reset_is_noticed) {
    begin(_i);
    ck_assert_uint_eq(client_write(1000, 0), 1000);
    await_read(1000);
    sock_close_reset(world.there);
    world.there = -1;
    ck_assert(unit_run_until(world.base, is_broken, NULL, SOON_MS));
    ck_assert_int_eq(world.ended, 0);
    errno = ENOMEM; /* whatever it was before */
    ck_assert(!write_record());
    ck_assert(!world.socket.lacks_memory);
    end();
}
END_TEST

static bool has_come(void *context) {
    (void)context;
    return sock_wait(world.socket.fd, POLLIN, clock_ms()) != 0;
}

/* Nothing is read any more then, so that no read meets it. */
START_TEST(a_reset_that_meets_our_end_is_no_end) {
    begin(_i);
    ck_assert_int_ge(SSL_shutdown(world.client), 0);
    ck_assert(unit_run_until(world.base, has_ended, NULL, SOON_MS));
    sock_close_reset(world.there);
    world.there = -1;
    ck_assert(unit_wait_until(has_come, NULL, SOON_MS));
    ck_assert(!stream_socket_end(&world.socket));
    ck_assert(!stream_socket_is_done(&world.socket));
    end();
}
END_TEST

START_TEST(a_record_that_was_changed_on_the_way_is_a_cut) {
    static const char record[] = "\x17\x03\x03\x00\x20 these 32 bytes are no ciphertext";
    begin(_i);
    ck_assert_int_eq(unit_send(world.there, record, 37), 37);
    ck_assert(unit_run_until(world.base, is_broken, NULL, SOON_MS));
    ck_assert_uint_eq(world.received, 0);
    end();
}
END_TEST

/* ---- what TLS does by itself ---- */

START_TEST(new_keys_change_nothing) {
    begin(1);
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(SSL_key_update(world.client, SSL_KEY_UPDATE_REQUESTED), 1);
        ck_assert_uint_eq(client_write(3000, (uint8_t)(i * 3000)), 3000);
        await_read((size_t)(i + 1) * 3000);
        size_t written = 0;
        write_parts(&(size_t){100}, 1, &written, false);
        ck_assert_uint_eq(client_read(100, 0), 100);
    }
    ck_assert_int_eq(world.broken, 0);
    end();
}
END_TEST

static void count_updates(int is_sent, int version, int type, const void *bytes, size_t length, SSL *ssl,
                          void *updates) {
    (void)version, (void)ssl;
    bool is_update = type == SSL3_RT_HANDSHAKE && length > 0 && *(const uint8_t *)bytes == SSL3_MT_KEY_UPDATE;
    *(int *)updates += !is_sent && is_update;
}

/* TLS 1.2 has no such thing. */
START_TEST(a_connection_outlives_its_key) {
    int updates = 0;
    begin(_i);
    SSL_set_msg_callback(world.client, count_updates);
    SSL_set_msg_callback_arg(world.client, &updates);
    for (int i = 0; i < 3; i++) {
        size_t written = 0;
        stream_tls_add_records(world.socket.tls, TLS_RECORDS_PER_KEY);
        for (int k = 0; k < 2; k++) {
            write_parts(&(size_t){100}, 1, &written, false);
            ck_assert_uint_eq(client_read(100, (uint8_t)(100 * k)), 100);
        }
    }
    ck_assert_int_eq(updates, _i == 1 ? 3 : 0);
    ck_assert_int_eq(world.broken, 0);
    end();
}
END_TEST

START_TEST(answers_that_are_not_read_end_the_connection) {
    size_t backlog, written = 0;
    begin(1);
    while (stream_socket_waiting(&world.socket) == 0 && written < 64 * MANY)
        write_parts((const size_t[]){16376, 16376}, 2, &written, false);
    backlog = stream_tls_backlog(world.socket.tls);
    for (int i = 0; i < 5000 && !world.broken; i++) {
        SSL_key_update(world.client, SSL_KEY_UPDATE_REQUESTED);
        (void)SSL_do_handshake(world.client);
        unit_run_rounds(world.base, 1);
    }
    ck_assert_int_gt(world.broken, 0);
    ck_assert_uint_le(stream_tls_backlog(world.socket.tls), backlog + 32 * 1024);
    end();
}
END_TEST

START_TEST(renegotiation_is_refused) {
    size_t written = 0;
    begin(0);
    ck_assert_int_eq(SSL_renegotiate(world.client), 1);
    (void)SSL_do_handshake(world.client);
    unit_run_rounds(world.base, ROUNDS);
    write_parts(&(size_t){100}, 1, &written, false);
    ck_assert_uint_eq(client_read(100, 0), 0);
    ck_assert_int_eq(client_error, SSL_ERROR_SSL);
    ck_assert_int_eq(ERR_GET_REASON(ERR_peek_last_error()), SSL_R_NO_RENEGOTIATION);
    end();
}
END_TEST

static TCase *begin_group(const char *name) {
    TCase *group = tcase_create(name);
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_set_timeout(group, 60);
    return group;
}

static TCase *memory(void) {
    TCase *group = tcase_create("memory");
    tcase_add_checked_fixture(group, hook_openssl, NULL);
    tcase_add_checked_fixture(group, pair_setup, NULL);
    tcase_set_timeout(group, 60);
    tcase_add_loop_test(group, a_write_without_memory_for_what_waits_is_not_the_client_s_reset, 0, VERSIONS);
    tcase_add_loop_test(group, a_write_for_which_openssl_lacks_memory_is_not_the_client_s_reset, 0, VERSIONS);
    tcase_add_loop_test(group, a_read_for_which_openssl_lacks_memory_is_not_the_client_s_reset, 0, VERSIONS);
    tcase_add_loop_test(group, a_flush_without_memory_is_not_the_client_s_reset, 0, VERSIONS);
    return group;
}

static TCase *bytes(void) {
    TCase *group = begin_group("bytes");
    tcase_add_loop_test(group, bytes_of_any_number_arrive, 0, VERSIONS);
    tcase_add_loop_test(group, parts_of_any_size_are_written_in_order, 0, VERSIONS);
    tcase_add_loop_test(group, small_parts_share_a_record, 0, VERSIONS);
    tcase_add_loop_test(group, what_the_kernel_does_not_take_waits_and_follows, 0, VERSIONS);
    tcase_add_loop_test(group, no_more_is_written_than_is_allowed, 0, VERSIONS);
    tcase_add_loop_test(group, what_is_encrypted_already_is_not_allowed_twice, 0, VERSIONS);
    tcase_add_loop_test(group, a_connection_goes_on_elsewhere_with_what_was_read_ahead, 0, VERSIONS);
    tcase_add_loop_test(group, bytes_that_were_read_before_come_first, 0, VERSIONS);
    return group;
}

static TCase *ends(void) {
    TCase *group = begin_group("ends");
    tcase_add_loop_test(group, close_notify_is_the_end_of_one_direction, 0, VERSIONS);
    tcase_add_loop_test(group, our_end_comes_first_and_the_client_goes_on, 0, VERSIONS);
    tcase_add_loop_test(group, a_fin_without_close_notify_is_a_cut, 0, VERSIONS);
    tcase_add_loop_test(group, a_reset_is_noticed, 0, VERSIONS);
    tcase_add_loop_test(group, a_reset_that_meets_our_end_is_no_end, 0, VERSIONS);
    tcase_add_loop_test(group, a_record_that_was_changed_on_the_way_is_a_cut, 0, VERSIONS);
    return group;
}

static TCase *itself(void) {
    TCase *group = begin_group("itself");
    tcase_add_test(group, new_keys_change_nothing);
    tcase_add_loop_test(group, a_connection_outlives_its_key, 0, VERSIONS);
    tcase_add_test(group, answers_that_are_not_read_end_the_connection);
    tcase_add_test(group, renegotiation_is_refused);
    return group;
}

UNIT_MAIN("relay/stream/socket_tls", memory, bytes, ends, itself)
