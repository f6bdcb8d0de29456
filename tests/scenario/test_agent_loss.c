/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_loss: agents and servers that die, stop, leave and come back, and what clients notice of it.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, MEGABYTE = 1000 * 1000, BACK_MS = 6000 };

struct pair { /* agents alpha and beta; services for each alone and for both; echoes and endless sources behind them */
    struct sandbox *sandbox;
    struct server server;
    struct process *alpha, *beta;
    struct destination *echo, *source, *exchange;
    uint16_t echo_alpha, echo_beta, echo_both, source_alpha, source_beta, exchange_alpha, exchange_beta;
};

static const char *pair_services(struct pair *pair) {
    struct sandbox *sandbox = pair->sandbox;
    const struct {
        const char *name, *more;
        uint16_t *port;
        struct destination *to;
    } services[] = {
        {"echo-alpha", "'group': 'a',", &pair->echo_alpha, pair->echo},
        {"echo-beta", "'group': 'b',", &pair->echo_beta, pair->echo},
        {"echo-both", "'group': ['a', 'b'],", &pair->echo_both, pair->echo},
        {"source-alpha", "'group': 'a',", &pair->source_alpha, pair->source},
        {"source-beta", "'group': 'b',", &pair->source_beta, pair->source},
        {"exchange-alpha", "'group': 'a',", &pair->exchange_alpha, pair->exchange},
        {"exchange-beta", "'group': 'b',", &pair->exchange_beta, pair->exchange},
    };
    const char *all = "";
    for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
        *services[i].port = port_take();
        all = sandbox_text(sandbox, "%s%s%s", all, i > 0 ? ",\n" : "",
                           service_to(sandbox, services[i].name, *services[i].port, destination_port(services[i].to),
                                      services[i].more));
    }
    return all;
}

static struct pair pair_start(const char *name, const char *agents) {
    struct pair pair = {.sandbox = sandbox_new(name)};
    pair.echo = destination_start(handle_echo, NULL);
    pair.source = destination_start(handle_source, NULL);
    pair.exchange = destination_start(handle_exchange, NULL);
    struct server_plan plan = {.services = pair_services(&pair), .agents = agents};
    pair.server = server_start(pair.sandbox, plan);
    pair.alpha = agent_join_warm(&pair.server, "alpha", "a");
    pair.beta = agent_join_warm(&pair.server, "beta", "b");
    return pair;
}

static void pair_end(struct pair *pair) {
    destination_free(pair->echo);
    destination_free(pair->source);
    destination_free(pair->exchange);
    sandbox_free(pair->sandbox);
}

static int converse_on(uint16_t port) {
    int fd = socket_client(port);
    ck_assert(socket_converse(fd, "hello", ASK_MS));
    return fd;
}

static int download_from(uint16_t port) {
    char part[100000];
    int fd = socket_client(port);
    ck_assert_int_eq(socket_read(fd, part, sizeof part, NULL, ASK_MS), END_NONE);
    return fd;
}

/* More comes of what is being downloaded. */
static void assert_flows(int fd) {
    static char part[3 * MEGABYTE];
    ck_assert_int_eq(socket_read(fd, part, sizeof part, NULL, ASK_MS), END_NONE);
}

/* Where nothing waits for the agent to come back. */
START_TEST(a_killed_agent_s_clients_are_reset_and_no_others) {
    enum { EACH = 4 };
    struct pair pair = pair_start(__func__, "'resume': 0,");
    int talking[EACH], downloading[EACH];
    for (int i = 0; i < EACH; i++) {
        talking[i] = converse_on(pair.echo_alpha);
        downloading[i] = download_from(pair.source_alpha);
    }
    int other_talking = converse_on(pair.echo_beta), other_downloading = download_from(pair.source_beta);

    uint64_t start = now_ms();
    size_t mark = process_mark(pair.server.process);
    sandbox_kill(pair.sandbox, pair.alpha);
    process_await(pair.server.process, mark, 1000, "agent alpha", "\"running\":", NULL);
    for (int i = 0; i < 20; i++) /* new clients meet the other agent, at once */
        ck_assert_msg(socket_echoes(pair.echo_both, ASK_MS), "new client %d was not served", i);
    uint64_t new_clients = now_ms() - start;
    for (int i = 0; i < EACH; i++) {
        ck_assert_int_eq(socket_wait_end(talking[i], 1000), END_RESET);
        ck_assert_int_eq(socket_wait_end(downloading[i], 1000), END_RESET);
        close(talking[i]);
        close(downloading[i]);
    }
    ck_assert_uint_le(now_ms() - start, 1000 * slow_factor());
    ck_assert_uint_le(new_clients, 1000 * slow_factor());
    ck_assert(socket_converse(other_talking, "still here", ASK_MS));
    assert_flows(other_downloading);
    close(other_talking);
    close(other_downloading);
    pair_end(&pair);
}
END_TEST

