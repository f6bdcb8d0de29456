/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agents: which agent gets a client: turns, groups, and what happens when one of them cannot serve.
 *
 * Each agent has a destination of its own, by a path that leads to another folder in each process; it sends the agent's
 * name, so that a client learns which agent served it.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, NAME_MAX_ = 32 };

/* A destination that sends `name` to each client that the agent of that name connects. */
static struct destination *name_agent(struct sandbox *sandbox, const char *name) {
    const char *address = sandbox_text(sandbox, "unix:%s/own.sock", agent_folder(sandbox, name));
    return destination_start_at(address, handle_greeting, (void *)(uintptr_t)name);
}

/* A path of a socket that was closed: a connection to it is refused. */
static void leave_dead_socket(struct sandbox *sandbox, const char *name) {
    close(socket_listen(sandbox_text(sandbox, "unix:%s/own.sock", agent_folder(sandbox, name)), 0, 1));
}

static struct server start_server(struct sandbox *sandbox, const char *services) {
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    server.leads_to_own = true;
    return server;
}

struct votes {
    unsigned alpha, beta, gamma, delta;
};

static struct votes ask_who(uint16_t port, unsigned times) {
    struct votes votes = {0};
    char name[NAME_MAX_];
    for (unsigned i = 0; i < times; i++) {
        ck_assert_msg(socket_ask(port, name, sizeof name, ASK_MS), "client %u was not served", i);
        votes.alpha += strcmp(name, "alpha") == 0;
        votes.beta += strcmp(name, "beta") == 0;
        votes.gamma += strcmp(name, "gamma") == 0;
        votes.delta += strcmp(name, "delta") == 0;
    }
    ck_assert_uint_eq(votes.alpha + votes.beta + votes.gamma + votes.delta, times);
    return votes;
}

START_TEST(agents_of_a_group_take_turns_and_others_never_come) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct server server =
        start_server(sandbox, service_text(sandbox, "who", port, OWN_DESTINATION, "'group': 'web',"));
    static const char *const names[] = {"alpha", "beta", "delta"};
    struct destination *destinations[4];
    for (int i = 0; i < 3; i++)
        destinations[i] = name_agent(sandbox, names[i]);
    agent_join_warm(&server, "alpha", "web");
    agent_join_warm(&server, "beta", "web");
    agent_join(&server, "delta", "other");
    struct votes votes = ask_who(port, 40);
    ck_assert_uint_eq(votes.alpha, 20);
    ck_assert_uint_eq(votes.beta, 20);
    ck_assert_uint_eq(votes.delta, 0);

    char one[NAME_MAX_], other[NAME_MAX_]; /* not only as often: one after the other */
    for (int i = 0; i < 10; i++) {
        ck_assert(socket_ask(port, one, sizeof one, ASK_MS) && socket_ask(port, other, sizeof other, ASK_MS));
        ck_assert_str_ne(one, other);
    }

    destinations[3] = name_agent(sandbox, "gamma");
    agent_join_warm(&server, "gamma", NULL); /* no group: serves every service */
    votes = ask_who(port, 60);
    ck_assert_uint_eq(votes.alpha, 20);
    ck_assert_uint_eq(votes.beta, 20);
    ck_assert_uint_eq(votes.gamma, 20);
    ck_assert_uint_eq(votes.delta, 0);
    for (int i = 0; i < 4; i++)
        destination_free(destinations[i]);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_service_names_several_groups_or_none) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t two = port_take(), any = port_take();
    const char *services =
        sandbox_text(sandbox, "%s, %s", service_text(sandbox, "two", two, OWN_DESTINATION, "'group': ['web', 'db'],"),
                     service_text(sandbox, "any", any, OWN_DESTINATION, NULL));
    struct server server = start_server(sandbox, services);
    struct destination *destinations[] = {name_agent(sandbox, "alpha"), name_agent(sandbox, "beta"),
                                          name_agent(sandbox, "delta")};
    agent_join_warm(&server, "alpha", "web");
    agent_join_warm(&server, "beta", "db");
    agent_join_warm(&server, "delta", "other");
    struct votes votes = ask_who(two, 20);
    ck_assert_uint_eq(votes.alpha, 10);
    ck_assert_uint_eq(votes.beta, 10);
    votes = ask_who(any, 30);
    ck_assert_uint_eq(votes.alpha, 10);
    ck_assert_uint_eq(votes.beta, 10);
    ck_assert_uint_eq(votes.delta, 10);
    for (int i = 0; i < 3; i++)
        destination_free(destinations[i]);
    sandbox_free(sandbox);
}
END_TEST

