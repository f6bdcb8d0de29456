/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_cmdline: any program's command line by its table: what is noted, what is applied, each refusal, --help.
 */
#include "config.h"

#include "capture.h"
#include "conf/cmdline.h"
#include "unit.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { WORDS = 12, RUNS_ON = -1 };

struct stored {
    struct strlist files;
    unsigned count, hidden;
};

static const struct option_spec specs[] = {
    {"files", OPTION_TEXTS, offsetof(struct stored, files), "null", .wanted = "a file", .flag = "file",
     .argument = "FILE", .help = "a file; again for more of them, whose help is so long that it is folded at a space"},
    {"count", OPTION_NUMBER, offsetof(struct stored, count), "1", .maximum = 9, .flag = "count", .argument = "N",
     .help = "how many"},
    {"hidden", OPTION_NUMBER, offsetof(struct stored, hidden), "1", .maximum = 9}, /* only in the file */
};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct stored)};
static const struct cmdline_flag flags[] = {
    {"quiet", 'q', NULL, "print nothing", NULL},
    {"old-name", 0, "X", NULL, NULL}, /* --help keeps silent about it */
    CMDLINE_REFUSES_SECRETS("write it into a file"),
};
static const struct cmdline_spec command = {.program = "prog",
                                            .usage = "usage: prog",
                                            .table = &table,
                                            .flags = flags,
                                            .flag_count = sizeof flags / sizeof *flags};

static struct cmdline line;
static struct capture capture;

/* Reads "prog" and these words, which end with NULL. */
static int read_words(const char *const *words) {
    static char copies[WORDS][64], *argv[WORDS + 1]; /* `line` points into them */
    int argc = 0;
    for (const char *word = "prog"; word; word = words[argc - 1]) {
        ck_assert_int_lt(argc, WORDS);
        snprintf(copies[argc], sizeof copies[argc], "%s", word);
        argv[argc] = copies[argc];
        argc++;
    }
    argv[argc] = NULL;
    capture_begin(&capture);
    int code = cmdline_read(&line, &command, argc, argv);
    capture_end(&capture);
    return code;
}
#define READ(...) read_words((const char *const[]){__VA_ARGS__, NULL})

START_TEST(options_and_words_are_noted_in_any_order) {
    ck_assert_int_eq(READ("one", "--count=3", "-q", "two", "--file", "a", "--", "--file"), RUNS_ON);
    ck_assert_int_eq(line.word_count, 3);
    ck_assert_str_eq(line.words[0], "one");
    ck_assert_str_eq(line.words[2], "--file");
    ck_assert_str_eq(cmdline_value(&line, "count"), "3");
    ck_assert(cmdline_has(&line, "quiet"));
    ck_assert(!cmdline_has(&line, "old-name"));
    ck_assert_ptr_null(cmdline_value(&line, "hidden"));
    cmdline_done(&line);
    capture_done(&capture);
}
END_TEST

START_TEST(what_is_written_goes_over_what_was_there) {
    struct stored stored = {.hidden = 7};
    struct error error = {""};
    ck_assert_int_eq(strlist_add(&stored.files, "of the file"), 0);
    ck_assert_int_eq(READ("--file", "a", "--count", "3", "--file", "b", "--count", "4"), RUNS_ON);
    ck_assert_msg(cmdline_apply(&line, &stored, &error) == 0, "%s", error.text);
    ck_assert_uint_eq(stored.files.count, 2);
    ck_assert_str_eq(stored.files.items[0], "a");
    ck_assert_str_eq(stored.files.items[1], "b");
    ck_assert_uint_eq(stored.count, 4);
    ck_assert_uint_eq(stored.hidden, 7);
    cmdline_done(&line);
    capture_done(&capture);
    ck_assert_int_eq(READ("--count", "10"), RUNS_ON);
    ck_assert_int_eq(cmdline_apply(&line, &stored, &error), -1);
    ck_assert_str_eq(error.text, "--count: 10 is out of range; write a whole number from 0 to 9");
    option_done(&table, &stored);
    cmdline_done(&line);
    capture_done(&capture);
}
END_TEST

