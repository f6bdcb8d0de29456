/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_batch: what a batch reads of a socket, and that a lack of room is no end of the stream.
 */
#include "config.h"

#include "relay/link/batch.h"

#include "unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int ends[2];

static struct batch *empty_batch(void) {
    struct batch *batch = malloc(sizeof *batch);
    ck_assert_ptr_nonnull(batch);
    batch_begin(batch);
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends), 0);
    return batch;
}

static void put_away(struct batch *batch) {
    free(batch);
    close(ends[0]);
    close(ends[1]);
}

START_TEST(a_read_is_a_data_frame_of_its_stream) {
    static const uint8_t wire[] = {FRAME_DATA, 0, 0, 5, 0, 0, 0, 7, 'h', 'e', 'l', 'l', 'o'};
    struct batch *batch = empty_batch();
    ck_assert_int_eq(write(ends[1], "hello", 5), 5);
    ck_assert_int_eq(batch_read(batch, 7, ends[0], BATCH_READ), 5);
    ck_assert_uint_eq(batch->length, sizeof wire);
    ck_assert_mem_eq(batch->bytes, wire, sizeof wire);
    put_away(batch);
}
END_TEST

START_TEST(the_end_of_the_stream_is_zero) {
    struct batch *batch = empty_batch();
    shutdown(ends[1], SHUT_WR);
    ck_assert_int_eq(batch_read(batch, 7, ends[0], BATCH_READ), 0);
    ck_assert_uint_eq(batch->length, 0);
    put_away(batch);
}
END_TEST

START_TEST(a_full_batch_is_not_the_end_of_the_stream) {
    struct batch *batch = empty_batch();
    ck_assert_int_eq(write(ends[1], "hello", 5), 5);
    batch->length = sizeof batch->bytes - FRAME_HEADER;
    ck_assert_int_eq(batch_read(batch, 7, ends[0], BATCH_READ), -1);
    ck_assert_int_eq(errno, ENOBUFS);
    batch_begin(batch);
    ck_assert_int_eq(batch_read(batch, 7, ends[0], 0), -1);
    ck_assert_int_eq(batch_read(batch, 7, ends[0], BATCH_READ), 5);
    put_away(batch);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_test(group, a_read_is_a_data_frame_of_its_stream);
    tcase_add_test(group, the_end_of_the_stream_is_zero);
    tcase_add_test(group, a_full_batch_is_not_the_end_of_the_stream);
    return group;
}

UNIT_MAIN("relay/link/batch", reading)
