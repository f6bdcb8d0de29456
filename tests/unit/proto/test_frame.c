/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_frame: every type at its smallest and largest, cut anywhere, and what no header may say.
 */
#include "config.h"

#include "unit.h"

#include "proto/frame.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    enum frame_type type;
    size_t smallest, largest;
    const char *name;
} types[] = {
#define ROW(name, code, smallest, largest) {FRAME_##name, smallest, largest, #name},
    FRAME_TYPES(ROW)
#undef ROW
};

/* A stream that the type may have. */
static uint32_t stream_of(enum frame_type type) {
    static const enum frame_type of_the_link[] = {FRAME_HELLO,   FRAME_WELCOME, FRAME_REJECT,
                                                  FRAME_CONTROL, FRAME_PING,    FRAME_PONG};
    for (size_t i = 0; i < sizeof of_the_link / sizeof of_the_link[0]; i++)
        if (of_the_link[i] == type)
            return 0;
    return 0xfffefdfc;
}

START_TEST(every_type_is_read_back_at_its_limits) {
    size_t lengths[] = {types[_i].smallest, types[_i].largest};
    uint32_t stream = stream_of(types[_i].type);
    uint8_t *buffer = calloc(1, FRAME_HEADER + FRAME_JSON_MAX);
    for (int i = 0; i < 2; i++) {
        struct frame frame;
        size_t taken = 0;
        ck_assert_uint_eq(frame_write_header(buffer, types[_i].type, stream, lengths[i]), FRAME_HEADER);
        ck_assert_int_eq(frame_parse(buffer, FRAME_HEADER + lengths[i], &frame, &taken), FRAME_OK);
        ck_assert_uint_eq(taken, FRAME_HEADER + lengths[i]);
        ck_assert_int_eq(frame.type, types[_i].type);
        ck_assert_uint_eq(frame.stream, stream);
        ck_assert_ptr_eq(frame.payload, buffer + FRAME_HEADER);
        ck_assert_uint_eq(frame.length, lengths[i]);
    }
    ck_assert_str_eq(frame_name(types[_i].type), types[_i].name);
    free(buffer);
}
END_TEST

START_TEST(a_length_outside_the_limits_is_known_from_the_header) {
    uint8_t header[FRAME_HEADER];
    struct frame frame;
    size_t taken;
    uint32_t stream = stream_of(types[_i].type);
    frame_write_header(header, types[_i].type, stream, types[_i].largest + 1);
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_BAD);
    frame_write_header(header, types[_i].type, stream, 0xffffff);
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_BAD);
    if (types[_i].smallest == 0)
        return;
    frame_write_header(header, types[_i].type, stream, types[_i].smallest - 1);
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_BAD);
}
END_TEST

/* Of the link: a relay's number; of a relay: none. The payload has not come. */
START_TEST(a_stream_in_the_wrong_place_is_known_from_the_header) {
    uint8_t header[FRAME_HEADER];
    struct frame frame;
    size_t taken;
    frame_write_header(header, types[_i].type, stream_of(types[_i].type) ? 0 : 1, types[_i].largest);
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_BAD);
    frame_write_header(header, types[_i].type, stream_of(types[_i].type) ? 0 : 1U << 31, types[_i].smallest);
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_BAD);
}
END_TEST

START_TEST(a_cut_frame_asks_for_what_is_missing) {
    uint8_t bytes[FRAME_HEADER + 10] = {0};
    struct frame frame;
    frame_write_header(bytes, FRAME_DATA, 1, 10);
    for (size_t length = 0; length < sizeof bytes; length++) {
        size_t taken = 0;
        ck_assert_int_eq(frame_parse(bytes, length, &frame, &taken), FRAME_INCOMPLETE);
        ck_assert_uint_eq(taken, length < FRAME_HEADER ? FRAME_HEADER : sizeof bytes);
    }
}
END_TEST

START_TEST(only_one_frame_is_taken_of_two) {
    uint8_t bytes[64];
    struct frame frame;
    size_t taken, first = frame_write_header(bytes, FRAME_FIN, 6, 0);
    frame_write_header(bytes + first, FRAME_RESET, 7, 0);
    ck_assert_int_eq(frame_parse(bytes, sizeof bytes, &frame, &taken), FRAME_OK);
    ck_assert_int_eq(frame.type, FRAME_FIN);
    ck_assert_uint_eq(frame.stream, 6);
    ck_assert_uint_eq(taken, first);
    ck_assert_int_eq(frame_parse(bytes + taken, sizeof bytes - taken, &frame, &taken), FRAME_OK);
    ck_assert_int_eq(frame.type, FRAME_RESET);
    ck_assert_uint_eq(frame.stream, 7);
}
END_TEST

