/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_open_memory: whatever comes after whatever, the memory reads what the parser reads.
 */
#include "config.h"

#include "proto/open_memory.h"

#include "unit.h"

#include <stdio.h>
#include <string.h>

static void check_same(struct open_memory *memory, const char *text, size_t length) {
    struct open_request wanted, got;
    struct error error = {""};
    int result = open_parse(&wanted, text, length, &error);
    ck_assert_msg(open_memory_parse(memory, &got, text, length, &error) == result, "%.*s", (int)length, text);
    if (result)
        return;
    ck_assert_str_eq(got.id, wanted.id);
    ck_assert_str_eq(got.service, wanted.service);
    ck_assert_str_eq(got.from, wanted.from);
    ck_assert_uint_eq(got.timeout_ms, wanted.timeout_ms);
    ck_assert_int_eq(got.to_count, wanted.to_count);
    for (int i = 0; i < got.to_count; i++)
        ck_assert_str_eq(got.to[i], wanted.to[i]);
    open_done(&wanted);
}

static size_t format(char text[600], const char *terms, unsigned number, const char *from, unsigned timeout_ms) {
    char id[32];
    snprintf(id, sizeof id, "00112233-%u", number);
    return open_format(text, 600, terms, id, from, timeout_ms);
}

START_TEST(usual_messages_are_recognised) {
    struct open_memory memory;
    struct open_request open;
    struct error error = {""};
    char text[600];
    open_memory_begin(&memory);
    const char *terms = "\"service\":\"web\",\"to\":[\"a:1\",\"b:2\"]";
    for (unsigned i = 1; i < 5; i++) {
        size_t length = format(text, terms, i * 7, "10.0.0.1:5000", i * 1000);
        ck_assert_int_eq(open_memory_parse(&memory, &open, text, length, &error), 0);
        ck_assert_uint_eq(open.timeout_ms, i * 1000);
        ck_assert_int_eq(open.to_count, 2);
        ck_assert(i == 1 || open.id == memory.id); /* the parser was not asked */
    }
    open_memory_end(&memory);
}
END_TEST

START_TEST(services_may_take_turns) {
    static const char *const terms[] = {"\"service\":\"a\",\"to\":[\"a:1\"]", "\"service\":\"b\",\"to\":[\"b:2\"]",
                                        "\"service\":\"a\",\"to\":[\"a:1\"]"};
    struct open_memory memory;
    char text[600];
    open_memory_begin(&memory);
    for (unsigned i = 0; i < 12; i++) {
        size_t length = format(text, terms[i % 3], i, "[::1]:1", 1000 + i);
        check_same(&memory, text, length);
    }
    open_memory_end(&memory);
}
END_TEST

/* The same on every machine. */
static size_t chance(unsigned *seed, size_t of) {
    *seed = *seed * 1103515245u + 12345u;
    return (*seed >> 16) % of;
}

START_TEST(a_changed_byte_never_makes_a_difference_to_the_parser) {
    static const char bytes[] = "\"\\{}[],:0019aZ \x01\x7f";
    struct open_memory memory;
    char text[600];
    unsigned seed = 7;
    open_memory_begin(&memory);
    for (int i = 0; i < 20000; i++) {
        size_t length = format(text, "\"service\":\"web\",\"to\":[\"a:1\"]", (unsigned)i, "10.0.0.1:5000", 10000);
        check_same(&memory, text, length); /* so that there is something to remember */
        for (int changes = (int)chance(&seed, 3); changes >= 0; changes--)
            text[chance(&seed, length)] = bytes[chance(&seed, sizeof bytes - 1)];
        check_same(&memory, text, chance(&seed, 4) ? length : chance(&seed, length + 1));
    }
    open_memory_end(&memory);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_test(group, usual_messages_are_recognised);
    tcase_add_test(group, services_may_take_turns);
    tcase_add_test(group, a_changed_byte_never_makes_a_difference_to_the_parser);
    return group;
}

UNIT_MAIN("proto/open_memory", reading)
