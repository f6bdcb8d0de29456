/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_join: how an agent gets its credential by a join code, and how it loses it.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/two_machines.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, LOG_MS = 10000, TURNED_AWAY = 3, SCREEN = 16384 };

/* ---- join codes ---- */

/* With its output in a file the server prints no code; what an agent got by one is kept for later starts. */
START_TEST(a_code_joins_for_good) {
    struct two_machines pair = two_machines_start(__func__, NULL);
    struct sandbox *sandbox = pair.sandbox;
    const char *agent = sandbox_program(sandbox, "munnel-agent");
    ck_assert_uint_eq(process_count(pair.server, 0, "munnel1.", NULL), 0);
    ck_assert_uint_eq(process_count(pair.server, 0, "munnel agent add NAME makes a join code", NULL), 1);
    struct process *first = ON_MACHINE(sandbox, "near", "first", pair.code, agent, "--join", "-");
    two_machines_await_service(&pair);
    sandbox_end(sandbox, first);
    struct stat status;
    ck_assert_int_eq(stat(sandbox_path(sandbox, "near/state/joined.json"), &status), 0);
    ck_assert_int_eq(status.st_mode & 0777, 0600);
    struct process *later = ON_MACHINE(sandbox, "near", "later", NULL, agent);
    two_machines_await_service(&pair);
    char *said = process_output(later, 0);
    ck_assert_ptr_null(strstr(said, "munnel1."));
    free(said);
    sandbox_end(sandbox, pair.server);
    pair.server = two_machines_start_server(&pair, "server-again");
    two_machines_await_service(&pair);
    ck_assert_uint_eq(process_count(pair.server, 0, "munnel1.", NULL), 0);
    two_machines_end(&pair);
}
END_TEST

/* A machine is set up while nothing runs yet, the server neither; its service serves later. */
START_TEST(a_code_may_be_kept_before_the_agent_starts) {
    struct two_machines pair = two_machines_start(__func__, NULL);
    struct sandbox *sandbox = pair.sandbox;
    const char *agent = sandbox_program(sandbox, "munnel-agent");
    sandbox_end(sandbox, pair.server);
    struct process *checker = ON_MACHINE(sandbox, "near", "checker", pair.code, agent, "--check-config", "--join", "-");
    ck_assert_int_eq(process_wait(checker, LOG_MS), 0);
    process_await(checker, 0, LOG_MS, "serves", pair.address, "the token of \"first\"", NULL);
    ck_assert_int_ne(access(sandbox_path(sandbox, "near/state/joined.json"), F_OK), 0);
    checker = ON_MACHINE(sandbox, "near", "checker-of-nothing", NULL, agent, "--check-config");
    ck_assert_int_eq(process_wait(checker, LOG_MS), 2);
    process_await(checker, 0, LOG_MS, "no server is named, and none was joined", NULL);
    const char *unloggable = sandbox_write(sandbox, "unloggable.json", "{ \"log\": { \"to\": \".\" } }", false);
    checker = ON_MACHINE(sandbox, "near", "checker-of-log", pair.code, agent, "--check-config", "--config", unloggable,
                         "--join", "-");
    ck_assert_int_eq(process_wait(checker, LOG_MS), 2);
    process_await(checker, 0, LOG_MS, "unloggable.json: log.to: ", "is a folder; name a file in it", NULL);
    struct process *keeper = ON_MACHINE(sandbox, "near", "keeper", pair.code, agent, "--join-only", "-");
    ck_assert_int_eq(process_wait(keeper, LOG_MS), 0);
    char *said = process_output(keeper, 0);
    ck_assert_msg(strstr(said, pair.address) && !strstr(said, "munnel1."), "%s", said);
    ck_assert_msg(!strstr(said, "warning"), "%s", said);
    free(said);
    const char *old = sandbox_path(sandbox, "far/state/agent.token");
    keeper =
        ON_MACHINE(sandbox, "near", "keeper-beside-a-file", pair.code, agent, "--token-file", old, "--join-only", "-");
    ck_assert_int_eq(process_wait(keeper, LOG_MS), 0);
    process_await(keeper, 0, LOG_MS, "warning: ", old, " goes before the join code for ", pair.address, NULL);
    pair.server = two_machines_start_server(&pair, "server-again");
    ON_MACHINE(sandbox, "near", "agent", NULL, agent);
    two_machines_await_service(&pair);
    two_machines_end(&pair);
}
END_TEST

