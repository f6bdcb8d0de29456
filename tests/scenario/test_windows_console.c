/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_windows_console: Windows programs at a console, which wine makes of a terminal (of tmux): the join code is asked
 * for and not shown, and Ctrl-C stops in order.
 *
 * Without Windows programs ($MUNNEL_WINDOWS_BIN) each test says so and passes. A console that is closed is not tried:
 * of all events wine's server passes on Ctrl-C alone (it has implemented no other), and a terminal that goes away ends
 * its programs at once. tests/unit/lib/os/test_program_windows.c has what a program does then.
 */
#include "config.h"

#include "harness/scenario.h"
#include "harness/terminal.h"
#include "harness/two_machines.h"
#include "harness/wine.h"

#include <string.h>
#include <unistd.h>

enum { ASK_MS = 20000 };

struct console {
    struct two_machines pair; /* its server is one of this system */
    struct terminal terminal;
};

static bool begin(struct console *console, const char *name) {
    if (!wine_can_run(name, "agent"))
        return false;
    *console = (struct console){.pair = two_machines_start(name, NULL)};
    ck_assert_msg(terminal_open(&console->terminal, console->pair.sandbox, 200, 50), "a console needs tmux");
    return true;
}

static void end(struct console *console) {
    terminal_close(&console->terminal);
    two_machines_end(&console->pair);
}

/* The screen is empty then, without the line that starts it. */
static void start_agent(struct console *console) {
    struct sandbox *sandbox = console->pair.sandbox;

    terminal_type(&console->terminal,
                  sandbox_text(sandbox, "clear; STATE_DIRECTORY=Z:%s %s %s web; echo ended $?",
                               sandbox_path(sandbox, "near"),
                               wine_command(sandbox, sandbox_program(sandbox, "munnel-agent")), console->pair.address));
}

/* wine takes the terminal over at the first read, a moment after the question. */
static void expect_question(struct console *console) {
    TERMINAL_EXPECT(&console->terminal, "Join code (input is hidden; Enter to go without):");
    ck_assert(HOLDS_WITHIN(ASK_MS, terminal_is_raw(&console->terminal)));
}

/* With this exit code, and what is typed next is shown again. */
static void expect_ended(struct console *console, const char *words) {
    TERMINAL_EXPECT(&console->terminal, words);
    terminal_type(&console->terminal, "echo the line is sho''wn");
    TERMINAL_EXPECT(&console->terminal, "$ echo the line is sho''wn");
    TERMINAL_EXPECT(&console->terminal, "the line is shown");
}

static void assert_hidden(struct console *console, const char *secret) {
    ck_assert_msg(!strstr(console->terminal.seen, secret), "%s", console->terminal.seen);
}

START_TEST(the_join_code_is_asked_for_and_not_shown) {
    struct console console;

    if (!begin(&console, __func__))
        return;
    start_agent(&console);
    expect_question(&console);
    terminal_type(&console.terminal, "munnel1.mistyped");
    TERMINAL_EXPECT(&console.terminal, "the join code is damaged");
    assert_hidden(&console, "mistyped");
    terminal_type(&console.terminal, console.pair.code);
    two_machines_await_service(&console.pair);
    TERMINAL_EXPECT(&console.terminal, "connected address=");
    assert_hidden(&console, "munnel1.");
    terminal_press(&console.terminal, "C-c");
    expect_ended(&console, "ended 0");

    /* Later starts do not ask. */
    start_agent(&console);
    two_machines_await_service(&console.pair);
    TERMINAL_EXPECT(&console.terminal, "connected address=");
    assert_hidden(&console, "Join code");
    terminal_press(&console.terminal, "C-c");
    expect_ended(&console, "ended 0");
    end(&console);
}
END_TEST

START_TEST(ctrl_c_at_the_question_gives_the_echo_back) {
    struct console console;

    if (!begin(&console, __func__))
        return;
    start_agent(&console);
    expect_question(&console);
    terminal_press(&console.terminal, "C-c");
    expect_ended(&console, "ended ");
    end(&console);
}
END_TEST

/* The first one lets relays end, the second ends them. */
START_TEST(ctrl_c_at_the_console_drains) {
    struct console console;

    if (!begin(&console, __func__))
        return;
    start_agent(&console);
    expect_question(&console);
    terminal_type(&console.terminal, console.pair.code);
    two_machines_await_service(&console.pair);
    int fd = socket_client(console.pair.port);
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    terminal_press(&console.terminal, "C-c");
    TERMINAL_EXPECT(&console.terminal, "draining");
    ck_assert(socket_converse(fd, "still there?", ASK_MS));
    assert_hidden(&console, "ended");
    terminal_press(&console.terminal, "C-c");
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    expect_ended(&console, "ended 0");
    end(&console);
}
END_TEST

SCENARIO_MAIN("windows_console", SCENARIO(the_join_code_is_asked_for_and_not_shown, 180),
              SCENARIO(ctrl_c_at_the_question_gives_the_echo_back, 90), SCENARIO(ctrl_c_at_the_console_drains, 120))