/* Its relays have the session's time, since the server cannot know that it is not the network. New clients need none.
 */
START_TEST(a_killed_agent_s_clients_are_reset_when_its_time_is_over) {
    enum { RESUME_MS = 3000 };
    struct pair pair = pair_start(__func__, "'resume': 3,");
    int talking = converse_on(pair.echo_alpha), downloading = download_from(pair.source_alpha);
    sandbox_kill(pair.sandbox, pair.alpha);
    uint64_t start = now_ms();
    for (int i = 0; i < 20; i++)
        ck_assert_msg(socket_echoes(pair.echo_both, 1000), "new client %d was not served", i);
    ck_assert_int_eq(socket_wait_end(talking, ASK_MS), END_RESET);
    ck_assert_uint_ge(now_ms() - start, RESUME_MS - 100);
    ck_assert_int_eq(socket_wait_end(downloading, 1000), END_RESET);
    close(talking);
    close(downloading);
    process_await(pair.server.process, 0, ASK_MS, "agent alpha", "session over", NULL);
    pair_end(&pair);
}
END_TEST

/* Not a clean end, which would make what it got look whole. */
START_TEST(a_destination_whose_agent_is_killed_at_once_is_reset) {
    struct sandbox *sandbox = sandbox_new(__func__);
    int listener = socket_listen("127.0.0.1", 0, 4);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "held", port, socket_port(listener), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    char answer[2];
    int client = socket_client(port);
    ck_assert(socket_send(client, "half of a requ", 14, ASK_MS));
    ck_assert_int_eq(poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, ASK_MS), 1);
    int destination = accept(listener, NULL, NULL);
    ck_assert(socket_send(destination, "ok", 2, ASK_MS));
    ck_assert_int_eq(socket_read(client, answer, 2, NULL, ASK_MS), END_NONE); /* it is open at both ends */
    sandbox_kill(sandbox, agent);
    ck_assert_int_eq(socket_wait_end(destination, ASK_MS), END_RESET);
    close(destination);
    close(client);
    close(listener);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(a_restarted_agent_is_back_within_six_seconds) {
    struct pair pair = pair_start(__func__, NULL);
    for (int round = 0; round < 3; round++) {
        sandbox_kill(pair.sandbox, pair.alpha);
        uint64_t start = now_ms();
        size_t mark = process_mark(pair.server.process);
        pair.alpha = agent_start(&pair.server, "alpha", "a", NULL);
        agent_await(&pair.server, mark, "alpha", BACK_MS);
        ck_assert(socket_echoes(pair.echo_alpha, BACK_MS));
        ck_assert_uint_le(now_ms() - start, BACK_MS * slow_factor());
    }
    pair_end(&pair);
}
END_TEST

static void assert_agents_come_back(struct pair *pair) {
    uint64_t start = now_ms();
    server_start_again(&pair->server);
    agent_await(&pair->server, 0, "alpha", BACK_MS);
    agent_await(&pair->server, 0, "beta", BACK_MS);
    ck_assert(socket_echoes(pair->echo_alpha, BACK_MS));
    ck_assert(socket_echoes(pair->echo_beta, BACK_MS));
    ck_assert_msg(now_ms() - start <= BACK_MS * slow_factor(), "it took %ju ms", (uintmax_t)(now_ms() - start));
}

