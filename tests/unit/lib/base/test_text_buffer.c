/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_text_buffer: a text grows as it is written, and is whole or not there.
 */
#include "config.h"

#include "lib/base/text_buffer.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { PARTS = 1000, PART = 7 };

static bool memory_is_out;

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
    return memory_is_out ? NULL : __real_realloc(old, size);
}

START_TEST(parts_follow_each_other) {
    struct text_buffer buffer = {0};
    for (int i = 0; i < PARTS; i++)
        text_buffer_add(&buffer, "%06d\n", i);
    ck_assert_uint_eq(buffer.length, PARTS * PART);
    char *text = text_buffer_take(&buffer);
    ck_assert_uint_eq(strlen(text), PARTS * PART);
    for (int i = 0; i < PARTS; i++)
        ck_assert_int_eq(strtol(text + i * PART, NULL, 10), i);
    free(text);
}
END_TEST

/* Also where the text has just the size of the room. */
START_TEST(part_of_any_length_fits) {
    char part[600];
    for (size_t length = 0; length < sizeof part; length++) {
        struct text_buffer buffer = {0};
        memset(part, 'x', length);
        part[length] = '\0';
        text_buffer_add(&buffer, "%s", part);
        char *text = text_buffer_take(&buffer);
        ck_assert_str_eq(text, part);
        free(text);
    }
}
END_TEST

START_TEST(nothing_is_an_empty_text) {
    struct text_buffer buffer = {0};
    char *text = text_buffer_take(&buffer);
    ck_assert_str_eq(text, "");
    free(text);
}
END_TEST

START_TEST(without_memory_there_is_no_text) {
    struct text_buffer buffer = {0};
    text_buffer_add(&buffer, "the beginning");
    memory_is_out = true;
    text_buffer_add(&buffer, "%0500d", 1);
    memory_is_out = false;
    text_buffer_add(&buffer, "the end");
    ck_assert(buffer.is_lost);
    ck_assert_ptr_null(text_buffer_take(&buffer));
    ck_assert(!buffer.is_lost);
}
END_TEST

static TCase *buffers(void) {
    TCase *group = tcase_create("buffers");
    tcase_add_test(group, parts_follow_each_other);
    tcase_add_test(group, part_of_any_length_fits);
    tcase_add_test(group, nothing_is_an_empty_text);
    tcase_add_test(group, without_memory_there_is_no_text);
    return group;
}

UNIT_MAIN("lib/base/text_buffer", buffers)
