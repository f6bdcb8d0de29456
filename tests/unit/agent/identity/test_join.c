/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_join: a join code from a file, from standard input, and from a person at a terminal, who sees nothing of it.
 */
#include "config.h"

#include "agent/identity/join.h"
#include "lib/os/terminal.h"
#include "proto/join_code.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#define PIN "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const struct strlist NO_NAMES = {0};
static struct known_servers *joined;
static struct error error;

/* A code for a.example and b.example. */
static void make_code(char text[JOIN_CODE_TEXT]) {
    struct join_code code = {.servers = {"a.example:10001", "b.example:10001"},
                             .server_count = 2,
                             .pins = {PIN},
                             .pin_count = 1};
    ck_assert_int_eq(auth_token_make(&code.token, "web1"), 0);
    ck_assert_msg(join_code_format(&code, text, &error) == 0, "%s", error.text);
}

static void ck_assert_joined(const char *address) {
    const struct known_server *server = known_servers_find(joined, address);
    ck_assert_msg(server, "not joined: %s", address);
    ck_assert_int_eq(strncmp(server->token, "web1:", 5), 0);
    ck_assert_str_eq(server->pins.items[0], PIN);
}

static void set_up(void) {
    joined = known_servers_read(unit_folder(), &error);
    ck_assert_ptr_nonnull(joined);
}

static void tear_down(void) {
    known_servers_free(joined);
}

START_TEST(a_code_joins_all_its_servers) {
    char code[JOIN_CODE_TEXT];
    make_code(code);
    ck_assert_int_eq(join_take(joined, code, &NO_NAMES, &error), 0);
    ck_assert_uint_eq(known_servers_count(joined), 2);
    ck_assert_joined("a.example:10001");
    ck_assert_joined("b.example:10001");
}
END_TEST

START_TEST(the_name_on_the_command_line_counts_too) {
    char code[JOIN_CODE_TEXT], name[] = "192.0.2.1:10001";
    char *items[] = {name};
    make_code(code);
    ck_assert_int_eq(join_take(joined, code, &(struct strlist){items, 1}, &error), 0);
    ck_assert_joined("192.0.2.1:10001");
}
END_TEST

/* Else an agent without arguments would serve the same server by two names. */
START_TEST(the_name_on_the_command_line_replaces_the_only_one_of_the_code) {
    struct join_code code = {.servers = {"a.example:10001"}, .server_count = 1, .pins = {PIN}, .pin_count = 1};
    char text[JOIN_CODE_TEXT], other[] = "localhost:21005", same[] = "a.example:10001";
    char *others[] = {other}, *sames[] = {same};
    ck_assert_int_eq(auth_token_make(&code.token, "web1"), 0);
    ck_assert_int_eq(join_code_format(&code, text, &error), 0);
    ck_assert_int_eq(join_take(joined, text, &NO_NAMES, &error), 0);
    ck_assert_joined("a.example:10001");
    ck_assert_int_eq(join_take(joined, text, &(struct strlist){others, 1}, &error), 0);
    ck_assert_uint_eq(known_servers_count(joined), 1);
    ck_assert_joined("localhost:21005");
    ck_assert_int_eq(join_take(joined, text, &(struct strlist){sames, 1}, &error), 0);
    ck_assert_joined("a.example:10001");
}
END_TEST

START_TEST(a_code_is_read_from_a_file) {
    char code[JOIN_CODE_TEXT];
    make_code(code);
    ck_assert_msg(join_read(joined, unit_text_file("code", code), &NO_NAMES, &error) == 0, "%s", error.text);
    ck_assert_joined("b.example:10001");
}
END_TEST

START_TEST(a_file_that_others_may_read_is_refused) {
    char code[JOIN_CODE_TEXT];
    const char *path;
    make_code(code);
    path = unit_text_file("code", code);
    ck_assert_int_eq(chmod(path, 0644), 0);
    ck_assert_int_eq(join_read(joined, path, &NO_NAMES, &error), -1);
    ck_assert_uint_eq(known_servers_count(joined), 0);
}
END_TEST

START_TEST(a_file_without_a_code_is_named) {
    const char *path = unit_text_file("code", "munnel1.c2VjcmV0");
    ck_assert_int_eq(join_read(joined, path, &NO_NAMES, &error), -1);
    ck_assert_ptr_nonnull(strstr(error.text, path));
    ck_assert_ptr_null(strstr(error.text, "c2VjcmV0"));
}
END_TEST

START_TEST(a_code_is_read_from_standard_input) {
    char code[JOIN_CODE_TEXT];
    make_code(code);
    ck_assert_ptr_nonnull(freopen(unit_text_file("code", code), "r", stdin));
    ck_assert_msg(join_read(joined, "-", &NO_NAMES, &error) == 0, "%s", error.text);
    ck_assert_joined("a.example:10001");
}
END_TEST

START_TEST(empty_standard_input_is_an_error) {
    ck_assert_ptr_nonnull(freopen("/dev/null", "r", stdin));
    ck_assert_int_eq(join_read(joined, "-", &NO_NAMES, &error), -1);
}
END_TEST

/* ---- at a terminal: a child sits at one, the test is the person ---- */

struct person {
    int terminal;
    pid_t child;
};

