/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_top: munnel top in a terminal (of tmux), and without one, against a running server: its numbers are what clients
 * did, its keys do what they say, and the terminal is as it was before, however it ends.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/terminal.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 10000, SOON_MS = 15000, CLIENTS = 3, TERMINATED = 128 + SIGTERM };

struct watched { /* a server with an agent and an echo behind it, and a terminal */
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct terminal terminal;
    struct destination *echo;
    uint16_t port;
};

/* munnel top, and how it ended behind it. `before`: variables. */
static void start_top(struct watched *watched, const char *before, const char *options) {
    terminal_type(&watched->terminal, "stty -g >before; clear");
    terminal_type(&watched->terminal,
                  sandbox_text(watched->sandbox,
                               "trap : INT; env %s sh -c 'echo $$ >pid; exec %s top %s'; echo ended $?; stty -g >after",
                               before, sandbox_program(watched->sandbox, "munnel"), options));
}

static const char *read_line_of(struct watched *watched, const char *name) {
    FILE *file = fopen(sandbox_path(watched->sandbox, "%s", name), "r");
    char line[512] = "";

    ck_assert_ptr_nonnull(file);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, file));
    fclose(file);
    return sandbox_text(watched->sandbox, "%s", line);
}

/* Ended with this code, and the terminal is as before. */
static void expect_ended(struct watched *watched, int code) {
    TERMINAL_EXPECT(&watched->terminal, sandbox_text(watched->sandbox, "ended %d", code));
    terminal_type(&watched->terminal, "echo the line is sho''wn");
    TERMINAL_EXPECT(&watched->terminal, "the line is shown");
    ck_assert_msg(!strstr(watched->terminal.seen, "Services"), "%s",
                  watched->terminal.seen); /* the screen before is back */
    ck_assert_str_eq(read_line_of(watched, "before"), read_line_of(watched, "after"));
}

/* ---- the programs ---- */

static struct watched start(const char *name) {
    struct watched watched = {.sandbox = sandbox_new(name), .port = port_take()};

    watched.echo = destination_start(handle_echo, NULL);
    setenv("MUNNEL_SOCKET", sandbox_path(watched.sandbox, "admin.sock"), 1);
    setenv("LC_ALL", "C.UTF-8", 1);
    ck_assert_int_eq(chdir(sandbox_folder(watched.sandbox)), 0);
    watched.server =
        server_start(watched.sandbox, (struct server_plan){.services = service_to(watched.sandbox, "echo", watched.port,
                                                                                  destination_port(watched.echo), ""),
                                                           .more = "'admin': {'socket': 'admin.sock'},"});
    watched.agent = agent_start(&watched.server, "alpha", NULL, "--config",
                                sandbox_write(watched.sandbox, "agent.json",
                                              "{ 'admin': { 'socket': 'agent.sock' }, 'allow': '127.0.0.1' }", true),
                                NULL);
    agent_await(&watched.server, 0, "alpha", JOIN_MS);
    agent_await_warm(&watched.server, watched.agent);
    return watched;
}

static void end(struct watched *watched) {
    terminal_close(&watched->terminal);
    unsetenv("MUNNEL_SOCKET");
    sandbox_free(watched->sandbox);
    destination_free(watched->echo);
}

static int converse_with_echo(const struct watched *watched, const char *text) {
    int fd = socket_client(watched->port);

    ck_assert_msg(socket_converse(fd, text, ASK_MS), "the service does not serve");
    return fd;
}

static const char *run_tool(struct watched *watched, const char *a, const char *b, const char *c) {
    const char *name = "tool";

    int code = sandbox_do(watched->sandbox, name, sandbox_program(watched->sandbox, "munnel"), a, b, c, NULL);
    const char *output = sandbox_output(watched->sandbox, name);
    ck_assert_msg(code == 0, "munnel %s: %d: %s", a, code, output);
    return output;
}

/* ---- on a terminal ---- */

START_TEST(numbers_are_those_of_the_api) {
    struct watched watched = start("numbers");
    int fds[CLIENTS];
    char client[64];

    for (unsigned i = 0; i < CLIENTS; i++)
        fds[i] = converse_with_echo(&watched, "12345");
    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        const char *list = run_tool(&watched, "relay", "list", "--json");
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "The service is reachable");
        ck_assert_ptr_nonnull(strstr(watched.terminal.seen, "3 relays, most 3"));
        ck_assert_ptr_nonnull(strstr(watched.terminal.seen, " 3 Relays 3 "));
        ck_assert_ptr_nonnull(strstr(watched.terminal.seen, "1/1       3 ")); /* the row of the service: able, relays */
        terminal_press(&watched.terminal, "3");
        TERMINAL_EXPECT(&watched.terminal, "127.0.0.1:");
        for (const char *at = list; (at = strstr(at, "\"client\":")); at++) {
            text_in(at, "client", client, sizeof client);
            ck_assert_msg(strstr(watched.terminal.seen, client), "no %s in\n%s", client, watched.terminal.seen);
        }
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        close(fds[i]);
    end(&watched);
}
END_TEST

