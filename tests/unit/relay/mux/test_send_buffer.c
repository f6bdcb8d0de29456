/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_send_buffer: what is kept until it is acknowledged.
 */
#include "config.h"

#include "relay/mux/send_buffer_fixture.h"

#include "unit.h"

#include <string.h>

/* ---- what is kept ---- */

START_TEST(an_empty_buffer_keeps_nothing_and_owns_nothing) {
    expect_run(0, 0, false);
    ck_assert(send_buffer_ack(&buffer, 0));
    ck_assert(!send_buffer_ack(&buffer, 1));
    append(0);
    send_buffer_commit(&buffer, 0);
    ck_assert_uint_eq(send_buffer_kept(&buffer), 0);
    ck_assert_uint_eq(memory.used, 0);
}
END_TEST

START_TEST(messages_follow_each_other_in_a_block_and_the_first_has_header_room) {
    append(100);
    ck_assert(send_buffer_append(&buffer, pattern + 100, 50));
    expect_run(0, 150, true);
    expect_run(100, 50, false);
    expect_run(150, 0, false);
    ck_assert_uint_eq(memory.used, SMALL_COST);
}
END_TEST

START_TEST(a_header_written_in_place_changes_no_kept_byte) {
    append(100);
    struct send_run run = send_buffer_peek(&buffer, 0);
    memset(run.bytes - SEND_BUFFER_HEADER, 0xff, SEND_BUFFER_HEADER);
    expect_run(0, 100, true);
    acknowledge(60);
    run = send_buffer_peek(&buffer, 60);
    ck_assert(run.has_header_room);
    memset(run.bytes - SEND_BUFFER_HEADER, 0xff, SEND_BUFFER_HEADER);
    expect_run(60, 40, true);
}
END_TEST

START_TEST(bulk_is_read_into_blocks_that_fill_a_record_each) {
    read_in(4 * SEND_BUFFER_RUN_MOST, pattern, 4 * SEND_BUFFER_RUN_MOST);
    for (int i = 0; i < 4; i++)
        expect_run((uint64_t)i * SEND_BUFFER_RUN_MOST, SEND_BUFFER_RUN_MOST, true);
    ck_assert_uint_eq(memory.used, 4 * LARGE_COST);
}
END_TEST

START_TEST(the_next_read_goes_on_in_the_block_that_has_room) {
    read_in(64 * KIB, pattern, SEND_BUFFER_RUN_MOST + 6000);
    read_in(64 * KIB, pattern + SEND_BUFFER_RUN_MOST + 6000, 20000);
    expect_run(SEND_BUFFER_RUN_MOST, SEND_BUFFER_RUN_MOST, true);
    expect_run(SEND_BUFFER_RUN_MOST + 6000, SEND_BUFFER_RUN_MOST - 6000, false);
    expect_run(2 * SEND_BUFFER_RUN_MOST, 26000 - SEND_BUFFER_RUN_MOST, true);
}
END_TEST

START_TEST(a_resumption_goes_back_to_any_kept_position) {
    read_in(256 * KIB, pattern, 200 * KIB);
    acknowledge(20000);
    for (uint64_t at = 20000; at < 200 * KIB; at += 9999)
        ck_assert_mem_eq(send_buffer_peek(&buffer, at).bytes, pattern + at, 1);
    expect_run(20000, 2 * SEND_BUFFER_RUN_MOST - 20000, true);
    expect_run(19999, 0, false);
}
END_TEST

START_TEST(sending_on_does_not_search) {
    append(200 * KIB);
    for (uint64_t at = 0; at < 200 * KIB; at += SEND_BUFFER_RUN_MOST)
        expect_run(at, at < 12 * SEND_BUFFER_RUN_MOST ? SEND_BUFFER_RUN_MOST : 200 * KIB - at, true);
    ck_assert_ptr_eq(buffer.cursor, buffer.last);
}
END_TEST

START_TEST(clearing_gives_all_back_and_begins_at_position_0) {
    append(200 * KIB);
    acknowledge(3);
    send_buffer_clear(&buffer);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(buffer.begin + buffer.sent + buffer.end, 0);
    append(10);
    expect_run(0, 10, true);
}
END_TEST

static TCase *keeping(void) {
    TCase *group = tcase_create("keeping");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, an_empty_buffer_keeps_nothing_and_owns_nothing);
    tcase_add_test(group, messages_follow_each_other_in_a_block_and_the_first_has_header_room);
    tcase_add_test(group, a_header_written_in_place_changes_no_kept_byte);
    tcase_add_test(group, bulk_is_read_into_blocks_that_fill_a_record_each);
    tcase_add_test(group, the_next_read_goes_on_in_the_block_that_has_room);
    tcase_add_test(group, a_resumption_goes_back_to_any_kept_position);
    tcase_add_test(group, sending_on_does_not_search);
    tcase_add_test(group, clearing_gives_all_back_and_begins_at_position_0);
    return group;
}

/* ---- acknowledgement ---- */

START_TEST(an_acknowledgement_frees_the_blocks_before_it) {
    append(3 * SEND_BUFFER_RUN_MOST);
    acknowledge(SEND_BUFFER_RUN_MOST - 1);
    ck_assert_uint_eq(memory.used, 3 * LARGE_COST);
    acknowledge(SEND_BUFFER_RUN_MOST);
    ck_assert_uint_eq(memory.used, 2 * LARGE_COST);
    ck_assert(send_buffer_ack(&buffer, SEND_BUFFER_RUN_MOST)); /* once more */
    acknowledge(3 * SEND_BUFFER_RUN_MOST);
    ck_assert_uint_eq(memory.used, 0);
    ck_assert_uint_eq(buffer.begin, 3 * SEND_BUFFER_RUN_MOST);
}
END_TEST

START_TEST(what_was_not_sent_cannot_be_acknowledged) {
    append(100);
    send_buffer_mark_sent(&buffer, 60);
    ck_assert(!send_buffer_ack(&buffer, 61));
    ck_assert_uint_eq(send_buffer_kept(&buffer), 100);
    ck_assert(send_buffer_ack(&buffer, 50));
    send_buffer_mark_sent(&buffer, 55); /* sent again after a resumption */
    ck_assert(send_buffer_ack(&buffer, 60));
    ck_assert(!send_buffer_ack(&buffer, UINT64_MAX));
}
END_TEST

START_TEST(what_was_acknowledged_cannot_be_taken_back) {
    append(100);
    acknowledge(60);
    ck_assert(!send_buffer_ack(&buffer, 59));
    ck_assert_uint_eq(buffer.begin, 60);
    expect_run(60, 40, true);
}
END_TEST

static TCase *acknowledging(void) {
    TCase *group = tcase_create("acknowledging");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, an_acknowledgement_frees_the_blocks_before_it);
    tcase_add_test(group, what_was_not_sent_cannot_be_acknowledged);
    tcase_add_test(group, what_was_acknowledged_cannot_be_taken_back);
    return group;
}

UNIT_MAIN("relay/mux/send_buffer", keeping, acknowledging)
