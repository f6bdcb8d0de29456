/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resources: too few descriptors, a log without a reader, agents that come and go, clients that come all at once.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ASK_MS = 5000, MANY = 200, BUSY_LINES_A_MINUTE = 10 };

/* Connects more clients than there are descriptors for; those that are served stay. The kernel accepts all at first. */
static void press(uint16_t port, int fds[MANY]) {
    for (int i = 0; i < MANY; i++) {
        fds[i] = socket_try("127.0.0.1", port);
        if (fds[i] >= 0)
            socket_send(fds[i], "hello", 5, 100);
    }
}

static void release(int fds[MANY]) {
    for (int i = 0; i < MANY; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
}

/* Two seconds under pressure: who is served goes on, and the program does not spin. */
static void assert_bears_it(struct process *process, int served) {
    unsigned cpu = proc_stats_cpu_ms(process_pid(process));
    uint64_t start = now_ms();
    while (now_ms() - start < 2000) {
        ck_assert(socket_converse(served, "still here", ASK_MS));
        ck_assert_int_eq(socket_wait_end(served, 100 / slow_factor()), END_LATE);
    }
    cpu = proc_stats_cpu_ms(process_pid(process)) - cpu;
    printf("# %u ms of CPU in 2 s without descriptors\n", cpu);
    ck_assert_uint_le(cpu, 200 * slow_factor());
    ck_assert(!process_is_over(process));
}

START_TEST(a_server_out_of_descriptors_serves_those_it_has) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service, .descriptors = 100});
    agent_join_warm(&server, "alpha", NULL);
    int served = socket_client(port), fds[MANY];
    ck_assert(socket_converse(served, "hello", ASK_MS));
    press(port, fds);
    assert_bears_it(server.process, served);
    release(fds);
    ck_assert(HOLDS_WITHIN(10000, socket_echoes(port, 2000)));
    ck_assert(socket_converse(served, "still here", ASK_MS));
    char *output = process_output(server.process, 0);
    ck_assert_uint_lt(strlen(output), 400000); /* one line a second about it, and the relays' own */
    free(output);
    close(served);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(an_agent_out_of_descriptors_serves_those_it_has) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), "'pending_timeout': 2,");
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    struct process *agent = sandbox_run(sandbox, "agent", "sh", "-c", "ulimit -n 80; exec \"$@\"", "sh",
                                        sandbox_program(sandbox, "munnel-agent"), "--name", "alpha", "--ca",
                                        sandbox_text(sandbox, "%s/ca.pem", server.pki),
                                        sandbox_text(sandbox, "127.0.0.1:%u", server.port), NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    int served = socket_client(port), fds[MANY];
    ck_assert(socket_converse(served, "hello", ASK_MS));
    press(port, fds);
    assert_bears_it(agent, served);
    ck_assert_uint_gt(process_count(agent, 0, " relay ", "Too many open files", NULL), 0);
    ck_assert_uint_le(process_count(agent, 0, " relay ", "Too many open files", NULL), 2 * BUSY_LINES_A_MINUTE);
    release(fds);
    ck_assert(HOLDS_WITHIN(15000, socket_echoes(port, 2000)));
    ck_assert(socket_converse(served, "still here", ASK_MS));
    close(served);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

static const char *echo_once(unsigned job, void *context) {
    (void)job;
    return socket_echoes(*(const uint16_t *)context, ASK_MS) ? NULL : "was not served";
}

/* A pipe without a reader is full after 64 KiB; then its read end is closed. Traffic never waits for the log. */
START_TEST(a_log_without_a_reader_stops_no_relay) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *path = sandbox_path(sandbox, "log.fifo");
    ck_assert_int_eq(mkfifo(path, 0600), 0);
    int reader = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(reader, 0);
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service, .log = path});
    agent_start(&server, "alpha", NULL, NULL);
    ck_assert(HOLDS_WITHIN(START_MS + JOIN_MS, socket_echoes(port, ASK_MS)));
    parallel_clients_run(8, 1000, echo_once, &port);
    close(reader);
    parallel_clients_run(8, 200, echo_once, &port);
    ck_assert(!process_is_over(server.process));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(agents_that_come_and_go_leave_nothing) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), NULL, NULL);
    struct sandbox *sandbox = simple.sandbox;
    struct usage before = usage_of(simple.server.process);
    for (int round = 0; round < 15; round++) {
        struct process *beta = agent_join(&simple.server, "beta", NULL);
        ck_assert(socket_echoes(simple.port, ASK_MS));
        size_t mark = process_mark(simple.server.process);
        if (round % 2 == 0)
            sandbox_end(sandbox, beta);
        else
            sandbox_kill(sandbox, beta);
        process_await(simple.server.process, mark, ASK_MS, "agent beta", "\"running\":", NULL);
        ck_assert(socket_echoes(simple.port, ASK_MS));
    }
    usage_await(simple.server.process, &before, 10000);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(five_hundred_clients_at_once_are_all_served) {
    enum { CLIENTS = 500 };
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), NULL, NULL);
    static int fds[CLIENTS];
    char answer[5];
    uint64_t start = now_ms();
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = socket_client(simple.port);
        ck_assert(socket_send(fds[i], "hello", 5, ASK_MS));
    }
    for (int i = 0; i < CLIENTS; i++)
        ck_assert_msg(socket_read(fds[i], answer, 5, NULL, 10000) == END_NONE, "client %d was not served", i);
    printf("# %d clients at once: all served after %ju ms\n", CLIENTS, (uintmax_t)(now_ms() - start));
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    ck_assert(HOLDS_WITHIN(ASK_MS, live_of(simple.server.process).relays == 0));
    destination_free(echo);
    sandbox_free(simple.sandbox);
}
END_TEST

SCENARIO_MAIN("resources", SCENARIO(a_server_out_of_descriptors_serves_those_it_has, 60),
              SCENARIO(an_agent_out_of_descriptors_serves_those_it_has, 60),
              SCENARIO(a_log_without_a_reader_stops_no_relay, 60), SCENARIO(agents_that_come_and_go_leave_nothing, 60),
              SCENARIO(five_hundred_clients_at_once_are_all_served, 60))