static const struct {
    const char *words[3], *error;
} refused[] = {
    {{"--cuont=3"}, "prog: there is no option --cuont; did you mean --count?\n"},
    {{"--zork"}, "prog: there is no option --zork; see prog --help\n"},
    {{"-x"}, "prog: there is no option -x; see prog --help\n"},
    {{"--count"}, "prog: --count needs a value: --count N\n"},
    {{"--quiet=1"}, "prog: --quiet takes no value; see prog --help\n"},
    {{"--hidden", "3"}, "prog: there is no option --hidden; see prog --help\n"},
    /* Not in full: --token would else pass for --token-file. */
    {{"--cou", "3"}, "prog: there is no option --cou; did you mean --count?\n"},
    {{"--token", "x"},
     "prog: --token: a secret is no argument, since everybody on this machine could read it; write it into a file\n"},
};

START_TEST(a_refusal_is_one_line) {
    const char *const *words = refused[_i].words;
    ck_assert_int_eq(READ(words[0], words[1]), CMDLINE_USAGE_ERROR);
    ck_assert_str_eq(capture.text[0], "");
    ck_assert_str_eq(capture.text[1], refused[_i].error);
    ck_assert_ptr_null(line.given);
    capture_done(&capture);
}
END_TEST

START_TEST(help_shows_options_and_flags_in_columns) {
    ck_assert_int_eq(READ("--help"), 0);
    ck_assert_str_eq(capture.text[0], "usage: prog\n"
                                      "      --file FILE             a file; again for more of them, whose help is so\n"
                                      "                              long that it is folded at a space\n"
                                      "      --count N               how many\n"
                                      "  -q, --quiet                 print nothing\n"
                                      "  -h, --help                  print this\n"
                                      "  -V, --version               print the version, and the libraries'\n");
    capture_done(&capture);
}
END_TEST

START_TEST(version_is_the_programs_and_the_libraries) {
    ck_assert_int_eq(READ("-V"), 0);
    ck_assert_ptr_nonnull(strstr(capture.text[0], "prog " PACKAGE_VERSION "\nlibevent "));
    ck_assert_ptr_nonnull(strstr(capture.text[0], "\nOpenSSL "));
    ck_assert_ptr_nonnull(strstr(capture.text[0], "\njansson "));
    capture_done(&capture);
}
END_TEST

START_TEST(an_error_of_the_file_needs_no_program_in_front) {
    capture_begin(&capture);
    ck_assert_int_eq(cmdline_complain(&command, "x.json", "x.json: count: is wrong"), CMDLINE_USAGE_ERROR);
    ck_assert_int_eq(cmdline_complain(&command, "x.json", "--count: is wrong"), CMDLINE_USAGE_ERROR);
    ck_assert_int_eq(cmdline_complain(&command, NULL, "out of memory"), CMDLINE_USAGE_ERROR);
    capture_end(&capture);
    ck_assert_str_eq(capture.text[1], "x.json: count: is wrong\nprog: --count: is wrong\nprog: out of memory\n");
    capture_done(&capture);
}
END_TEST

static TCase *reading(void) {
    TCase *group = tcase_create("reading");
    tcase_add_test(group, options_and_words_are_noted_in_any_order);
    tcase_add_test(group, what_is_written_goes_over_what_was_there);
    tcase_add_loop_test(group, a_refusal_is_one_line, 0, sizeof refused / sizeof *refused);
    return group;
}

static TCase *printing(void) {
    TCase *group = tcase_create("printing");
    tcase_add_test(group, help_shows_options_and_flags_in_columns);
    tcase_add_test(group, version_is_the_programs_and_the_libraries);
    tcase_add_test(group, an_error_of_the_file_needs_no_program_in_front);
    return group;
}

UNIT_MAIN("conf/cmdline", reading, printing)