START_TEST(ending_a_relay_ends_it_and_no_other) {
    struct watched watched = start("ending");
    int other = converse_with_echo(&watched, "1"), ended = converse_with_echo(&watched, "12345");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "--tab relays --sort bytes");
        TERMINAL_EXPECT(&watched.terminal, " 5 B");
        terminal_press(&watched.terminal, "Down");
        terminal_press(&watched.terminal, "e");
        TERMINAL_EXPECT(&watched.terminal, "Both sides are reset.");
        ck_assert(socket_converse(ended, "not yet", ASK_MS));
        terminal_press(&watched.terminal, "y");
        ck_assert_int_eq(socket_wait_end(ended, ASK_MS), END_RESET);
        TERMINAL_EXPECT(&watched.terminal, " was ended");
        ck_assert(socket_converse(other, "still there", ASK_MS));
        terminal_press(&watched.terminal, "Enter"); /* its row has kept its place */
        TERMINAL_EXPECT(&watched.terminal, "by operator");
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
    }
    close(ended);
    close(other);
    end(&watched);
}
END_TEST

START_TEST(paused_service_is_resumed) {
    struct watched watched = start("pausing");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "reachable");
        terminal_press(&watched.terminal, "Down");
        terminal_press(&watched.terminal, "P");
        TERMINAL_EXPECT(&watched.terminal, "Pause service echo?");
        terminal_press(&watched.terminal, "y");
        TERMINAL_EXPECT(&watched.terminal, "paused by");
        ck_assert(socket_is_refused(watched.port));
        terminal_press(&watched.terminal, "P");
        TERMINAL_EXPECT(&watched.terminal, "Resume service echo?");
        terminal_press(&watched.terminal, "y");
        TERMINAL_EXPECT(&watched.terminal, "Service echo takes clients");
        close(converse_with_echo(&watched, "again"));
    }
    end(&watched);
}
END_TEST

START_TEST(size_of_the_terminal_is_followed) {
    struct watched watched = start("resize");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "in 10 s");
        ck_assert(!strstr(watched.terminal.seen, "in 60 s"));
        terminal_do(&watched.terminal, "resize-window", "-x", "200", "-y", "50");
        TERMINAL_EXPECT(&watched.terminal, "in 60 s");
        terminal_do(&watched.terminal, "resize-window", "-x", "60", "-y", "12");
        ck_assert(HOLDS_WITHIN(SOON_MS, !terminal_sees(&watched.terminal, "in 60 s")));
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
    }
    end(&watched);
}
END_TEST

START_TEST(signal_leaves_the_terminal_as_it_was) {
    struct watched watched = start("signal");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "reachable");
        terminal_press(&watched.terminal, "C-c");
        expect_ended(&watched, 128 + SIGINT);
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "Live");
        ck_assert_int_eq(kill((pid_t)strtol(read_line_of(&watched, "pid"), NULL, 10), SIGTERM), 0);
        expect_ended(&watched, TERMINATED);
    }
    end(&watched);
}
END_TEST

START_TEST(server_that_is_gone_comes_back) {
    struct watched watched = start("gone");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "Live");
        sandbox_kill(watched.sandbox, watched.server.process);
        TERMINAL_EXPECT(&watched.terminal, "No answer since");
        terminal_press(&watched.terminal, "?"); /* keys go on */
        TERMINAL_EXPECT(&watched.terminal, "this page; quit");
        terminal_press(&watched.terminal, "Escape");
        server_start_again(&watched.server);
        TERMINAL_EXPECT(&watched.terminal, "Live");
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
    }
    end(&watched);
}
END_TEST

START_TEST(server_that_hangs_does_not_hold_the_keys) {
    struct watched watched = start("hangs");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "Live");
        process_signal(watched.server.process, SIGSTOP);
        TERMINAL_EXPECT(&watched.terminal, "No answer since");
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
        process_signal(watched.server.process, SIGCONT);
    }
    end(&watched);
}
END_TEST

static bool has_color(struct watched *watched) {
    terminal_do(&watched->terminal, "capture-pane", "-e", "-p", NULL, NULL);
    return strstr(watched->terminal.seen, "\033[32m");
}