START_TEST(length_and_stream_are_big_endian) {
    uint8_t bytes[FRAME_HEADER];
    static const uint8_t wire[] = {0x11, 0, 0xab, 0xcd, 1, 2, 3, 4};
    ck_assert_uint_eq(frame_write_header(bytes, FRAME_OPENED, 0x01020304, 0xabcd), sizeof wire);
    ck_assert_mem_eq(bytes, wire, sizeof wire);
}
END_TEST

START_TEST(unknown_types_are_skipped_from_0x80_and_bad_below) {
    for (unsigned type = 0; type < 256; type++) {
        uint8_t bytes[FRAME_HEADER + 8] = {(uint8_t)type, 0, 0, 8, 0, 0, 0, (uint8_t)(type & 1)};
        bool known = strcmp(frame_name((enum frame_type)type), "unknown") != 0;
        struct frame frame;
        size_t taken = 0;
        enum frame_status status = frame_parse(bytes, sizeof bytes, &frame, &taken);
        if (type >= 0x80) {
            ck_assert_int_eq(status, FRAME_SKIP);
            ck_assert_uint_eq(taken, sizeof bytes);
        } else if (!known)
            ck_assert_int_eq(status, FRAME_BAD);
    }
}
END_TEST

START_TEST(a_skipped_frame_has_a_limit_too) {
    uint8_t header[FRAME_HEADER] = {0x80, 1, 0, 1};
    struct frame frame;
    size_t taken;
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_BAD);
    header[3] = 0;
    ck_assert_int_eq(frame_parse(header, sizeof header, &frame, &taken), FRAME_INCOMPLETE);
    ck_assert_uint_eq(taken, FRAME_HEADER + FRAME_JSON_MAX);
}
END_TEST

START_TEST(a_refused_header_is_explained) {
    static const struct {
        uint8_t header[FRAME_HEADER];
        const char *text;
    } cases[] = {
        {{FRAME_PING, 0, 0, 9}, "malformed frame: PING of 9 bytes on stream 0"},
        {{FRAME_FIN, 0, 1, 0, 1, 2, 3, 4}, "malformed frame: FIN of 256 bytes on stream 16909060"},
        {{0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
         "malformed frame: type 0x00 of 16777215 bytes on stream 4294967295"},
        {{0xff, 1, 0, 1}, "malformed frame: type 0xff of 65537 bytes on stream 0"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[FRAME_TEXT];
        struct frame frame;
        size_t taken;
        ck_assert_int_eq(frame_parse(cases[i].header, FRAME_HEADER, &frame, &taken), FRAME_BAD);
        ck_assert_str_eq(frame_explain(cases[i].header, text), cases[i].text);
    }
}
END_TEST

START_TEST(a_full_data_frame_fills_a_tls_record) {
    ck_assert_int_eq(FRAME_HEADER + FRAME_DATA_MAX, 16384);
}
END_TEST

static TCase *parsing(void) {
    TCase *group = tcase_create("parsing");
    int count = (int)(sizeof types / sizeof types[0]);
    tcase_add_loop_test(group, every_type_is_read_back_at_its_limits, 0, count);
    tcase_add_loop_test(group, a_length_outside_the_limits_is_known_from_the_header, 0, count);
    tcase_add_loop_test(group, a_stream_in_the_wrong_place_is_known_from_the_header, 0, count);
    tcase_add_test(group, a_cut_frame_asks_for_what_is_missing);
    tcase_add_test(group, only_one_frame_is_taken_of_two);
    tcase_add_test(group, length_and_stream_are_big_endian);
    tcase_add_test(group, unknown_types_are_skipped_from_0x80_and_bad_below);
    tcase_add_test(group, a_skipped_frame_has_a_limit_too);
    tcase_add_test(group, a_refused_header_is_explained);
    tcase_add_test(group, a_full_data_frame_fills_a_tls_record);
    return group;
}

UNIT_MAIN("proto/frame", parsing)
