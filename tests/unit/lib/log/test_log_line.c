/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_log_line: what a line looks like, and what a peer cannot do to it; with it log_text.c.
 */
#include "config.h"

#include "lib/base/utf8.h"
#include "lib/log/log_line.h"
#include "unit.h"

#include <jansson.h>
#include <stdio.h>
#include <string.h>

static const struct log_style as_text = {.format = LOG_FORMAT_TEXT}, as_json = {.format = LOG_FORMAT_JSON};
static const struct log_style for_stream = {.format = LOG_FORMAT_TEXT, .envelope = LOG_ENVELOPE_PRIORITY},
                              for_stream_json = {.format = LOG_FORMAT_JSON, .envelope = LOG_ENVELOPE_PRIORITY};
#define MUNNELD .program = "munneld", .process = 17
static const struct log_style for_syslog = {.format = LOG_FORMAT_TEXT, .envelope = LOG_ENVELOPE_SYSLOG, MUNNELD},
                              for_syslog_json = {.format = LOG_FORMAT_JSON, .envelope = LOG_ENVELOPE_SYSLOG, MUNNELD},
                              for_journal = {.format = LOG_FORMAT_TEXT, .envelope = LOG_ENVELOPE_JOURNAL, MUNNELD},
                              for_journal_json = {.format = LOG_FORMAT_JSON, .envelope = LOG_ENVELOPE_JOURNAL, MUNNELD};
static const struct log_style *const styles[] = {&as_text,    &as_json,         &for_stream,  &for_stream_json,
                                                 &for_syslog, &for_syslog_json, &for_journal, &for_journal_json};

/* The record with a time of nothing but 't', and a stamp of 's', terminated. */
static char *make(struct log_style style, enum log_level level, const char *who, const char *what,
                  const struct log_field *fields) {
    static struct {
        struct log_record record;
        char fence;
    } made;
    struct log_record *record = &made.record;
    size_t most = style.envelope == LOG_ENVELOPE_JOURNAL ? LOG_RECORD_SIZE : LOG_LINE_SIZE;
    memset(&made, '#', sizeof made);
    log_line_make(record, style, level, who, what, fields);
    ck_assert_uint_le(record->length, most);
    ck_assert_int_eq(made.fence, '#');
    if (record->has_time)
        memset(record->text + record->time_at, 't', LOG_TIME_LENGTH);
    if (record->has_stamp)
        memset(record->text + record->stamp_at, 's', LOG_STAMP_LENGTH);
    if (log_envelope_is_datagram(style.envelope))
        ck_assert_uint_eq(strlen(record->text), record->length - 1);
    else
        record->text[record->length] = '\0';
    return record->text;
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
    const struct log_style coloured = {.format = LOG_FORMAT_TEXT, .is_coloured = true};
    ck_assert_str_eq(make(coloured, LOG_LEVEL_INFO, "a", "b", NULL), TIME " \033[32minfo\033[0m    a  b\n");
}
END_TEST

START_TEST(the_journal_is_told_how_grave_a_line_is_and_keeps_the_time_itself) {
    static const char *const gravities[] = {"<3>error   ", "<4>warning ", "<6>info    ", "<7>debug   "};
    for (enum log_level level = LOG_LEVEL_ERROR; level <= LOG_LEVEL_DEBUG; level++) {
        char expected[64];
        snprintf(expected, sizeof expected, "%sserver  hot\n", gravities[level]);
        ck_assert_str_eq(make(for_stream, level, "server", "hot", NULL), expected);
    }
    ck_assert_str_eq(make(for_stream_json, LOG_LEVEL_WARNING, "server", "hot", NULL),
                     "<4>{\"time\":\"" TIME "\",\"level\":\"warning\",\"who\":\"server\",\"event\":\"hot\"}\n");
}
END_TEST

#define STAMP "sssssssssssssss"

START_TEST(syslog_takes_its_own_header) {
    ck_assert_str_eq(make(for_syslog, LOG_LEVEL_WARNING, "server", "hot", LOG_FIELDS(LOG_NUMBER("n", 7))),
                     "<28>" STAMP " munneld[17]: warning server  hot n=7");
    ck_assert_str_eq(make(for_syslog_json, LOG_LEVEL_DEBUG, "server", "hot", NULL),
                     "<31>" STAMP " munneld[17]: {\"time\":\"" TIME
                     "\",\"level\":\"debug\",\"who\":\"server\",\"event\":\"hot\"}");
}
END_TEST

#define JOURNAL "\nSYSLOG_FACILITY=3\nSYSLOG_IDENTIFIER=munneld\nMESSAGE="