START_TEST(colors_and_marks_follow_the_environment) {
    struct watched watched = start("colors");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "", "");
        TERMINAL_EXPECT(&watched.terminal, "● Live");
        ck_assert(has_color(&watched));
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
        start_top(&watched, "NO_COLOR=1 LC_ALL=C COLUMNS=40 LINES=9", "");
        TERMINAL_EXPECT(&watched.terminal, "* Live");
        ck_assert(!has_color(&watched));
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
    }
    end(&watched);
}
END_TEST

START_TEST(agent_is_watched_on_its_own_machine) {
    struct watched watched = start("agent");
    int fd = converse_with_echo(&watched, "12345");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "",
                  sandbox_text(watched.sandbox, "--socket %s", sandbox_path(watched.sandbox, "agent.sock")));
        TERMINAL_EXPECT(&watched.terminal, "● Connected to 127.0.0.1:");
        TERMINAL_EXPECT(&watched.terminal, "● permitted");
        terminal_press(&watched.terminal, "2");
        TERMINAL_EXPECT(&watched.terminal, "● connected");
        terminal_press(&watched.terminal, "3");
        TERMINAL_EXPECT(&watched.terminal, "● shared");
        terminal_press(&watched.terminal, "Down");
        terminal_press(&watched.terminal, "e");
        TERMINAL_EXPECT(&watched.terminal, "Both sides are reset.");
        terminal_press(&watched.terminal, "y");
        ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
        terminal_press(&watched.terminal, "q");
        expect_ended(&watched, 0);
    }
    close(fd);
    end(&watched);
}
END_TEST

/* ---- once ---- */

START_TEST(without_a_terminal_a_table_is_printed) {
    struct watched watched = start("once");
    int fd = converse_with_echo(&watched, "12345");
    const char *output = run_tool(&watched, "top", "--tab", "agents");

    ck_assert_msg(strstr(output, "● The service is reachable"), "%s", output);
    ck_assert_msg(strstr(output, "\nalpha  "), "%s", output);
    ck_assert_ptr_null(strchr(output, '\033'));
    output = run_tool(&watched, "top", "--tab=relays", "--json");
    ck_assert_uint_eq(number_in_line(output, "in_bytes"), 5);
    output = run_tool(&watched, "top", "--tab=relays", "--filter=nothing");
    ck_assert_msg(strstr(output, "No relay matches nothing."), "%s", output);
    output = run_tool(&watched, "top", "--tab=servers",
                      sandbox_text(watched.sandbox, "--socket=%s", sandbox_path(watched.sandbox, "agent.sock")));
    ck_assert_msg(strstr(output, "● connected"), "%s", output);
    ck_assert_int_eq(sandbox_do(watched.sandbox, "none", sandbox_program(watched.sandbox, "munnel"), "top",
                                "--tab=servers", NULL),
                     1);
    ck_assert_ptr_nonnull(strstr(sandbox_output(watched.sandbox, "none"), "munneld has no servers, but agents"));
    ck_assert_int_eq(sandbox_do(watched.sandbox, "wrong", sandbox_program(watched.sandbox, "munnel"), "top",
                                "--sort=size", NULL),
                     1);
    ck_assert_ptr_nonnull(strstr(sandbox_output(watched.sandbox, "wrong"), "by state, name, relays"));
    close(fd);
    end(&watched);
}
END_TEST

START_TEST(terminal_that_cannot_be_drawn_on_gets_a_table) {
    struct watched watched = start("dumb");

    if (terminal_open(&watched.terminal, watched.sandbox, 80, 24)) {
        start_top(&watched, "TERM=dumb", "");
        TERMINAL_EXPECT(&watched.terminal, "ended 0");
        ck_assert_ptr_nonnull(
            strstr(watched.terminal.seen, "shown once: a terminal of the kind dumb cannot be drawn on"));
        ck_assert_ptr_nonnull(strstr(watched.terminal.seen, "● reachable"));
    }
    end(&watched);
}
END_TEST

SCENARIO_MAIN("top", SCENARIO(numbers_are_those_of_the_api, 90), SCENARIO(ending_a_relay_ends_it_and_no_other, 90),
              SCENARIO(paused_service_is_resumed, 90), SCENARIO(size_of_the_terminal_is_followed, 90),
              SCENARIO(signal_leaves_the_terminal_as_it_was, 90), SCENARIO(server_that_is_gone_comes_back, 90),
              SCENARIO(server_that_hangs_does_not_hold_the_keys, 90),
              SCENARIO(colors_and_marks_follow_the_environment, 90), SCENARIO(agent_is_watched_on_its_own_machine, 90),
              SCENARIO(without_a_terminal_a_table_is_printed, 90),
              SCENARIO(terminal_that_cannot_be_drawn_on_gets_a_table, 90))