/* Starts `ask` at a terminal of its own; its result is the child's exit code. */
static struct person sit_down(int (*ask)(void)) {
    struct person person = {.terminal = posix_openpt(O_RDWR | O_NOCTTY)};
    ck_assert_int_ge(person.terminal, 0);
    ck_assert_int_eq(grantpt(person.terminal), 0);
    ck_assert_int_eq(unlockpt(person.terminal), 0);
    person.child = fork();
    ck_assert_int_ge(person.child, 0);
    if (person.child == 0) {
        setsid();
        signal(SIGINT, SIG_DFL);                           /* a shell may have started the tests with it ignored */
        int seat = open(ptsname(person.terminal), O_RDWR); /* becomes its controlling terminal */
        dup2(seat, STDIN_FILENO);
        dup2(seat, STDERR_FILENO);
        _exit(ask());
    }
    return person;
}

/* Reads what the terminal shows until `words` came; fails the test at its time limit otherwise. */
static void see(const struct person *person, const char *words, char seen[4096]) {
    size_t used = 0;
    seen[0] = '\0';
    while (!strstr(seen, words)) {
        ssize_t got = read(person->terminal, seen + used, 4095 - used);
        ck_assert_msg(got > 0, "not shown: %s; but: %s", words, seen);
        used += (size_t)got;
        seen[used] = '\0';
    }
}

static void type(const struct person *person, const char *text) {
    ck_assert_int_eq(write(person->terminal, text, strlen(text)), (ssize_t)strlen(text));
}

static bool echo_is_on(const struct person *person) {
    struct termios state;
    ck_assert_int_eq(tcgetattr(person->terminal, &state), 0);
    return (state.c_lflag & ECHO) != 0;
}

static bool is_silent(void *context) {
    return !echo_is_on(context);
}

static int ask_for_a(void) {
    enum join_answer answer = join_ask(joined, "192.0.2.1:10001");
    bool is_there = known_servers_find(joined, "192.0.2.1:10001");
    return answer == JOIN_TAKEN && is_there ? 10 : answer == JOIN_DECLINED && !is_there ? 20 : 30;
}

static int end_of(const struct person *person) {
    int status;
    ck_assert_int_eq(waitpid(person->child, &status, 0), person->child);
    return status;
}

/* The question is on the screen before the echo goes: a person must not type before that. */
static struct person asked(char seen[4096]) {
    struct person person = sit_down(ask_for_a);
    see(&person, "to go without): ", seen);
    ck_assert(unit_wait_until(is_silent, &person, 5000));
    return person;
}

START_TEST(a_person_types_the_code_and_nothing_of_it_is_shown) {
    char code[JOIN_CODE_TEXT], seen[4096];
    make_code(code);
    struct person person = asked(seen);
    ck_assert_ptr_nonnull(strstr(seen, "192.0.2.1:10001"));
    type(&person, code);
    type(&person, "\n");
    see(&person, "\n", seen);
    ck_assert_ptr_null(strstr(seen, "munnel1."));
    int status = end_of(&person);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 10);
    ck_assert(echo_is_on(&person));
}
END_TEST

START_TEST(just_enter_declines) {
    char seen[4096];
    struct person person = asked(seen);
    type(&person, "\n");
    int status = end_of(&person);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 20);
}
END_TEST

START_TEST(a_mistyped_code_is_an_error_and_is_asked_for_again) {
    char code[JOIN_CODE_TEXT], seen[4096];
    make_code(code);
    struct person person = asked(seen);
    type(&person, "hunter2\n");
    see(&person, "Join code: ", seen);
    ck_assert_ptr_null(strstr(seen, "hunter2"));
    ck_assert(unit_wait_until(is_silent, &person, 5000));
    type(&person, code);
    type(&person, "\n");
    int status = end_of(&person);
    ck_assert_int_eq(WEXITSTATUS(status), 10);
}
END_TEST

START_TEST(an_interrupt_leaves_the_terminal_as_it_was) {
    char seen[4096];
    struct person person = asked(seen);
    type(&person, "\003"); /* Ctrl-C */
    int status = end_of(&person);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGINT);
    ck_assert(echo_is_on(&person));
}
END_TEST

static TCase *codes(void) {
    TCase *group = tcase_create("codes");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_code_joins_all_its_servers);
    tcase_add_test(group, the_name_on_the_command_line_counts_too);
    tcase_add_test(group, the_name_on_the_command_line_replaces_the_only_one_of_the_code);
    tcase_add_test(group, a_code_is_read_from_a_file);
    tcase_add_test(group, a_file_that_others_may_read_is_refused);
    tcase_add_test(group, a_file_without_a_code_is_named);
    tcase_add_test(group, a_code_is_read_from_standard_input);
    tcase_add_test(group, empty_standard_input_is_an_error);
    return group;
}

static TCase *terminal(void) {
    TCase *group = tcase_create("terminal");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, a_person_types_the_code_and_nothing_of_it_is_shown);
    tcase_add_test(group, just_enter_declines);
    tcase_add_test(group, a_mistyped_code_is_an_error_and_is_asked_for_again);
    tcase_add_test(group, an_interrupt_leaves_the_terminal_as_it_was);
    return group;
}

UNIT_MAIN("agent/identity/join", codes, terminal)