/* Listens in the server's place and closes each connection, `times` times. */
static void close_accepted(uint16_t port, int times) {
    int listener = socket_listen("127.0.0.1", port, 16);
    while (times-- > 0)
        close(accept(listener, NULL, NULL));
    close(listener);
}

START_TEST(agents_are_back_within_six_seconds_of_the_server_s_start) {
    struct pair pair = pair_start(__func__, NULL);
    int fd = converse_on(pair.echo_alpha);
    sandbox_kill(pair.sandbox, pair.server.process);
    ck_assert_int_eq(socket_wait_end(fd, 1000), END_RESET);
    close(fd);
    close_accepted(pair.server.port, 6); /* so that the agents' pauses between attempts have grown */
    assert_agents_come_back(&pair);
    sandbox_end(pair.sandbox, pair.server.process); /* and after an orderly end */
    assert_agents_come_back(&pair);
    pair_end(&pair);
}
END_TEST

static void handle_hello(struct connection *connection) {
    connection->sent_all = socket_send(connection->fd, "hello", 5, CONNECTION_MS);
}

/* A stopped agent still has its links, and the kernel still takes what is sent to it: only silence tells. */
START_TEST(a_stopped_agent_is_left_out_and_comes_back) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct destination *hello = destination_start(handle_hello, NULL);
    const char *service = service_to(sandbox, "hello", port, destination_port(hello), NULL);
    struct server_plan plan = {.services = service, .agents = "'ping': 1, 'dead_after': 3,"};
    struct server server = server_start(sandbox, plan);
    struct process *alpha = agent_join_warm(&server, "alpha", NULL);
    agent_join_warm(&server, "beta", NULL);
    char answer[16];
    size_t mark = process_mark(server.process);
    process_signal(alpha, SIGSTOP);
    int fds[10]; /* some of them go to alpha, which does not answer; they have sent nothing, so beta may serve them */
    for (int i = 0; i < 10; i++)
        fds[i] = socket_client(port);
    for (int i = 0; i < 10; i++) {
        ck_assert_msg(socket_read(fds[i], answer, 5, NULL, 10000) == END_NONE, "client %d was not served", i);
        close(fds[i]);
    }
    process_await(server.process, mark, 8000, "agent alpha", "\"running\":", NULL);
    for (int i = 0; i < 10; i++) { /* out of the rotation: no client waits for it any more */
        uint64_t start = now_ms();
        ck_assert(socket_ask(port, answer, sizeof answer, ASK_MS));
        ck_assert_uint_le(now_ms() - start, 900 * slow_factor());
    }
    mark = process_mark(server.process);
    process_signal(alpha, SIGCONT);
    process_await(server.process, mark, 8000, "agent alpha", "\"resumed\"", NULL);
    ck_assert_uint_eq(process_count(server.process, mark, "agent alpha", "\"joined\"", NULL), 0);
    for (int i = 0; i < 20; i++)
        ck_assert_msg(socket_ask(port, answer, sizeof answer, ASK_MS), "client %d was not served", i);
    destination_free(hello);
    sandbox_free(sandbox);
}
END_TEST

struct leaving {
    struct pair *pair;
    unsigned when; /* job at which alpha gets SIGTERM */
};

static const char *echo_while_leaving(unsigned job, void *context) {
    const struct leaving *leaving = context;
    if (job == leaving->when)
        kill(process_pid(leaving->pair->alpha), SIGTERM);
    return socket_echoes(leaving->pair->echo_both, 10000) ? NULL : "was not served";
}

START_TEST(sigterm_ends_an_agent_and_loses_no_client) {
    struct pair pair = pair_start(__func__, NULL);
    struct leaving leaving = {&pair, 300};
    int talking = converse_on(pair.echo_alpha), downloading = download_from(pair.source_alpha);
    parallel_clients_run(8, 1000, echo_while_leaving, &leaving);
    ck_assert(socket_converse(talking, "still here", ASK_MS));
    assert_flows(downloading);
    ck_assert(!process_is_over(pair.alpha));
    socket_finish(talking);
    ck_assert_int_eq(socket_wait_end(talking, ASK_MS), END_FILE);
    close(talking);
    socket_reset(downloading);
    ck_assert_int_eq(process_wait(pair.alpha, 8000), 0);
    ck_assert(socket_echoes(pair.echo_both, ASK_MS));
    pair_end(&pair);
}
END_TEST

