/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_json_locate: the line and column of a value that a JSON pointer names.
 */
#include "config.h"

#include "lib/base/json.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const char text[] = "\xef\xbb\xbf{ // \"services\": [\n"
                           "  \"agents\": { \"ping\": 10 },\n"
                           "  \"services\": [ { \"name\": \"a, ]}\\\"\", \"listen\": [\":1\",\n"
                           "      \":2\"] },\n"
                           "    { \"name\": \"\xc3\xa4\", \"a/b~c\": true } ],\n"
                           "  \"empty\": []\n"
                           "}\n";

static const struct {
    const char *pointer;
    unsigned line, column;
} places[] = {
    {"", 1, 2},
    {"/agents", 2, 13},
    {"/agents/ping", 2, 23},
    {"/services", 3, 15},
    {"/services/0", 3, 17},
    {"/services/0/name", 3, 27},
    {"/services/0/listen", 3, 48},
    {"/services/0/listen/1", 4, 7},
    {"/services/1", 5, 5},
    {"/services/1/a~1b~0c", 5, 29},
    {"/services/1/listen", 5, 5},
    {"/services/2", 3, 15},
    {"/services/x", 3, 17},
    {"/empty/0", 6, 12},
    {"/nothing/below", 1, 2},
    {"no pointer", 1, 2},
};

START_TEST(a_value_has_its_line_and_column) {
    struct json_position at = json_locate(text, sizeof text - 1, places[_i].pointer);
    ck_assert_msg(at.line == places[_i].line && at.column == places[_i].column, "%s: %u:%u", places[_i].pointer,
                  at.line, at.column);
}
END_TEST

START_TEST(a_text_that_ends_anywhere_is_not_read_beyond) {
    for (size_t length = 0; length < sizeof text; length++) {
        char *part = malloc(length ? length : 1);
        memcpy(part, text, length);
        for (size_t i = 0; i < sizeof places / sizeof *places; i++)
            ck_assert_uint_ge(json_locate(part, length, places[i].pointer).line, 1);
        free(part);
    }
}
END_TEST

static TCase *locating(void) {
    TCase *group = tcase_create("locating");
    tcase_add_loop_test(group, a_value_has_its_line_and_column, 0, sizeof places / sizeof *places);
    tcase_add_test(group, a_text_that_ends_anywhere_is_not_read_beyond);
    return group;
}

UNIT_MAIN("lib/base/json_locate", locating)
