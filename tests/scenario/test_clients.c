/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_clients: clients and destinations that leave early, stay silent, come by the thousand or never end; nothing is
 * left of them.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/proc_stats.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, MEGABYTE = 1000 * 1000 };
enum { ROUNDS_MOST = 8, EXTRA_HEAP = 16 * 1024 /* of 2,000 clients: 8 bytes each */ };

START_TEST(a_client_s_reset_reaches_the_destination) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), NULL, NULL);
    struct usage server = usage_of(simple.server.process), agent = usage_of(simple.agent);
    for (unsigned i = 0; i < 20; i++) {
        size_t mark = process_mark(simple.server.process);
        int fd = socket_client(simple.port);
        ck_assert(socket_converse(fd, "hello", ASK_MS));
        socket_reset(fd);
        destination_await_ended(echo, i + 1, ASK_MS);
        ck_assert_int_eq(destination_connection(echo, i)->end, END_RESET);
        process_await(simple.server.process, mark, ASK_MS, "\"relay ", "\"cut\"", "the client reset the connection",
                      NULL);
    }
    destination_free(echo);
    usage_await(simple.server.process, &server, ASK_MS);
    usage_await(simple.agent, &agent, ASK_MS);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(a_client_s_reset_in_a_download_reaches_the_source) {
    static char part[2 * MEGABYTE];
    struct destination *source = destination_start(handle_source, NULL);
    struct simple simple = simple_start(__func__, destination_port(source), NULL, NULL);
    for (unsigned i = 0; i < 5; i++) {
        int fd = socket_client(simple.port);
        ck_assert_int_eq(socket_read(fd, part, sizeof part, NULL, ASK_MS), END_NONE);
        socket_reset(fd);
        destination_await_ended(source, i + 1, ASK_MS); /* an endless source ends only when its sending fails */
    }
    destination_free(source);
    sandbox_free(simple.sandbox);
}
END_TEST

static void handle_reset(struct connection *connection) {
    char part[5];
    struct linger abort = {.l_onoff = 1, .l_linger = 0};
    socket_read(connection->fd, part, sizeof part, NULL, CONNECTION_MS);
    socket_send(connection->fd, "bye", 3, CONNECTION_MS);
    setsockopt(connection->fd, SOL_SOCKET, SO_LINGER, &abort, sizeof abort);
}

START_TEST(a_destination_s_reset_reaches_the_client) {
    struct destination *rude = destination_start(handle_reset, NULL);
    struct simple simple = simple_start(__func__, destination_port(rude), NULL, NULL);
    for (unsigned i = 0; i < 20; i++) {
        size_t mark = process_mark(simple.server.process);
        int fd = socket_client(simple.port);
        ck_assert(socket_send(fd, "hello", 5, ASK_MS));
        ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
        close(fd);
        process_await(simple.server.process, mark, ASK_MS, "\"relay ", "\"cut\"",
                      "the destination reset the connection", NULL);
    }
    destination_free(rude);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(a_client_that_leaves_while_its_destination_is_dialled_leaves_nothing) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take(), full;
    int extra, listener = destination_full(&full, &extra);
    const char *service = service_to(sandbox, "deaf", port, full, "'connect_timeout': 60,");
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    struct usage server_before = usage_of(server.process), agent_before = usage_of(agent);
    int fds[10];
    for (int i = 0; i < 10; i++)
        fds[i] = socket_client(port);
    ck_assert(HOLDS_WITHIN(ASK_MS, live_of(agent).relays == 10));
    for (int i = 0; i < 10; i++)
        socket_reset(fds[i]);
    usage_await(agent, &agent_before, ASK_MS);
    usage_await(server.process, &server_before, ASK_MS);
    close(extra);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_client_that_finishes_while_its_destination_is_dialled_is_served) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take(), full;
    int extra, listener = destination_full(&full, &extra);
    const char *service = service_to(sandbox, "slow", port, full, "'connect_timeout': 30,");
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    int fd = socket_client(port);
    ck_assert(socket_send(fd, "hello", 5, ASK_MS));
    socket_finish(fd);
    ck_assert(HOLDS_WITHIN(ASK_MS, live_of(agent).relays == 1));
    close(accept(listener, NULL, NULL)); /* room for one more: the kernel asks again after a second or two */
    int served = accept(listener, NULL, NULL);
    char text[6];
    size_t got;
    ck_assert_int_eq(socket_read(served, text, sizeof text, &got, ASK_MS), END_FILE);
    ck_assert_uint_eq(got, 5);
    ck_assert(socket_send(served, "answer", 6, ASK_MS));
    close(served);
    ck_assert_int_eq(socket_read(fd, text, sizeof text, NULL, ASK_MS), END_NONE);
    ck_assert_int_eq(memcmp(text, "answer", 6), 0);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_FILE);
    close(fd);
    close(extra);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