START_TEST(a_second_sigterm_ends_an_agent_at_once) {
    struct pair pair = pair_start(__func__, NULL);
    int talking = converse_on(pair.echo_alpha);
    size_t mark = process_mark(pair.alpha);
    process_signal(pair.alpha, SIGTERM);
    process_await(pair.alpha, mark, ASK_MS, "draining", NULL); /* or the kernel makes one signal of both */
    ck_assert(socket_converse(talking, "still here", ASK_MS));
    process_signal(pair.alpha, SIGTERM);
    process_wait(pair.alpha, 2000);
    ck_assert_int_eq(socket_wait_end(talking, 2000), END_RESET);
    close(talking);
    pair_end(&pair);
}
END_TEST

static const char *long_relay(unsigned job, void *context) {
    struct pair *pair = context;
    if (job == 4) { /* when the others are under way */
        bool running = HOLDS_WITHIN(10000, destination_connections(pair->exchange) >= 4);
        kill(process_pid(pair->server.process), SIGTERM);
        return running ? NULL : "the relays did not begin";
    }
    struct relayed relayed = {pair->exchange_alpha, pair->exchange, 100 * ((uint64_t)job + 1),
                              20 * MEGABYTE,        20 * MEGABYTE,  0};
    return relayed_differs(&relayed, 25000);
}

START_TEST(a_server_finishes_its_relays_after_sigterm) {
    struct pair pair = pair_start(__func__, NULL);
    int talking = converse_on(pair.echo_beta);
    parallel_clients_run(5, 5, long_relay, &pair);
    ck_assert(HOLDS_WITHIN(2000, socket_is_refused(pair.echo_both))); /* no new clients */
    ck_assert(socket_converse(talking, "still here", ASK_MS));
    socket_finish(talking);
    ck_assert_int_eq(socket_wait_end(talking, ASK_MS), END_FILE);
    close(talking);
    ck_assert_int_eq(process_wait(pair.server.process, 8000), 0);
    sandbox_end(pair.sandbox, pair.server.process);
    assert_agents_come_back(&pair);
    pair_end(&pair);
}
END_TEST

START_TEST(a_second_signal_ends_a_server_at_once) {
    struct pair pair = pair_start(__func__, NULL);
    int talking = converse_on(pair.echo_beta);
    process_signal(pair.server.process, SIGINT);
    ck_assert(HOLDS_WITHIN(2000, socket_is_refused(pair.echo_both)));
    ck_assert(socket_converse(talking, "still here", ASK_MS));
    process_signal(pair.server.process, SIGINT);
    process_wait(pair.server.process, 2000);
    ck_assert_int_eq(socket_wait_end(talking, 2000), END_RESET);
    close(talking);
    pair_end(&pair);
}
END_TEST

SCENARIO_MAIN("agent_loss", SCENARIO(a_killed_agent_s_clients_are_reset_and_no_others, 40),
              SCENARIO(a_killed_agent_s_clients_are_reset_when_its_time_is_over, 40),
              SCENARIO(a_destination_whose_agent_is_killed_at_once_is_reset, 40),
              SCENARIO(a_restarted_agent_is_back_within_six_seconds, 60),
              SCENARIO(agents_are_back_within_six_seconds_of_the_server_s_start, 80),
              SCENARIO(a_stopped_agent_is_left_out_and_comes_back, 60),
              SCENARIO(sigterm_ends_an_agent_and_loses_no_client, 60),
              SCENARIO(a_second_sigterm_ends_an_agent_at_once, 40),
              SCENARIO(a_server_finishes_its_relays_after_sigterm, 80),
              SCENARIO(a_second_signal_ends_a_server_at_once, 40))
