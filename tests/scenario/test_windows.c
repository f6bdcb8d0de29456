/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_windows: Munnel's programs for Windows, run by wine, with each other and with those of this system.
 *
 * Where wine or the programs are missing each test says so and passes. wineserver does all waiting for all programs, so
 * that deadlines are generous and speed is nothing that could be tested here.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/two_machines.h"
#include "harness/wine.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 20000, LOG_MS = 30000, RELAY_MS = 60000, MEGABYTE = 1000 * 1000, USAGE = 2 };

/* ---- the original's way: a server, an agent that joins by a code, and what is relayed ---- */

struct vnc {
    struct two_machines pair;
    struct destination *exchange;
    uint16_t exchange_port;
    struct process *agent;
};

static struct vnc vnc_start(const char *name) {
    struct vnc vnc = {.exchange = destination_start(handle_exchange, NULL), .exchange_port = port_take()};
    char service[128];
    snprintf(service, sizeof service, "Exchange web 127.0.0.1:%u localhost:%u", vnc.exchange_port,
             destination_port(vnc.exchange));
    vnc.pair = two_machines_start(name, service);
    vnc.agent = ON_MACHINE(vnc.pair.sandbox, "near", "agent", vnc.pair.code,
                           sandbox_program(vnc.pair.sandbox, "munnel-agent"), "--join", "-");
    two_machines_await_service(&vnc.pair);
    return vnc;
}

static void vnc_end(struct vnc *vnc) {
    destination_free(vnc->exchange);
    two_machines_end(&vnc->pair);
}

/* Both ways at once, to the end of each, and equal by their SHA-256. */
static void assert_bytes_come_whole(const struct vnc *vnc) {
    static const uint64_t sizes[][2] = {{0, 0}, {1, 100000}, {100000, 1}, {5 * MEGABYTE, 5 * MEGABYTE}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct relayed relayed = {vnc->exchange_port, vnc->exchange, 10 * (i + 1), sizes[i][0], sizes[i][1], 0};
        const char *wrong = relayed_differs(&relayed, RELAY_MS);
        ck_assert_msg(!wrong, "%llu bytes up, %llu down: %s", (unsigned long long)sizes[i][0],
                      (unsigned long long)sizes[i][1], wrong);
    }
}

static void vnc_is_relayed(const char *name, const char *chosen) {
    if (!wine_can_run(name, chosen))
        return;
    struct vnc vnc = vnc_start(name);
    int first = socket_client(vnc.pair.port);
    ck_assert(socket_converse(first, "RFB 003.008\n", ASK_MS));
    assert_bytes_come_whole(&vnc);
    ck_assert(socket_converse(first, "still there", ASK_MS));
    close(first);

    /* Later starts need no code. */
    sandbox_end(vnc.pair.sandbox, vnc.agent);
    vnc.agent =
        ON_MACHINE(vnc.pair.sandbox, "near", "agent-again", NULL, sandbox_program(vnc.pair.sandbox, "munnel-agent"));
    two_machines_await_service(&vnc.pair);
    vnc_end(&vnc);
}

START_TEST(a_windows_agent_serves_a_server_of_this_system) {
    vnc_is_relayed(__func__, "agent");
}
END_TEST

START_TEST(a_windows_server_has_an_agent_of_this_system) {
    vnc_is_relayed(__func__, "server");
}
END_TEST

START_TEST(a_windows_server_has_a_windows_agent) {
    vnc_is_relayed(__func__, "server,agent,tool");
}
END_TEST

/* ---- one server, one agent, one service, both of Windows ---- */

/* False: cannot be run here. */
static bool windows_start(struct simple *simple, const char *name, uint16_t to) {
    if (!wine_can_run(name, "server,agent"))
        return false;
    *simple = simple_start(name, to, NULL, NULL);
    return true;
}

START_TEST(half_close_gets_the_whole_answer) {
    atomic_ullong answer_bytes = MEGABYTE;
    struct destination *answer = destination_start(handle_answer_at_end, &answer_bytes);
    struct simple simple;
    if (windows_start(&simple, __func__, destination_port(answer))) {
        int fd = socket_client(simple.port);
        struct tally_result got, expected;
        ck_assert(socket_send(fd, "a question", 10, ASK_MS));
        socket_finish(fd);
        ck_assert_int_eq(socket_drain(fd, &got, RELAY_MS), END_FILE);
        tally_of_source(&expected, 1, answer_bytes);
        ck_assert(tally_same(&got, &expected));
        close(fd);
        sandbox_free(simple.sandbox);
    }
    destination_free(answer);
}
END_TEST