static const char *come_and_go(unsigned job, void *context) {
    int fd = socket_try("127.0.0.1", *(const uint16_t *)context);
    if (fd < 0)
        return "cannot connect";
    if (job % 2 == 0)
        close(fd);
    else
        socket_reset(fd);
    return NULL;
}

/* A program, and what it used before many clients came. */
struct left {
    struct process *process;
    struct usage before;
};

static struct left left_before(struct process *process) {
    struct left left = {.process = process, .before = usage_of(process)};
    left.before.extra_heap = EXTRA_HEAP;
    return left;
}

static bool took_something(const struct left *left) {
    return live_of(left->process).heap > left->before.heap + left->before.extra_heap;
}

/*
 * How many there are at the same time depends on how busy the machine is, and tables that have grown with their number
 * keep more memory than a small leak takes. But that has a bound, so some round takes nothing; with a leak, none.
 */
START_TEST(two_thousand_empty_connections_leave_no_trace) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), NULL, NULL);
    struct left server, agent;
    unsigned rounds = 0;
    do {
        server = left_before(simple.server.process);
        agent = left_before(simple.agent);
        parallel_clients_run(8, 2000, come_and_go, &simple.port);
        ck_assert(HOLDS_WITHIN(10000, live_of(server.process).relays == 0 && live_of(agent.process).relays == 0));
        ck_assert(socket_echoes(simple.port, ASK_MS));
    } while (++rounds < ROUNDS_MOST && (rounds < 2 || took_something(&server) || took_something(&agent)));
    usage_await(server.process, &server.before, 10000);
    usage_await(agent.process, &agent.before, 10000);
    destination_free(echo);
    sandbox_free(simple.sandbox);
}
END_TEST

struct idle_clients {
    uint16_t port;
    int fds[1000];
};

static const char *stay(unsigned job, void *context) {
    struct idle_clients *clients = context;
    clients->fds[job] = socket_try("127.0.0.1", clients->port);
    return clients->fds[job] < 0 ? "cannot connect" : NULL;
}

static unsigned cpu_of_both(const struct server *server, const struct process *agent) {
    return proc_stats_cpu_ms(process_pid(server->process)) + proc_stats_cpu_ms(process_pid(agent));
}