static void handle_name_and_stay(struct connection *connection) {
    const char *name = connection->context;
    socket_send(connection->fd, name, 5, CONNECTION_MS);
    connection->end = socket_wait_end(connection->fd, CONNECTION_MS);
}

/* A client that stays: the first letter of the name of its agent. */
static char ask_and_stay(uint16_t port, int *fd) {
    char name[5] = "";
    *fd = socket_client(port);
    ck_assert_int_eq(socket_read(*fd, name, sizeof name, NULL, ASK_MS), END_NONE);
    return name[0];
}

static struct destination *name_staying(struct sandbox *sandbox, const char *name, const char *words) {
    const char *address = sandbox_text(sandbox, "unix:%s/own.sock", agent_folder(sandbox, name));
    return destination_start_at(address, handle_name_and_stay, (void *)(uintptr_t)words);
}

START_TEST(the_least_busy_agent_is_preferred) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    const char *service = service_text(sandbox, "who", port, OWN_DESTINATION, "'balance': 'least-connections',");
    struct server server = start_server(sandbox, service);
    struct destination *destinations[] = {name_staying(sandbox, "alpha", "alpha"),
                                          name_staying(sandbox, "beta", "beta.")};
    int clients[10];
    agent_join_warm(&server, "alpha", NULL);
    for (int i = 0; i < 4; i++)
        ck_assert_int_eq(ask_and_stay(port, &clients[i]), 'a');
    agent_join_warm(&server, "beta", NULL);
    for (int i = 4; i < 8; i++)
        ck_assert_int_eq(ask_and_stay(port, &clients[i]), 'b');
    char one = ask_and_stay(port, &clients[8]), other = ask_and_stay(port, &clients[9]);
    ck_assert_int_ne(one, other);
    for (int i = 0; i < 10; i++)
        close(clients[i]);
    destination_free(destinations[0]);
    destination_free(destinations[1]);
    sandbox_free(sandbox);
}
END_TEST

/* Asks from a loopback address of its own; the name of the agent that served it. */
static void ask_from(const char *from, uint16_t port, char name[NAME_MAX_]) {
    struct sockaddr_in own = {.sin_family = AF_INET}, to = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    own.sin_addr.s_addr = htonl(0x7f000000u | (uint32_t)strtoul(from, NULL, 10));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&own, sizeof own), 0);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    size_t got = 0;
    ck_assert_int_eq(socket_read(fd, name, NAME_MAX_ - 1, &got, ASK_MS), END_FILE);
    name[got] = '\0';
    close(fd);
}

