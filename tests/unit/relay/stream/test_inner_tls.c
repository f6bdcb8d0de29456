/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_inner_tls: two ends of a TLS within a stream, joined by memory.
 */
#include "config.h"

#include "relay/stream/inner_tls.h"

#include "fail_malloc.h"

#include "lib/tls/shared_key.h"
#include "lib/tls/tls.h"
#include "unit.h"

#include <string.h>

enum { SENT_MOST = 64 * 1024, NOW_US = 1000000 };

struct end {
    struct inner_tls *tls;
    uint8_t sent[SENT_MOST];
    size_t length;
};

static struct world {
    struct end visitor, serving;
    struct inner_tls_pace pace;
    uint8_t scratch[SENT_MOST];
} world;

static bool keep_sent(void *context, const uint8_t *bytes, size_t length) {
    struct end *end = context;
    ck_assert_uint_le(length, sizeof end->sent - end->length);
    memcpy(end->sent + end->length, bytes, length);
    end->length += length;
    return true;
}

static void begin_end(struct end *end, bool is_serving) {
    static const shared_key key = {1, 2, 3};
    struct error error;
    SSL_CTX *context = shared_key_context(is_serving, "ssh", &key, 1, &error);
    ck_assert_msg(context, "%s", error.text);
    end->tls = inner_tls_new(&(struct inner_tls_options){.context = context,
                                                         .is_serving = is_serving,
                                                         .send = keep_sent,
                                                         .send_context = end,
                                                         .scratch = world.scratch,
                                                         .scratch_size = sizeof world.scratch,
                                                         .pace = &world.pace});
    ck_assert_ptr_nonnull(end->tls);
    SSL_CTX_free(context);
}

static void setup(void) {
    memset(&world, 0, sizeof world);
    begin_end(&world.visitor, false);
    begin_end(&world.serving, true);
}

static void teardown(void) {
    inner_tls_free(world.visitor.tls);
    inner_tls_free(world.serving.tls);
}

/* What `from` has sent, in frames of so many bytes. */
static void deliver(struct end *from, struct end *to, size_t frame) {
    for (size_t done = 0, n; done < from->length; done += n) {
        n = from->length - done < frame ? from->length - done : frame;
        inner_tls_take(to->tls, &(struct iovec){.iov_base = from->sent + done, .iov_len = n}, 1);
        if (inner_tls_state(to->tls) == INNER_TLS_SHAKING)
            ck_assert(inner_tls_shake(to->tls));
        ck_assert(inner_tls_keep(to->tls));
    }
    from->length = 0;
}

static void start(struct end *end) {
    inner_tls_start(end->tls, NOW_US);
    inner_tls_take(end->tls, NULL, 0);
    ck_assert(inner_tls_shake(end->tls));
}

static void shake(void) {
    start(&world.visitor);
    start(&world.serving);
    for (int i = 0; i < 3; i++) {
        deliver(&world.visitor, &world.serving, SIZE_MAX);
        deliver(&world.serving, &world.visitor, SIZE_MAX);
    }
    ck_assert_int_eq(inner_tls_state(world.visitor.tls), INNER_TLS_OPEN);
    ck_assert_int_eq(inner_tls_state(world.serving.tls), INNER_TLS_OPEN);
}

static void expect(struct end *end, const uint8_t *bytes, size_t length) {
    struct iovec plain;
    inner_tls_take(end->tls, NULL, 0);
    ck_assert_int_eq(inner_tls_read(end->tls, &plain), INNER_TLS_EMPTY);
    ck_assert_mem_eq(plain.iov_base, bytes, length);
    ck_assert_uint_eq(plain.iov_len, length);
}

/* ---- what waits ---- */

/* It would be copied for each frame else, which a server may fill with one byte. */
START_TEST(frames_of_one_byte_that_wait_are_copied_a_few_times_only) {
    uint8_t bytes[4000];
    memset(bytes, 'x', sizeof bytes);
    shake();
    for (int i = 0; i < 4; i++)
        ck_assert(inner_tls_write(world.visitor.tls, bytes + i * 1000, 1000));
    fail_malloc_begin(1, 0);
    deliver(&world.visitor, &world.serving, 1);
    unsigned allocations = fail_malloc_counted();
    fail_malloc_end();
    ck_assert_uint_le(allocations, 16);
    expect(&world.serving, bytes, sizeof bytes);
    ck_assert(!inner_tls_has_kept(world.serving.tls));
}
END_TEST

/* The destination is being dialled: its agent has read nothing. */
START_TEST(a_handshake_that_has_waited_byte_by_byte_is_done) {
    start(&world.visitor);
    deliver(&world.visitor, &world.serving, 1);
    ck_assert(inner_tls_has_kept(world.serving.tls));
    start(&world.serving);
    ck_assert(!inner_tls_has_kept(world.serving.tls));
    deliver(&world.serving, &world.visitor, 1);
    ck_assert_int_eq(inner_tls_state(world.visitor.tls), INNER_TLS_OPEN);
}
END_TEST