START_TEST(a_thousand_idle_relays_cost_next_to_nothing) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *hold = destination_start(NULL, NULL), *echo = destination_start(handle_echo, NULL);
    struct idle_clients clients = {.port = port_take()};
    uint16_t busy = port_take();
    const char *services =
        sandbox_text(sandbox, "%s, %s", service_to(sandbox, "hold", clients.port, destination_port(hold), NULL),
                     service_to(sandbox, "echo", busy, destination_port(echo), NULL));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    unsigned server_kb = proc_stats_memory_kb(process_pid(server.process)),
             agent_kb = proc_stats_memory_kb(process_pid(agent));
    parallel_clients_run(20, 1000, stay, &clients);
    destination_await_connections(hold, 1000, 20000);
    ck_assert_uint_eq(live_of(server.process).relays, 1000);
    ck_assert_uint_eq(live_of(agent).relays, 1000);
    ck_assert(socket_echoes(busy, ASK_MS));
    unsigned cpu;
    do
        cpu = cpu_of_both(&server, agent);
    while (HOLDS_WITHIN(500, cpu_of_both(&server, agent) > cpu + 10));
    ck_assert_int_eq(socket_wait_end(clients.fds[0], 2000), END_LATE); /* two quiet seconds */
    cpu = cpu_of_both(&server, agent) - cpu;
    server_kb = proc_stats_memory_kb(process_pid(server.process)) - server_kb;
    agent_kb = proc_stats_memory_kb(process_pid(agent)) - agent_kb;
    printf("# 1000 idle relays: %u KiB and %u KiB each on server and agent, %u ms of CPU in 2 s\n", server_kb / 1000,
           agent_kb / 1000, cpu);
    ck_assert_uint_le(cpu, 100 * slow_factor());
    if (!proc_stats_sanitized()) {
        ck_assert_uint_le(server_kb / 1000, 8);
        ck_assert_uint_le(agent_kb / 1000, 8);
    }
    for (int i = 0; i < 1000; i++)
        close(clients.fds[i]);
    destination_free(hold);
    ck_assert(HOLDS_WITHIN(10000, live_of(server.process).relays == 0 && live_of(agent).relays == 0));
    ck_assert(socket_echoes(busy, ASK_MS));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_half_closed_relay_without_progress_ends) {
    struct destination *hold = destination_start(NULL, NULL);
    struct simple simple = simple_start(__func__, destination_port(hold), "'half_close_timeout': 2,", NULL);
    int fd = socket_client(simple.port);
    socket_send(fd, "hello", 5, ASK_MS);
    ck_assert_int_eq(socket_wait_end(fd, 3000), END_LATE); /* open, it may be silent for as long as it likes */
    uint64_t start = now_ms();
    socket_finish(fd);
    ck_assert_int_eq(socket_wait_end(fd, 6000), END_RESET);
    ck_assert_uint_ge(now_ms() - start, 1500);
    close(fd);
    process_await(simple.server.process, 0, ASK_MS, "\"relay ", "\"cut\"", "half_close_timeout", NULL);
    destination_free(hold);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(an_idle_relay_ends_when_the_service_says_so) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), "'idle_timeout': 2,", NULL);
    int fd = socket_client(simple.port);
    for (int i = 0; i < 3; i++) { /* no relay that does something is idle */
        ck_assert(socket_converse(fd, "hello", ASK_MS));
        ck_assert_int_eq(socket_wait_end(fd, 1000 / slow_factor()), END_LATE);
    }
    ck_assert_int_eq(socket_wait_end(fd, 6000), END_RESET);
    close(fd);
    process_await(simple.server.process, 0, ASK_MS, "\"relay ", "\"cut\"", "idle_timeout", NULL);
    destination_free(echo);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(no_more_clients_than_max_clients) {
    struct destination *echo = destination_start(handle_echo, NULL);
    struct simple simple = simple_start(__func__, destination_port(echo), "'max_clients': 2,", NULL);
    int one = socket_client(simple.port), two = socket_client(simple.port);
    ck_assert(socket_converse(one, "hello", ASK_MS) && socket_converse(two, "hello", ASK_MS));
    int three = socket_client(simple.port);
    ck_assert_int_eq(socket_wait_end(three, ASK_MS), END_RESET);
    close(three);
    ck_assert(socket_converse(one, "still here", ASK_MS));
    close(two);
    ck_assert(HOLDS_WITHIN(ASK_MS, socket_echoes(simple.port, ASK_MS)));
    close(one);
    destination_free(echo);
    sandbox_free(simple.sandbox);
}
END_TEST

/* What a client sends before an agent has joined is kept, up to a bound; the rest waits in the client's kernel. */
START_TEST(a_megabyte_sent_before_an_agent_joins_arrives) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *exchange = destination_start(handle_exchange, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "early", port, destination_port(exchange), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    static char text[MEGABYTE];
    struct exchange_request exchange_request = {.tag = 5, .seed = 6, .length = MEGABYTE};
    struct tally_result got, wanted;
    int fd = socket_client(port);
    ck_assert(socket_send(fd, &exchange_request, sizeof exchange_request, ASK_MS));
    ck_assert(socket_send(fd, text, 100000, ASK_MS)); /* the kernels take that much at once */
    agent_join(&server, "alpha", NULL);
    ck_assert(socket_send(fd, text, sizeof text - 100000, ASK_MS));
    socket_finish(fd);
    ck_assert_int_eq(socket_drain(fd, &got, ASK_MS), END_FILE);
    close(fd);
    tally_of_source(&wanted, 6, MEGABYTE);
    ck_assert(tally_same(&got, &wanted));
    destination_await_ended(exchange, 1, ASK_MS);
    ck_assert_uint_eq(destination_connection(exchange, 0)->received.bytes, sizeof text);
    destination_free(exchange);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("clients", SCENARIO(a_client_s_reset_reaches_the_destination, 40),
              SCENARIO(a_client_s_reset_in_a_download_reaches_the_source, 40),
              SCENARIO(a_destination_s_reset_reaches_the_client, 40),
              SCENARIO(a_client_that_leaves_while_its_destination_is_dialled_leaves_nothing, 40),
              SCENARIO(a_client_that_finishes_while_its_destination_is_dialled_is_served, 40),
              SCENARIO(two_thousand_empty_connections_leave_no_trace, 120),
              SCENARIO(a_thousand_idle_relays_cost_next_to_nothing, 60),
              SCENARIO(a_half_closed_relay_without_progress_ends, 40),
              SCENARIO(an_idle_relay_ends_when_the_service_says_so, 40), SCENARIO(no_more_clients_than_max_clients, 30),
              SCENARIO(a_megabyte_sent_before_an_agent_joins_arrives, 40))