START_TEST(an_address_meets_the_same_agent_again) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    const char *service = service_text(sandbox, "who", port, OWN_DESTINATION, "'balance': 'source',");
    struct server server = start_server(sandbox, service);
    static const char *const names[] = {"alpha", "beta", "gamma"};
    struct destination *destinations[3];
    unsigned met[3] = {0};
    for (int i = 0; i < 3; i++) {
        destinations[i] = name_agent(sandbox, names[i]);
        agent_join_warm(&server, names[i], NULL);
    }
    for (int address = 2; address < 42; address++) {
        char from[8], first[NAME_MAX_], again[NAME_MAX_];
        snprintf(from, sizeof from, "%d", address);
        ask_from(from, port, first);
        for (int i = 0; i < 3; i++) {
            ask_from(from, port, again);
            ck_assert_str_eq(first, again);
        }
        met[first[0] - 'a' > 2 ? 2 : first[0] - 'a']++;
    }
    ck_assert_msg(met[0] + met[1] + met[2] == 40 && met[0] < 40 && met[1] < 40, "40 addresses: %u, %u, %u", met[0],
                  met[1], met[2]);
    for (int i = 0; i < 3; i++)
        destination_free(destinations[i]);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(refused_on_one_agent_is_served_by_the_other) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct server server = start_server(sandbox, service_text(sandbox, "echo", port, OWN_DESTINATION, NULL));
    leave_dead_socket(sandbox, "alpha");
    const char *address = sandbox_text(sandbox, "unix:%s/own.sock", agent_folder(sandbox, "beta"));
    struct destination *echo = destination_start_at(address, handle_echo, NULL);
    agent_join_warm(&server, "alpha", NULL);
    agent_join_warm(&server, "beta", NULL);
    /* Each client speaks first, so its bytes must reach beta although alpha was tried first. */
    for (int i = 0; i < 60; i++)
        ck_assert_msg(socket_echoes(port, ASK_MS), "client %d was not served", i);
    ck_assert_uint_eq(destination_connections(echo), 60);
    process_await(server.process, 0, ASK_MS, "\"done\"", "beta", "\"attempts\":1", NULL);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(an_agent_that_may_not_go_there_is_no_loss) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    struct server server = start_server(sandbox, service_to(sandbox, "echo", port, destination_port(echo), NULL));
    agent_start(&server, "alpha", NULL, "--allow", "127.0.0.1:9", NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    size_t mark = process_mark(server.process);
    int fd = socket_client(port); /* alone, it cannot serve: the client is reset, and the log has the reason */
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    process_await(server.process, mark, ASK_MS, "\"relay ", "\"cut\"", "echo", "alpha", NULL);
    agent_join_warm(&server, "beta", NULL);
    for (int i = 0; i < 30; i++)
        ck_assert_msg(socket_echoes(port, ASK_MS), "client %d was not served", i);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(refused_everywhere_resets_the_client_and_logs_why) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take(), nobody = port_take();
    struct server server = start_server(sandbox, service_to(sandbox, "nothing", port, nobody,
                                                            "'connect_timeout': 5, 'pending_timeout': 5,"));
    agent_join_warm(&server, "alpha", NULL);
    agent_join_warm(&server, "beta", NULL);
    for (int i = 0; i < 5; i++) {
        size_t mark = process_mark(server.process);
        uint64_t start = now_ms();
        int fd = socket_client(port);
        if (socket_send(fd, "hello", 5,
                        ASK_MS)) /* else send() has reported the reset already, and read() would not report it again */
            ck_assert_int_eq(socket_wait_end(fd, 5000), END_RESET);
        ck_assert_uint_le(now_ms() - start, 5000 * slow_factor());
        close(fd);
        process_await(server.process, mark, 5000, "\"relay ", "\"cut\"", "nothing",
                      "the destination could not be reached", NULL);
    }
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_destination_that_does_not_answer_ends_at_the_connect_timeout) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take(), full;
    int extra, listener = destination_full(&full, &extra);
    struct server server = start_server(sandbox, service_to(sandbox, "deaf", port, full, "'connect_timeout': 3,"));
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    struct usage before = usage_of(agent);
    size_t mark = process_mark(server.process);
    uint64_t start = now_ms();
    int fd = socket_client(port);
    ck_assert_int_eq(socket_wait_end(fd, 6000), END_RESET);
    uint64_t took = now_ms() - start;
    ck_assert_msg(took >= 2500 && took <= 5500 * slow_factor(), "it took %ju ms", (uintmax_t)took);
    close(fd);
    process_await(server.process, mark, 5000, "\"relay ", "\"cut\"", "deaf", NULL);
    usage_await(agent, &before, 5000);
    close(extra);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(without_an_agent_a_client_waits_until_one_comes) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    struct server server = start_server(sandbox, service_to(sandbox, "echo", port, destination_port(echo), NULL));
    int fd = socket_client(port);
    ck_assert(socket_send(fd, "early", 5, ASK_MS));
    ck_assert_int_eq(socket_wait_end(fd, 500), END_LATE); /* held, not served, not closed */
    agent_join_warm(&server, "alpha", NULL);
    char answer[5];
    ck_assert_int_eq(socket_read(fd, answer, sizeof answer, NULL, ASK_MS), END_NONE);
    ck_assert_int_eq(memcmp(answer, "early", 5), 0);
    close(fd);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* Ten seconds are the default. */