/* Reading stops where the scratch is full. */
START_TEST(what_waits_behind_what_was_read_stays_in_order) {
    static uint8_t bytes[3 * SENT_MOST];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i / 1000);
    shake();
    size_t read = 0, written = 0;
    while (read < sizeof bytes) {
        struct iovec plain;
        for (int i = 0; i < 3 && written < sizeof bytes; i++, written += 16384)
            ck_assert(inner_tls_write(world.visitor.tls, bytes + written, 16384));
        deliver(&world.visitor, &world.serving, 1000);
        inner_tls_take(world.serving.tls, NULL, 0);
        ck_assert_int_ne(inner_tls_read(world.serving.tls, &plain), INNER_TLS_BROKEN);
        ck_assert_mem_eq(plain.iov_base, bytes + read, plain.iov_len);
        read += plain.iov_len;
    }
    ck_assert_uint_eq(read, sizeof bytes);
}
END_TEST

/* ---- deadlines ---- */

static void give(struct end *end, const uint8_t *bytes, size_t length, uint64_t now_us) {
    inner_tls_take(end->tls, &(struct iovec){.iov_base = (void *)(uintptr_t)bytes, .iov_len = length}, 1);
    ck_assert(inner_tls_may_shake(end->tls, now_us));
    ck_assert(inner_tls_shake(end->tls));
    ck_assert(inner_tls_keep(end->tls));
}

START_TEST(a_visitor_s_handshake_has_ten_seconds_from_the_first_byte_on) {
    enum { ANSWER_US = 50000000, HALF_US = 5000000 };
    start(&world.visitor);
    deliver(&world.visitor, &world.serving, SIZE_MAX);
    start(&world.serving);
    ck_assert_ptr_null(inner_tls_late(world.visitor.tls, ANSWER_US));
    give(&world.visitor, world.serving.sent, 10, ANSWER_US);
    give(&world.visitor, world.serving.sent + 10, 10, ANSWER_US + HALF_US);
    ck_assert_ptr_null(inner_tls_late(world.visitor.tls, ANSWER_US + INNER_TLS_MS * 1000));
    ck_assert_ptr_nonnull(strstr(inner_tls_late(world.visitor.tls, ANSWER_US + INNER_TLS_MS * 1000 + 1), "handshake"));
}
END_TEST

START_TEST(a_visitor_does_not_wait_without_end) {
    const uint64_t limit_us = NOW_US + INNER_TLS_ANSWER_MS * 1000ull;
    start(&world.visitor);
    ck_assert(inner_tls_may_shake(world.visitor.tls, NOW_US)); /* nothing has come */
    ck_assert_ptr_null(inner_tls_late(world.visitor.tls, limit_us));
    ck_assert_ptr_nonnull(strstr(inner_tls_late(world.visitor.tls, limit_us + 1), "nothing came"));
}
END_TEST

START_TEST(an_end_that_serves_has_ten_seconds_from_its_start_on) {
    const uint64_t limit_us = NOW_US + INNER_TLS_MS * 1000;
    ck_assert_ptr_null(inner_tls_late(world.serving.tls, UINT64_MAX)); /* the destination is being dialled */
    start(&world.serving);
    ck_assert_ptr_null(inner_tls_late(world.serving.tls, limit_us));
    ck_assert_ptr_nonnull(strstr(inner_tls_late(world.serving.tls, limit_us + 1), "handshake"));
}
END_TEST

static TCase *deadlines(void) {
    TCase *group = tcase_create("deadlines");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_visitor_s_handshake_has_ten_seconds_from_the_first_byte_on);
    tcase_add_test(group, a_visitor_does_not_wait_without_end);
    tcase_add_test(group, an_end_that_serves_has_ten_seconds_from_its_start_on);
    return group;
}

/* ---- keys ---- */

enum { KEY_UPDATE = 5 + 5 + 1 + 16 }; /* header, message, type, tag */

START_TEST(a_stream_outlives_its_keys) {
    static const uint8_t bytes[100] = {1, 2, 3};
    struct end *ends[] = {&world.visitor, &world.serving};
    shake();
    for (int i = 0; i < 6; i++) {
        struct end *from = ends[i % 2], *to = ends[1 - i % 2];
        inner_tls_add_records(from->tls, TLS_RECORDS_PER_KEY);
        ck_assert(inner_tls_write(from->tls, bytes, sizeof bytes));
        ck_assert_uint_eq(from->length, KEY_UPDATE + INNER_TLS_OVERHEAD + sizeof bytes);
        deliver(from, to, SIZE_MAX);
        expect(to, bytes, sizeof bytes);
        ck_assert_uint_eq(to->length, 0); /* no answer is requested */
        ck_assert(inner_tls_write(from->tls, bytes, sizeof bytes));
        ck_assert_uint_eq(from->length, INNER_TLS_OVERHEAD + sizeof bytes);
        deliver(from, to, SIZE_MAX);
        expect(to, bytes, sizeof bytes);
    }
}
END_TEST

static TCase *waiting(void) {
    TCase *group = tcase_create("waiting");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, frames_of_one_byte_that_wait_are_copied_a_few_times_only);
    tcase_add_test(group, a_handshake_that_has_waited_byte_by_byte_is_done);
    tcase_add_test(group, what_waits_behind_what_was_read_stays_in_order);
    return group;
}

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_checked_fixture(group, setup, teardown);
    tcase_add_test(group, a_stream_outlives_its_keys);
    return group;
}

UNIT_MAIN("relay/stream/inner_tls", waiting, deadlines, keys)