START_TEST(the_journal_takes_each_field_by_its_name) {
    const struct log_field fields[] = {LOG_TEXT("service", "Win VNC"), LOG_MS("wait_ms", 1500), LOG_NULL("agent"),
                                       LOG_END};
    ck_assert_str_eq(make(for_journal, LOG_LEVEL_ERROR, "relay 3f-1", "ended", fields),
                     "PRIORITY=3" JOURNAL "error   relay 3f-1  ended service=\"Win VNC\" wait_ms=1.500 agent=-\n"
                     "MUNNEL_WHO=relay 3f-1\nMUNNEL_EVENT=ended\nMUNNEL_SERVICE=Win VNC\nMUNNEL_WAIT_MS=1.500\n");
    ck_assert_str_eq(make(for_journal_json, LOG_LEVEL_INFO, "server", "hot", NULL),
                     "PRIORITY=6" JOURNAL "{\"time\":\"" TIME
                     "\",\"level\":\"info\",\"who\":\"server\",\"event\":\"hot\"}\n"
                     "MUNNEL_WHO=server\nMUNNEL_EVENT=hot\n");
}
END_TEST

START_TEST(a_field_without_a_value_is_no_text) {
    const struct log_field fields[] = {LOG_NULL("a"), LOG_TEXT("b", "-"), LOG_TEXT("c", "null"), LOG_END};
    ck_assert_str_eq(make(as_text, LOG_LEVEL_INFO, "w", "e", fields), TIME " info    w  e a=- b=\"-\" c=null\n");
    ck_assert_str_eq(make(as_json, LOG_LEVEL_INFO, "w", "e", fields),
                     "{\"time\":\"" TIME "\",\"level\":\"info\",\"who\":\"w\",\"event\":\"e\",\"a\":null,\"b\":\"-\","
                     "\"c\":\"null\"}\n");
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

/* What would begin another line, another field of the journal, or another escape of a terminal. */
static const char *const hostile[] = {"x\nMUNNEL_BY=operator",
                                      "x\nPRIORITY=0\n",
                                      "\r\n<0>kernel: panic",
                                      "\x1b[2J",
                                      "\x01",
                                      "\x7f",
                                      "\xc2\x9b"
                                      "2J",
                                      "\xe2\x80\xae",
                                      "\xe2\x80\xa8",
                                      "\xff\xfe",
                                      "\xc0\x8a"};

/* Newlines stand only where the format has them. */
static void expect_no_forgery(const struct log_style *style, const char *record) {
    size_t newlines = 0, wanted = 0;
    bool is_clean = true;
    for (const char *at = record; *at && is_clean; at += utf8_length(at)) {
        newlines += *at == '\n';
        is_clean = utf8_length(at) > 0 && (*at == '\n' || !utf8_is_control(at));
    }
    ck_assert_msg(is_clean, "not UTF-8, or control characters, in %s", record);
    for (const char *at = record; style->envelope == LOG_ENVELOPE_JOURNAL && (at = strstr(at, "\nMUNNEL_")); at++)
        wanted++;
    if (style->envelope == LOG_ENVELOPE_JOURNAL)
        wanted += 4; /* PRIORITY, facility, identifier and MESSAGE */
    ck_assert_uint_eq(newlines, style->envelope == LOG_ENVELOPE_SYSLOG ? 0 : wanted ? wanted : 1);
    ck_assert_ptr_null(strstr(record, "\nMUNNEL_BY=operator"));
    ck_assert_ptr_null(strstr(record, "\nPRIORITY=0"));
}

START_TEST(no_field_forges_anything_in_any_format) {
    for (size_t i = 0; i < sizeof styles / sizeof *styles; i++) {
        for (int place = 0; place < 3; place++) {
            const char *text = hostile[_i];
            const struct log_field fields[] = {LOG_TEXT("v", place == 2 ? text : "v"), LOG_NUMBER("n", 1), LOG_END};
            expect_no_forgery(styles[i], make(*styles[i], LOG_LEVEL_INFO, place == 0 ? text : "w",
                                              place == 1 ? text : "e", fields));
        }
    }
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
        line = make(for_syslog, LOG_LEVEL_INFO, "w", "e", fields);
        ck_assert_ptr_null(strchr(line, '\n'));
        line = make(for_journal, LOG_LEVEL_INFO, "w", "e", fields);
        ck_assert_ptr_nonnull(strstr(line, "\nMUNNEL_VALUE="));
        expect_no_forgery(&for_journal, line);
        expect_no_forgery(&for_journal, make(for_journal, LOG_LEVEL_INFO, long_text, long_text, fields));
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
    tcase_add_test(group, syslog_takes_its_own_header);
    tcase_add_test(group, the_journal_takes_each_field_by_its_name);
    tcase_add_test(group, a_field_without_a_value_is_no_text);
    tcase_add_loop_test(group, no_field_forges_anything_in_any_format, 0, sizeof hostile / sizeof *hostile);
    tcase_add_loop_test(group, values_are_quoted_and_escaped, 0, sizeof values / sizeof *values);
    tcase_add_test(group, a_name_does_not_forge_the_rest_of_a_line);
    tcase_add_test(group, who_and_what_are_escaped_too);
    tcase_add_loop_test(group, long_lines_are_cut_and_stay_whole, 0, sizeof fillers / sizeof *fillers);
    tcase_add_test(group, a_cut_is_seen);
    return group;
}

UNIT_MAIN("lib/log/log_line", lines)