START_TEST(a_log_gets_no_code) {
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *file = sandbox_path(sandbox, "out");
    const char *journal = sandbox_text(sandbox,
                                       "touch %s; export JOURNAL_STREAM=$(stat -c %%d:%%i %s); exec %s --listen "
                                       "127.0.0.1:%u 'Echo 127.0.0.1:%u 127.0.0.1:9' >> %s",
                                       file, file, sandbox_program(sandbox, "munneld"), port_take(), port_take(), file);
    struct process *server = sandbox_run(sandbox, "server", "sh", "-c", journal, NULL);
    process_await(server, 0, START_MS, "listening for agents on", NULL);
    ck_assert_int_eq(sandbox_do(sandbox, "says", "grep", "munnel agent add NAME", file, NULL), 0);
    ck_assert_int_eq(sandbox_do(sandbox, "no-code", "grep", "munnel1\\.", file, NULL), 1);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(an_agent_that_was_added_joins_and_revoking_ends_it) {
    struct two_machines pair = two_machines_start(__func__, NULL);
    struct sandbox *sandbox = pair.sandbox;
    const char *agents = sandbox_path(sandbox, "far/state/agents.json"), *tool = sandbox_program(sandbox, "munnel");
    int code = sandbox_do(sandbox, "add", tool, "agent", "add", "web1", "--group", "web", "--server", pair.address,
                          "--agents", agents, NULL);
    ck_assert_msg(code == 0, "%s", sandbox_output(sandbox, "add"));
    const char *text = strstr(sandbox_output(sandbox, "add"), "munnel1.");
    ck_assert_ptr_nonnull(text);
    const char *file = sandbox_write(sandbox, "web1.code", text, false);
    struct process *agent = ON_MACHINE(sandbox, "near", "agent", NULL, sandbox_program(sandbox, "munnel-agent"),
                                       "--name", "web1", "--join", file);
    two_machines_await_service(&pair);
    process_await(pair.server, 0, ASK_MS, "\"joined\"", "\"credential\":\"web1\"", "\"groups\":\"web\"", NULL);
    size_t mark = process_mark(pair.server);
    code = sandbox_do(sandbox, "revoke", tool, "agent", "revoke", "web1", "--agents", agents, NULL);
    ck_assert_int_eq(code, 0);
    process_await(pair.server, mark, LOG_MS, "agent web1", "its credential was revoked", NULL);
    process_await(agent, 0, LOG_MS, "the server ended the session", "its credential was revoked", NULL);
    process_await(agent, 0, LOG_MS, "unknown, wrong or expired", NULL);
    ck_assert(!process_is_over(agent)); /* it was accepted once */
    sandbox_end(sandbox, agent);
    agent = ON_MACHINE(sandbox, "near", "later", NULL, sandbox_program(sandbox, "munnel-agent"));
    ck_assert_int_eq(process_wait(agent, LOG_MS), TURNED_AWAY);
    two_machines_end(&pair);
}
END_TEST

START_TEST(half_a_code_is_no_code_and_nothing_is_kept) {
    struct two_machines pair = two_machines_start(__func__, NULL);
    struct sandbox *sandbox = pair.sandbox;
    const char *half = sandbox_text(sandbox, "%.*s", (int)strlen(pair.code) / 2, pair.code);
    struct process *agent =
        ON_MACHINE(sandbox, "near", "agent", half, sandbox_program(sandbox, "munnel-agent"), "--join", "-");
    ck_assert_int_ne(process_wait(agent, LOG_MS), 0);
    char *said = process_output(agent, 0);
    ck_assert_ptr_nonnull(strstr(said, "join code"));
    ck_assert_ptr_null(strstr(said, half + strlen("munnel1.")));
    free(said);
    ck_assert_int_ne(access(sandbox_path(sandbox, "near/state/joined.json"), F_OK), 0);
    two_machines_end(&pair);
}
END_TEST

/* ---- a person at a terminal ---- */

static int open_terminal(char *slave, size_t size) {
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    ck_assert_int_ge(master, 0);
    ck_assert(grantpt(master) == 0 && unlockpt(master) == 0);
    ck_assert_int_eq(ptsname_r(master, slave, size), 0);
    return master;
}

/* Reads what the terminal shows until `word` is in it. */
static void see(int master, const char *word, char screen[SCREEN]) {
    uint64_t deadline = deadline_in(LOG_MS);
    size_t used = strlen(screen);
    while (!strstr(screen, word)) {
        struct pollfd input = {.fd = master, .events = POLLIN};
        ck_assert_msg(deadline_left(deadline) > 0, "the terminal does not show \"%s\": %s", word, screen);
        if (poll(&input, 1, 100) <= 0)
            continue;
        ssize_t got = read(master, screen + used, SCREEN - 1 - used);
        used += got > 0 ? (size_t)got : 0;
        screen[used] = '\0';
        if (got <= 0)
            usleep(10000); /* its reader has not opened it yet */
    }
}

START_TEST(a_terminal_gets_the_code_once) {
    struct sandbox *sandbox = sandbox_new(__func__);
    static char screen[SCREEN];
    char slave[64];
    int master = open_terminal(slave, sizeof slave);
    const char *shell = sandbox_text(sandbox, "exec '%s' --listen 127.0.0.1:%u 'Echo 127.0.0.1:%u 127.0.0.1:9' >%s",
                                     sandbox_program(sandbox, "munneld"), port_take(), port_take(), slave);
    struct process *server = ON_MACHINE(sandbox, "far", "server", NULL, "sh", "-c", shell);
    process_await(server, 0, START_MS, "listening for agents on", NULL);
    see(master, "  munnel1.", screen);
    ck_assert_uint_eq(process_count(server, 0, "munnel1.", NULL), 0); /* the log */
    sandbox_end(sandbox, server);
    close(master);
    sandbox_free(sandbox);
}
END_TEST

/*
 *     munnel server 127.0.0.1:10001 "Echo web 127.0.0.1:5900 127.0.0.1:7"
 *     munnel agent 127.0.0.1:10001 web
 *
 * on two machines that share nothing: the agent asks, once.
 */
START_TEST(the_original_s_lines_on_two_machines) {
    struct two_machines pair = two_machines_start(__func__, NULL);
    struct sandbox *sandbox = pair.sandbox;
    static char screen[SCREEN];
    char slave[64];
    int master = open_terminal(slave, sizeof slave);
    const char *tool = sandbox_program(sandbox, "munnel");
    const char *shell = sandbox_text(sandbox, "exec '%s' agent %s web <%s >%s 2>&1", tool, pair.address, slave, slave);
    struct process *agent = ON_MACHINE(sandbox, "near", "agent", NULL, "sh", "-c", shell);
    see(master, "Join code", screen);
    const char *typed = sandbox_text(sandbox, "%s\n", pair.code);
    ck_assert_int_eq(write(master, typed, strlen(typed)), (ssize_t)strlen(typed));
    see(master, "connected", screen);
    two_machines_await_service(&pair);
    ck_assert_ptr_null(strstr(screen, pair.code + strlen("munnel1."))); /* not echoed */
    sandbox_end(sandbox, agent);
    close(master);
    /* The same line asks for nothing any more, on a terminal or not. */
    ON_MACHINE(sandbox, "near", "again", NULL, tool, "agent", pair.address, "web");
    two_machines_await_service(&pair);
    two_machines_end(&pair);
}
END_TEST

SCENARIO_MAIN("join", SCENARIO(a_code_joins_for_good, 60), SCENARIO(a_code_may_be_kept_before_the_agent_starts, 60),
              SCENARIO(a_log_gets_no_code, 30), SCENARIO(a_terminal_gets_the_code_once, 30),
              SCENARIO(an_agent_that_was_added_joins_and_revoking_ends_it, 60),
              SCENARIO(half_a_code_is_no_code_and_nothing_is_kept, 30),
              SCENARIO(the_original_s_lines_on_two_machines, 60))
