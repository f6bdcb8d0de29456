/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_line: what a line looks like, and what a peer cannot do to it.
 */
#include "config.h"

#include "lib/log/log_line.h"
#include "unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const struct log_style as_text = {LOG_FORMAT_TEXT, false, false}, as_json = {LOG_FORMAT_JSON, false, false};

/* The line with a time of nothing but 't', terminated. */
static char *make(struct log_style style, enum log_level level, const char *who, const char *what,
                  const struct log_field *fields) {
    static char text[LOG_LINE_SIZE + 1];
    memset(text, '#', sizeof text);
    size_t length = log_line_make(text, style, level, who, what, fields);
    ck_assert_uint_le(length, LOG_LINE_SIZE);
    ck_assert_int_eq(text[LOG_LINE_SIZE], '#');
    text[length] = '\0';
    size_t time_at;
    if (log_line_time_at(style, &time_at))
        memset(text + time_at, 't', LOG_TIME_LENGTH);
    return text;
}

#define TIME "tttttttttttttttttttttttt"

START_TEST(text_is_as_promised) {
    ck_assert_str_eq(make(as_text, LOG_LEVEL_INFO, "relay 3f2a-17", "ended",
                          LOG_FIELDS(LOG_TEXT("service", "WinVNC"), LOG_NUMBER("up", 1200))),
                     TIME " info    relay 3f2a-17  ended service=WinVNC up=1200\n");
    ck_assert_str_eq(make(as_text, LOG_LEVEL_WARNING, NULL, "hot", NULL), TIME " warning hot\n");
    ck_assert_str_eq(make(as_text, LOG_LEVEL_ERROR, "server", "", LOG_FIELDS(LOG_NUMBER("n", UINT64_MAX))),
                     TIME " error   server   n=18446744073709551615\n");
}
END_TEST

START_TEST(colour_wraps_the_level_only) {
    const struct log_style coloured = {LOG_FORMAT_TEXT, true, false};
    ck_assert_str_eq(make(coloured, LOG_LEVEL_INFO, "a", "b", NULL), TIME " \033[32minfo\033[0m    a  b\n");
}
END_TEST

START_TEST(the_journal_is_told_how_grave_a_line_is_and_keeps_the_time_itself) {
    static const char *const gravities[] = {"<3>error   ", "<4>warning ", "<6>info    ", "<7>debug   "};
    const struct log_style text = {LOG_FORMAT_TEXT, false, true}, json = {LOG_FORMAT_JSON, false, true};
    for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        char expected[64];
        snprintf(expected, sizeof expected, "%sserver  hot\n", gravities[level]);
        ck_assert_str_eq(make(text, level, "server", "hot", NULL), expected);
    }
    ck_assert_str_eq(make(json, LOG_LEVEL_WARNING, "server", "hot", NULL),
                     "<4>{\"time\":\"" TIME "\",\"level\":\"warning\",\"who\":\"server\",\"event\":\"hot\"}\n");
}
END_TEST

static const struct value {
    const char *value, *text, *json;
} values[] = {
    {"plain", "plain", "\"plain\""},
    {"", "\"\"", "\"\""},
    {"a b", "\"a b\"", "\"a b\""},
    {"a=b", "\"a=b\"", "\"a=b\""},
    {"a\"b", "\"a\\\"b\"", "\"a\\\"b\""},
    {"a\\b", "a\\\\b", "\"a\\\\b\""},
    {"a\nb\r\t", "\"a\\nb\\r\\t\"", "\"a\\nb\\r\\t\""},
    {"\033[2J", "\"\\x1b[2J\"", "\"\\u001b[2J\""},
    {"\x7f", "\\x7f", "\"\\u007f\""},
    {"gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
    {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80", "\"\xf0\x9f\x98\x80\""},
    {"\xc2\x9b"
     "2J",
     "\\u009b2J", "\"\\u009b2J\""},
    {"\xe2\x80\xae"
     "cod",
     "\\u202ecod", "\"\\u202ecod\""},
    {"\xff\xfe", "\\xff\\xfe", "\"\\\\xff\\\\xfe\""},
    {"\xc0\xaf", "\\xc0\\xaf", "\"\\\\xc0\\\\xaf\""},
    {"\xed\xa0\x80", "\\xed\\xa0\\x80", "\"\\\\xed\\\\xa0\\\\x80\""},
    {"\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80", "\"\\\\xf4\\\\x90\\\\x80\\\\x80\""},
    {"cut \xe2\x82", "\"cut \\xe2\\x82\"", "\"cut \\\\xe2\\\\x82\""},
};

START_TEST(values_are_quoted_and_escaped) {
    const struct value *row = &values[_i];
    char expected[256];
    snprintf(expected, sizeof expected, TIME " debug   w  e v=%s\n", row->text);
    ck_assert_str_eq(make(as_text, LOG_LEVEL_DEBUG, "w", "e", LOG_FIELDS(LOG_TEXT("v", row->value))), expected);
    snprintf(expected, sizeof expected,
             "{\"time\":\"" TIME "\",\"level\":\"debug\",\"who\":\"w\",\"event\":\"e\",\"v\":%s}\n", row->json);
    ck_assert_str_eq(make(as_json, LOG_LEVEL_DEBUG, "w", "e", LOG_FIELDS(LOG_TEXT("v", row->value))), expected);
}
END_TEST

/* An agent that has proved nothing yet chooses its name. */
START_TEST(a_name_does_not_forge_the_rest_of_a_line) {
    static const struct {
        const char *who, *written;
    } names[] = {
        {"agent web 1", "agent web 1"},
        {"agent gr\xc3\xbc\xc3\x9f", "agent gr\xc3\xbc\xc3\x9f"},
        {"agent a  joined", "\"agent a  joined\""},
        {"agent a from=10.0.0.1", "\"agent a from=10.0.0.1\""},
        {"agent a \"b\"", "\"agent a \\\"b\\\"\""},
        {"agent a\\n", "\"agent a\\\\n\""},
        {"agent a ", "\"agent a \""},
    };
    char expected[200];
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        snprintf(expected, sizeof expected, TIME " info    %s  left\n", names[i].written);
        ck_assert_str_eq(make(as_text, LOG_LEVEL_INFO, names[i].who, "left", NULL), expected);
    }
}
END_TEST

