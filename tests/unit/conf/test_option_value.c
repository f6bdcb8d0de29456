/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_option_value: a value of the wrong type, out of range, or none of the words that there are.
 */
#include "config.h"

#include "conf/option.h"
#include "slip.h"
#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct slip slips[] = {
    {"{ \"threads\": \"four\" }", ": threads: \"four\" is not right here; write a whole number from 0 to 64"},
    {"{ \"threads\": 2.0 }", ": threads: 2.0 is not right here; write a whole number from 0 to 64"},
    {"{ \"threads\": null }", ": threads: null is not right here; write a whole number from 0 to 64"},
    {"{ \"threads\": 65 }", ": threads: 65 is out of range; write a whole number from 0 to 64"},
    {"{ \"agents\": { \"unauthenticated\": { \"max\": 8193 } } }",
     ": agents.unauthenticated.max: 8193 is out of range; write a whole number from 1 to 8192"},
    {"{ \"agents\": { \"unauthenticated\": { \"per_source\": 8193 } } }",
     ": agents.unauthenticated.per_source: 8193 is out of range; write a whole number from 1 to 8192"},
    {"{ \"threads\": 257 }", ": threads: 257 is out of range; write a whole number from 0 to 64"},
    {"{ \"agents\": { \"freebind\": 1 } }", ": agents.freebind: 1 is not right here; write true or false"},
    {"{ \"agents\": { \"freebind\": null } }", ": agents.freebind: null is not right here; write true or false"},
    {"{ \"threads\": -1 }", ": threads: -1 is out of range; write a whole number from 0 to 64"},
    {"{ \"threads\": 4294967296 }", ": threads: 4294967296 is out of range; write a whole number from 0 to 64"},
    {"{ \"agents\": { \"ping\": 0 } }", ": agents.ping: 0 is out of range; write a whole number from 1 to 3600"},
    {"{ \"agents\": { \"tls\": { \"cert\": null } } }",
     ": agents.tls.cert: null is not right here; write a PEM file's path"},
    {"{ \"agents\": { \"tls\": { \"client_ca\": \"\" } } }",
     ": agents.tls.client_ca: \"\" is not right here; write a PEM file's path, or null"},
    {"{ \"agents\": { \"tls\": { \"min_version\": \"1.1\" } } }",
     ": agents.tls.min_version: \"1.1\" is not right here; write \"1.3\" or \"1.2\""},
    {"{ \"agents\": { \"auth\": \"open\" } }",
     ": agents.auth: \"open\" is not right here; write { \"tokens\": \"agents.json\" } or \"none\""},
    {"{ \"agents\": { \"auth\": { \"tokens\": null } } }",
     ": agents.auth.tokens: null is not right here; write a JSON file's path"},
    {"{ \"agents\": { \"auth\": { \"token\": \"x\" } } }",
     ": agents.auth.token: there is no such option; did you mean \"tokens\"?"},
    {"{ \"admin\": { \"socket\": 1 } }", ": admin.socket: 1 is not right here; write a path, or null"},
    {"{ \"log\": { \"level\": 3 } }",
     ": log.level: 3 is not right here; write \"error\", \"warning\", \"info\" or \"debug\""},
    {"{ \"log\": { \"to\": \"\" } }",
     ": log.to: \"\" is not right here; write \"stderr\", \"stdout\", \"syslog\", \"journal\" or a path"},
    {WITH_SERVICE("\"balance\": \"fastest\""), ": services[0].balance: \"fastest\" is not right here; write "
                                               "\"round-robin\", \"least-connections\" or \"source\""},
    {WITH_SERVICE(
         "\"max_rate\": [\"a very long value that no line of an error should show from its start to its end\"]"),
     ": services[0].max_rate: [\"a very long value that no line of an error should show fro... is not right here; "
     "write a whole number from 0 to 1000000"},
    {WITH_SERVICE("\"allow\": []"), ": services[0].allow: the list is empty; write at least one, or leave it out"},
    {"{ \"services\": [ { \"name\": \"a\", \"listen\": [] } ] }",
     ": services[0].listen: the list is empty; write at least one, or leave it out"},
    {WITH_SERVICE("\"group\": [\"x\", \"x\"]"), ": services[0].group[1]: \"x\" is written twice; leave one out"},
    {"{ \"agents\": { \"auth\": { \"require\": \"mtls\" } } }",
     ": agents.auth.require: \"mtls\" is not right here; write \"token\", \"certificate\", \"both\" or \"either\""},
};

