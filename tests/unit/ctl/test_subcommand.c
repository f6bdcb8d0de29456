/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_subcommand: tables of commands, their mistyped names, and what all of them read.
 */
#include "config.h"

#include "conf/capture.h"
#include "ctl/admin_command.h"
#include "ctl/command_table.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct subcommand commands[] = {{.name = "add", .arguments = "NAME", .help = "let one in"},
                                             {.name = "revoke", .arguments = "NAME", .help = "turn one out"}};
enum { COMMANDS = sizeof commands / sizeof *commands };

struct arguments {
    char *file;
};

static const struct option_spec specs[] = {{"file", OPTION_TEXT, offsetof(struct arguments, file), "\"default.txt\"",
                                            .wanted = "a path", .flag = "file", .argument = "FILE", .help = "a file"}};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct arguments)};
static const struct cmdline_spec command = {.program = "munnel try",
                                            .usage = "usage: munnel try [OPTION]... WHAT...\n",
                                            .table = &table};

static struct capture printed;
static struct cmdline line;
static struct arguments arguments;

static void forget(void) {
    capture_done(&printed);
    cmdline_done(&line);
    option_done(&table, &arguments);
}

/* Reads these arguments, which take one or two words; returns what subcommand_read does. */
static int read_words(const char *first, const char *second, const char *third) {
    static char words[4][64], *argv[5]; /* line.words points into argv */
    const char *given[] = {"try", first, second, third};
    int argc = 0;

    for (; argc < 4 && given[argc]; argc++) {
        snprintf(words[argc], sizeof words[argc], "%s", given[argc]);
        argv[argc] = words[argc];
    }
    argv[argc] = NULL;
    arguments = (struct arguments){NULL};
    capture_begin(&printed);
    int code = subcommand_read(&line, &command, &arguments, 1, 2, argc, argv);
    capture_end(&printed);
    return code;
}

START_TEST(a_command_is_found_by_its_whole_name) {
    ck_assert_ptr_eq(subcommand_find(commands, COMMANDS, "revoke"), &commands[1]);
    ck_assert_ptr_null(subcommand_find(commands, COMMANDS, "rev"));
    ck_assert_ptr_null(subcommand_find(commands, COMMANDS, ""));
    ck_assert_ptr_null(subcommand_find(commands, 0, "add"));
}
END_TEST

START_TEST(a_slip_suggests_the_name_and_nonsense_the_help) {
    ck_assert_str_eq(subcommand_nearest(commands, COMMANDS, "revoek"), "revoke");
    ck_assert_ptr_null(subcommand_nearest(commands, COMMANDS, "10.0.0.1:10001"));
    capture_begin(&printed);
    ck_assert_int_eq(subcommand_complain(commands, COMMANDS, "munnel", "revoek"), 2);
    ck_assert_int_eq(subcommand_complain(commands, COMMANDS, "munnel", "xyzzyxyzzy"), 2);
    capture_end(&printed);
    ck_assert_str_eq(printed.text[1], "munnel: there is no command revoek; did you mean revoke?\n"
                                      "munnel: there is no command xyzzyxyzzy; see munnel --help\n");
}
END_TEST

START_TEST(options_have_their_defaults_and_words_are_kept) {
    ck_assert_int_eq(read_words("one", NULL, NULL), -1);
    ck_assert_str_eq(arguments.file, "default.txt");
    ck_assert_int_eq(line.word_count, 1);
    ck_assert_str_eq(line.words[0], "one");
    forget();
    printed = (struct capture){0};
    ck_assert_int_eq(read_words("--file=other.txt", "one", "two"), -1);
    ck_assert_str_eq(arguments.file, "other.txt");
    ck_assert_int_eq(line.word_count, 2);
}
END_TEST

START_TEST(a_word_too_few_or_too_many_is_named) {
    ck_assert_int_eq(read_words(NULL, NULL, NULL), 2);
    ck_assert_str_eq(printed.text[1], "munnel try: WHAT is missing; see munnel try --help\n");
    forget();
    printed = (struct capture){0};
    ck_assert_int_eq(read_words("one", "two", "three"), 2);
    ck_assert_str_eq(printed.text[1], "munnel try: \"three\" is one argument too many; see munnel try --help\n");
}
END_TEST

START_TEST(an_unknown_option_is_2_and_help_is_0) {
    ck_assert_int_eq(read_words("--fiel=x", "one", NULL), 2);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "--file"));
    forget();
    printed = (struct capture){0};
    ck_assert_int_eq(read_words("--help", NULL, NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "usage: munnel try"));
}
END_TEST

START_TEST(a_failure_names_the_command_and_is_1) {
    const struct error error = {"the disk is full"};

    capture_begin(&printed);
    ck_assert_int_eq(subcommand_fail(&command, &error), 1);
    capture_end(&printed);
    ck_assert_str_eq(printed.text[1], "munnel try: the disk is full\n");
}
END_TEST

/* Where the manual's synopsis has the command; *end: where it has the next one. */
static const char *synopsis_of(const char *synopsis, const char *name, const char **end) {
    char start[64];

    snprintf(start, sizeof start, ".Nm\n.Cm %s\n", name);
    const char *from = strstr(synopsis, start);
    ck_assert_msg(from, "the synopsis of munnel.8 has no %s", name);
    *end = strstr(from + 1, "\n.Nm\n");
    ck_assert_ptr_nonnull(*end);
    return from;
}

static void look_for_option(const char *from, const char *end, const char *command_name, const char *option) {
    char needle[64];

    snprintf(needle, sizeof needle, "Fl -%s", option);
    const char *found = strstr(from, needle);
    ck_assert_msg(found && found < end, "the synopsis of munnel.8 has no --%s of %s", option, command_name);
}

static void look_for_options(const char *synopsis, const struct subcommand *of) {
    const struct cmdline_spec *spec = &of->admin->spec;
    const char *end, *from = synopsis_of(synopsis, of->name, &end);

    for (size_t i = 0; spec->table && i < spec->table->count; i++)
        if (spec->table->specs[i].flag)
            look_for_option(from, end, of->name, spec->table->specs[i].flag);
}

START_TEST(the_synopsis_of_the_manual_has_what_asks_a_running_program) {
    const char *top = getenv("top_srcdir");
    char path[1024];

    snprintf(path, sizeof path, "%s/man/munnel.8", top ? top : ".");
    char *manual = unit_read(path, NULL);
    char *description = strstr(manual, ".Sh DESCRIPTION");
    ck_assert_ptr_nonnull(description);
    *description = '\0';
    for (size_t i = 0; i < command_table.count; i++)
        if (command_table.commands[i].admin)
            look_for_options(manual, &command_table.commands[i]);
    free(manual);
}
END_TEST

static TCase *subcommands(void) {
    TCase *group = tcase_create("subcommands");
    tcase_add_checked_fixture(group, NULL, forget);
    tcase_add_test(group, a_command_is_found_by_its_whole_name);
    tcase_add_test(group, a_slip_suggests_the_name_and_nonsense_the_help);
    tcase_add_test(group, options_have_their_defaults_and_words_are_kept);
    tcase_add_test(group, a_word_too_few_or_too_many_is_named);
    tcase_add_test(group, an_unknown_option_is_2_and_help_is_0);
    tcase_add_test(group, a_failure_names_the_command_and_is_1);
    tcase_add_test(group, the_synopsis_of_the_manual_has_what_asks_a_running_program);
    return group;
}

UNIT_MAIN("ctl/subcommand", subcommands)