START_TEST(a_reset_reaches_the_other_side) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple;
    if (windows_start(&simple, __func__, destination_port(echo))) {
        for (unsigned i = 0; i < 5; i++) {
            int fd = socket_client(simple.port);
            ck_assert(socket_converse(fd, "hello", ASK_MS));
            socket_reset(fd);
            destination_await_ended(echo, i + 1, ASK_MS);
            ck_assert_int_eq(destination_connection(echo, i)->end, END_RESET);
        }
        sandbox_free(simple.sandbox);
    }
    destination_free(echo);
}
END_TEST

enum { CONNECTIONS = 500 };

START_TEST(five_hundred_connections_at_once) {
    static int fds[CONNECTIONS];
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple;
    if (windows_start(&simple, __func__, destination_port(echo))) {
        for (int i = 0; i < CONNECTIONS; i++) {
            fds[i] = socket_client(simple.port);
            ck_assert_msg(socket_converse(fds[i], "hello", RELAY_MS), "connection %d was not served", i);
        }
        for (int i = 0; i < CONNECTIONS; i++)
            ck_assert_msg(socket_converse(fds[i], "still there?", RELAY_MS), "connection %d was lost", i);
        for (int i = 0; i < CONNECTIONS; i++)
            close(fds[i]);
        destination_await_ended(echo, CONNECTIONS, RELAY_MS);
        sandbox_free(simple.sandbox);
    }
    destination_free(echo);
}
END_TEST

START_TEST(a_killed_agent_is_replaced_by_the_next) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple;
    if (windows_start(&simple, __func__, destination_port(echo))) {
        ck_assert(socket_echoes(simple.port, ASK_MS));
        wine_await_rest(simple.agent, LOG_MS);
        sandbox_kill(simple.sandbox, simple.agent);
        agent_join(&simple.server, "beta", NULL);
        ck_assert(HOLDS_WITHIN(LOG_MS, socket_echoes(simple.port, ASK_MS)));
        sandbox_free(simple.sandbox);
    }
    destination_free(echo);
}
END_TEST

START_TEST(an_agent_comes_back_to_a_server_that_was_killed) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple;
    if (windows_start(&simple, __func__, destination_port(echo))) {
        int fd = socket_client(simple.port);
        ck_assert(socket_converse(fd, "hello", ASK_MS));
        wine_await_rest(simple.server.process, LOG_MS);
        sandbox_kill(simple.sandbox, simple.server.process);
        ck_assert_int_ne(socket_wait_end(fd, ASK_MS), END_LATE);
        close(fd);
        server_start_again(&simple.server);
        agent_await(&simple.server, 0, "alpha", LOG_MS);
        ck_assert(HOLDS_WITHIN(LOG_MS, socket_echoes(simple.port, ASK_MS)));
        sandbox_free(simple.sandbox);
    }
    destination_free(echo);
}
END_TEST

/* Ctrl-C: relays may end by themselves, and the program ends with 0. */
START_TEST(ctrl_c_lets_relays_end) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple;
    if (windows_start(&simple, __func__, destination_port(echo))) {
        int fd = socket_client(simple.port);
        ck_assert(socket_converse(fd, "hello", ASK_MS));
        process_signal(simple.agent, SIGINT);
        process_await(simple.agent, 0, LOG_MS, "\"draining\"", NULL);
        ck_assert(socket_converse(fd, "still there?", ASK_MS));
        close(fd);
        ck_assert_int_eq(process_wait(simple.agent, LOG_MS), 0);
        process_signal(simple.server.process, SIGINT);
        ck_assert_int_eq(process_wait(simple.server.process, LOG_MS), 0);
        sandbox_free(simple.sandbox);
    }
    destination_free(echo);
}
END_TEST

/* ---- what is refused ---- */