START_TEST(a_value_that_is_not_right_is_shown_with_what_would_be) {
    expect_slip(&slips[_i]);
}
END_TEST

/* ---- what is right, into a struct of the test's ---- */

struct stored {
    char *text;
    struct strlist texts;
    unsigned number, size, choice;
    bool word, flag;
};

static int refuse_x(const char *text, struct error *error) {
    return strcmp(text, "x") == 0 ? error_set(error, "x is never right") : 0;
}

static char *put_beside(const char *text, const char *beside) {
    char *kept = malloc(64);
    ck_assert_ptr_nonnull(kept);
    snprintf(kept, 64, "%s+%s", beside ? beside : "nothing", text);
    return kept;
}

static const char *const words[] = {"red", "green", NULL}, *const one_word[] = {"none", NULL};
static const struct option_spec specs[] = {
    {"text", OPTION_TEXT, offsetof(struct stored, text), "null", .wanted = "a text", .resolve = put_beside},
    {"texts", OPTION_TEXTS, offsetof(struct stored, texts), "null", .wanted = "texts", .check = refuse_x},
    {"number", OPTION_NUMBER, offsetof(struct stored, number), "3", .maximum = 9},
    {"size", OPTION_SIZE, offsetof(struct stored, size), "0", .maximum = 4294967295},
    {"choice", OPTION_CHOICE, offsetof(struct stored, choice), "\"red\"", .words = words},
    {"flag", OPTION_FLAG, offsetof(struct stored, flag), "false", .help = "a flag"},
    {"word", OPTION_WORD, offsetof(struct stored, word), "null", .words = one_word, .wanted = "\"none\""},
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct stored)};

static int set(struct stored *stored, const char *name, const char *text, bool append, struct error *error) {
    return option_set_text(option_find(&table, name), stored, text, append, &(struct option_place){.error = error});
}

static struct stored defaults(void) {
    struct stored stored = {0};
    ck_assert_int_eq(option_defaults(&table, &stored, &(struct option_place){0}), 0);
    return stored;
}

START_TEST(a_value_of_the_command_line_is_stored_by_its_kind) {
    struct stored stored = defaults();
    struct error error = {""};
    ck_assert_ptr_null(stored.text);
    ck_assert_uint_eq(stored.number, 3);
    ck_assert(!set(&stored, "text", "7", false, &error)); /* a text, though it looks like a number */
    ck_assert_str_eq(stored.text, "nothing+7");
    ck_assert(!set(&stored, "number", "9", false, &error));
    ck_assert(!set(&stored, "choice", "green", false, &error));
    ck_assert(!set(&stored, "word", "none", false, &error));
    ck_assert_uint_eq(stored.number, 9);
    ck_assert_uint_eq(stored.choice, 1);
    ck_assert(stored.word);
    ck_assert(!stored.flag);
    ck_assert(!set(&stored, "flag", "true", false, &error));
    ck_assert(stored.flag);
    option_done(&table, &stored);
    ck_assert_ptr_null(stored.text);
}
END_TEST

START_TEST(a_size_may_have_a_unit) {
    static const struct {
        const char *text;
        unsigned bytes;
    } right[] = {{"0", 0},         {"1234", 1234},      {"7B", 7},          {"500kB", 500000}, {"500KB", 500000},
                 {"1MB", 1000000}, {"4GB", 4000000000}, {"512KiB", 524288}, {"1MiB", 1048576}, {"3GiB", 3221225472}};
    static const char *const wrong[] = {
        "",    "MB",   "1M",         "1 MB",        "1mb",           "-1MB",         "1.5MB",
        "5GB", "4GiB", "4294967296", "99999999999", "99999999999GB", "9999999999GB", "1MBs"};
    struct stored stored = defaults();
    struct error error = {""};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        ck_assert(!set(&stored, "size", right[i].text, false, &error));
        ck_assert_uint_eq(stored.size, right[i].bytes);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(set(&stored, "size", wrong[i], false, &error), -1);
    ck_assert_str_eq(error.text, "\"1MBs\" is not right here; write bytes from 0 to 4294967295, or with a unit like "
                                 "\"500kB\", \"1MB\" or \"1MiB\"");
    ck_assert_uint_eq(stored.size, 3221225472);
    option_done(&table, &stored);
}
END_TEST