START_TEST(who_and_what_are_escaped_too) {
    ck_assert_str_eq(make(as_text, LOG_LEVEL_INFO, "agent a\n", "says \"x\"\n2026 forged", NULL),
                     TIME " info    agent a\\n  says \"x\"\\n2026 forged\n");
}
END_TEST

/* Every length around the limit, with what needs one byte and what needs several. */
static const char *const fillers[] = {"x", "\n", "\033", "\xc3\xbc", "\xff", "\"", "\xe2\x80\xae", " "};
START_TEST(long_lines_are_cut_and_stay_whole) {
    static char long_text[8192];
    size_t unit = strlen(fillers[_i]);
    for (size_t count = 150; count < LOG_LINE_SIZE + 50; count++) {
        for (size_t i = 0; i < count; i++)
            memcpy(long_text + i * unit, fillers[_i], unit);
        long_text[count * unit] = '\0';
        const struct log_field fields[] = {LOG_TEXT("value", long_text), LOG_NUMBER("after", 12345), LOG_END};
        const char *line = make(as_json, LOG_LEVEL_INFO, "w", "e", fields);
        json_error_t detail;
        json_t *object = json_loads(line, JSON_REJECT_DUPLICATES, &detail);
        ck_assert_msg(object, "%zu: %s: %s", count, detail.text, line);
        json_decref(object);
        ck_assert_int_eq(line[strlen(line) - 1], '\n');
        line = make(as_json, LOG_LEVEL_INFO, "w", long_text, fields);
        object = json_loads(line, JSON_REJECT_DUPLICATES, &detail);
        ck_assert_msg(object, "%zu: %s: %s", count, detail.text, line);
        json_decref(object);
        line = make(as_text, LOG_LEVEL_INFO, "w", "e", fields);
        ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
        line = make(as_text, LOG_LEVEL_INFO, long_text, long_text, fields);
        ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
    }
}
END_TEST

START_TEST(a_cut_is_seen) {
    static char long_text[4096];
    memset(long_text, 'x', sizeof long_text - 1);
    const struct log_field fields[] = {LOG_TEXT("a", long_text), LOG_TEXT("b", "gone"), LOG_END};
    const char *line = make(as_text, LOG_LEVEL_INFO, "w", "e", fields);
    ck_assert_str_eq(line + strlen(line) - 5, "x...\n");
    line = make(as_json, LOG_LEVEL_INFO, "w", "e", fields);
    ck_assert_str_eq(line + strlen(line) - 7, "x...\"}\n");
}
END_TEST

static TCase *lines(void) {
    TCase *group = tcase_create("lines");
    tcase_add_test(group, text_is_as_promised);
    tcase_add_test(group, colour_wraps_the_level_only);
    tcase_add_test(group, the_journal_is_told_how_grave_a_line_is_and_keeps_the_time_itself);
    tcase_add_loop_test(group, values_are_quoted_and_escaped, 0, sizeof values / sizeof *values);
    tcase_add_test(group, a_name_does_not_forge_the_rest_of_a_line);
    tcase_add_test(group, who_and_what_are_escaped_too);
    tcase_add_loop_test(group, long_lines_are_cut_and_stay_whole, 0, sizeof fillers / sizeof *fillers);
    tcase_add_test(group, a_cut_is_seen);
    return group;
}

UNIT_MAIN("lib/log/log_line", lines)