START_TEST(a_wrong_pin_is_refused) {
    static const char pin[] = "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    if (!wine_can_run(__func__, "server,agent"))
        return;
    struct sandbox *sandbox = sandbox_new(__func__);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "echo", port_take(), 9, NULL)});
    struct process *agent =
        sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--name", "alpha", "--pin", pin,
                    "--token-file", sandbox_text(sandbox, "%s/agent.token", server.pki),
                    sandbox_text(sandbox, "127.0.0.1:%u", server.port), NULL);
    process_await(agent, 0, LOG_MS, "the server's key is not the pinned one", NULL);
    ck_assert_uint_eq(process_count(server.process, 0, "\"joined\"", NULL), 0);
    sandbox_free(sandbox);
}
END_TEST

/* Exit code, file and fault, as on this system. */
START_TEST(errors_of_a_configuration_are_named) {
    static const char *const wrong[][2] = {{"{ 'services': [ { 'name': 'a', 'lisen': 1 } ] }", "lisen"},
                                           {"{ 'services': [ ", "wrong-1.json:"}};
    if (!wine_can_run(__func__, "server,agent"))
        return;
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *server = sandbox_program(sandbox, "munneld"), *agent = sandbox_program(sandbox, "munnel-agent");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *name = sandbox_text(sandbox, "wrong-%zu.json", i), *label = sandbox_text(sandbox, "check-%zu", i);
        const char *file = sandbox_write(sandbox, name, wrong[i][0], true);
        int code = sandbox_do(sandbox, label, server, "--config", file, "--check", NULL);
        const char *output = sandbox_output(sandbox, label);
        ck_assert_msg(code == USAGE && strstr(output, name) && strstr(output, wrong[i][1]), "exit code %d: %s", code,
                      output);
    }
    ck_assert_int_eq(sandbox_do(sandbox, "none", server, "--config", sandbox_path(sandbox, "none.json"), NULL), USAGE);
    ck_assert_int_eq(sandbox_do(sandbox, "usage", agent, "--no-such-option", NULL), USAGE);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_key_that_others_may_read_is_refused) {
    if (!wine_can_run(__func__, "server"))
        return;
    struct sandbox *sandbox = sandbox_new(__func__);
    const char *pki = sandbox_pki(sandbox, "pki"), *key = sandbox_text(sandbox, "%s/server.key", pki);
    ck_assert_int_eq(sandbox_do(sandbox, "chmod", "chmod", "o+r", key, NULL), 0);
    struct server server =
        server_start(sandbox, (struct server_plan){.services = service_to(sandbox, "echo", port_take(), 9, NULL),
                                                   .may_fail = true});
    ck_assert_int_ne(process_wait(server.process, LOG_MS), 0);
    process_await(server.process, 0, LOG_MS, "server.key", "may read", NULL);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_port_in_use_is_reported) {
    if (!wine_can_run(__func__, "server"))
        return;
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t taken = port_take();
    int listener = socket_listen("127.0.0.1", taken, 1);
    struct server server =
        server_start(sandbox,
                     (struct server_plan){.services = service_to(sandbox, "echo", taken, 9, NULL), .may_fail = true});
    ck_assert_int_ne(process_wait(server.process, LOG_MS), 0);
    process_await(server.process, 0, LOG_MS, sandbox_text(sandbox, "127.0.0.1:%u", taken), "in use", NULL);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("windows", SCENARIO(a_windows_agent_serves_a_server_of_this_system, 180),
              SCENARIO(a_windows_server_has_an_agent_of_this_system, 180),
              SCENARIO(a_windows_server_has_a_windows_agent, 180), SCENARIO(half_close_gets_the_whole_answer, 120),
              SCENARIO(a_reset_reaches_the_other_side, 120), SCENARIO(five_hundred_connections_at_once, 300),
              SCENARIO(a_killed_agent_is_replaced_by_the_next, 120),
              SCENARIO(an_agent_comes_back_to_a_server_that_was_killed, 120), SCENARIO(ctrl_c_lets_relays_end, 120),
              SCENARIO(a_wrong_pin_is_refused, 120), SCENARIO(errors_of_a_configuration_are_named, 120),
              SCENARIO(a_key_that_others_may_read_is_refused, 120), SCENARIO(a_port_in_use_is_reported, 120))