START_TEST(a_size_is_a_number_in_a_file_too) {
    struct stored stored = defaults();
    struct error error = {""};
    struct option_place place = {.beside = "file", .error = &error};
    json_t *right = json_pack("{s:I}", "size", (json_int_t)1500000), *wrong = json_pack("{s:f}", "size", 1.5);
    ck_assert(!option_read(&table, &stored, right, &place));
    ck_assert_uint_eq(stored.size, 1500000);
    ck_assert_int_eq(option_read(&table, &stored, wrong, &place), -1);
    json_t *shown = option_value_json(option_find(&table, "size"), &stored);
    ck_assert_int_eq(json_integer_value(shown), 1500000);
    json_decref(right), json_decref(wrong), json_decref(shown);
    option_done(&table, &stored);
}
END_TEST

START_TEST(a_list_is_replaced_or_added_to) {
    struct stored stored = defaults();
    struct error error = {""};
    ck_assert(!set(&stored, "texts", "a", false, &error));
    ck_assert(!set(&stored, "texts", "b", false, &error));
    ck_assert(!set(&stored, "texts", "c", true, &error));
    ck_assert_uint_eq(stored.texts.count, 2);
    ck_assert_str_eq(stored.texts.items[0], "b");
    ck_assert_str_eq(stored.texts.items[1], "c");
    ck_assert_int_eq(set(&stored, "texts", "b", true, &error), -1);
    ck_assert_str_eq(error.text, "\"b\" is written twice; leave one out");
    ck_assert_int_eq(set(&stored, "texts", "x", true, &error), -1);
    ck_assert_str_eq(error.text, "x is never right");
    ck_assert_uint_eq(stored.texts.count, 2);
    option_done(&table, &stored);
}
END_TEST

START_TEST(a_value_that_is_refused_leaves_what_was_there) {
    static const char *const wrong[][2] = {{"number", "10"}, {"number", "-1"},  {"number", "9x"}, {"number", ""},
                                           {"text", ""},     {"choice", "Red"}, {"text", "\xff"}};
    struct stored stored = defaults();
    struct error error = {""};
    ck_assert(!set(&stored, "text", "kept", false, &error));
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_int_eq(set(&stored, wrong[i][0], wrong[i][1], false, &error), -1);
    ck_assert_str_eq(stored.text, "nothing+kept");
    ck_assert_uint_eq(stored.number, 3);
    ck_assert_uint_eq(stored.choice, 0);
    option_done(&table, &stored);
}
END_TEST

START_TEST(null_is_taken_where_it_is_the_default) {
    struct stored stored = defaults();
    struct error error = {""};
    struct option_place place = {.beside = "file", .error = &error};
    json_t *object = json_pack("{s:s, s:[s, s]}", "text", "a", "texts", "b", "c");
    json_t *nulls = json_pack("{s:n, s:n}", "text", "texts"), *number = json_pack("{s:n}", "number");
    ck_assert(!option_read(&table, &stored, object, &place));
    ck_assert_str_eq(stored.text, "file+a");
    ck_assert_uint_eq(stored.texts.count, 2);
    ck_assert(!option_read(&table, &stored, nulls, &place));
    ck_assert_ptr_null(stored.text);
    ck_assert_uint_eq(stored.texts.count, 0);
    ck_assert_int_eq(option_read(&table, &stored, number, &place), -1);
    ck_assert_str_eq(error.text, "number: null is not right here; write a whole number from 0 to 9");
    json_decref(object), json_decref(nulls), json_decref(number);
    option_done(&table, &stored);
}
END_TEST

static TCase *values(void) {
    TCase *group = tcase_create("values");
    tcase_add_loop_test(group, a_value_that_is_not_right_is_shown_with_what_would_be, 0, sizeof slips / sizeof *slips);
    tcase_add_test(group, a_value_of_the_command_line_is_stored_by_its_kind);
    tcase_add_test(group, a_size_may_have_a_unit);
    tcase_add_test(group, a_size_is_a_number_in_a_file_too);
    tcase_add_test(group, a_list_is_replaced_or_added_to);
    tcase_add_test(group, a_value_that_is_refused_leaves_what_was_there);
    tcase_add_test(group, null_is_taken_where_it_is_the_default);
    return group;
}

UNIT_MAIN("conf/option_value", values)