START_TEST(without_an_agent_a_client_waits_ten_seconds) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take(), short_port = port_take();
    const char *services = sandbox_text(sandbox, "%s, %s", service_to(sandbox, "usual", port, 9, NULL),
                                        service_to(sandbox, "short", short_port, 9, "'pending_timeout': 1,"));
    struct server server = start_server(sandbox, services);
    struct usage before = usage_of(server.process);
    uint64_t start = now_ms();
    int fd = socket_client(port), quick = socket_client(short_port);
    ck_assert_int_eq(socket_wait_end(quick, 4000), END_RESET);
    ck_assert_uint_ge(now_ms() - start, 900);
    ck_assert_int_eq(socket_wait_end(fd, 14000), END_RESET);
    ck_assert_uint_ge(now_ms() - start, 9500);
    close(fd);
    close(quick);
    process_await(server.process, 0, 5000, "\"relay ", "\"cut\"", "usual", "no agent", NULL);
    usage_await(server.process, &before, 5000);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(refuse_resets_at_once) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), "'no_agent': 'refuse',");
    struct server server = start_server(sandbox, service);
    uint64_t start = now_ms();
    int fd = socket_client(port);
    ck_assert_int_eq(socket_wait_end(fd, 2000), END_RESET);
    ck_assert_uint_le(now_ms() - start, 1000 * slow_factor());
    close(fd);
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    ck_assert(socket_echoes(port, ASK_MS));
    size_t mark = process_mark(server.process);
    sandbox_kill(sandbox, agent);
    process_await(server.process, mark, ASK_MS, "agent alpha", NULL);
    fd = socket_client(port);
    ck_assert_int_eq(socket_wait_end(fd, 2000), END_RESET);
    close(fd);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* It joins, but no client will ever reach it; a mistyped group is looked for in the agent's log. */
START_TEST(an_agent_of_a_group_that_no_service_has_logs_it) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct server server =
        start_server(sandbox, service_to(sandbox, "echo", port_take(), port_take(), "'group': 'web',"));
    struct process *agent = agent_join(&server, "alpha", "wbe");
    process_await(agent, 0, ASK_MS, "warning", "no service of this server has the group wbe", NULL);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(close_closes_the_port) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take(), other = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    const char *services =
        sandbox_text(sandbox, "%s, %s",
                     service_to(sandbox, "echo", port, destination_port(echo), "'no_agent': 'close', 'group': 'web',"),
                     service_to(sandbox, "other", other, destination_port(echo), NULL));
    struct server server = server_start(sandbox, (struct server_plan){.services = services, .agents = "'resume': 1,"});
    ck_assert(socket_is_refused(port));
    agent_join(&server, "delta", "elsewhere"); /* cannot serve it */
    ck_assert(socket_echoes(other, ASK_MS));
    ck_assert(socket_is_refused(port));
    struct process *agent = agent_join_warm(&server, "alpha", "web");
    ck_assert(HOLDS_WITHIN(5000, socket_echoes(port, ASK_MS)));
    int running = socket_client(port);
    ck_assert(socket_converse(running, "still here", ASK_MS));
    sandbox_kill(sandbox, agent);
    ck_assert(HOLDS_WITHIN(5000, socket_is_refused(port)));
    ck_assert_int_eq(socket_wait_end(running, ASK_MS), END_RESET); /* its agent does not come back */
    close(running);
    agent_join_warm(&server, "beta", "web");
    ck_assert(HOLDS_WITHIN(5000, socket_echoes(port, ASK_MS)));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("agents", SCENARIO(agents_of_a_group_take_turns_and_others_never_come, 40),
              SCENARIO(a_service_names_several_groups_or_none, 40), SCENARIO(the_least_busy_agent_is_preferred, 40),
              SCENARIO(an_address_meets_the_same_agent_again, 40),
              SCENARIO(refused_on_one_agent_is_served_by_the_other, 40),
              SCENARIO(an_agent_that_may_not_go_there_is_no_loss, 40),
              SCENARIO(refused_everywhere_resets_the_client_and_logs_why, 40),
              SCENARIO(a_destination_that_does_not_answer_ends_at_the_connect_timeout, 40),
              SCENARIO(without_an_agent_a_client_waits_until_one_comes, 40),
              SCENARIO(without_an_agent_a_client_waits_ten_seconds, 40), SCENARIO(refuse_resets_at_once, 40),
              SCENARIO(close_closes_the_port, 40), SCENARIO(an_agent_of_a_group_that_no_service_has_logs_it, 30))
