/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_silent_agent: an agent that is stopped, with its connections up, keeps no client waiting if there is another.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    ASK_MS = 10000,
    LOG_MS = 10000,
    CLIENTS = 30,
    SERVED_MS = 2000,
    LATER_CLIENTS = 20,
    CONTROL_LINK = 0 /* it is dialled first */
};

struct group { /* a server with one service; its destination speaks first */
    struct sandbox *sandbox;
    struct server server;
    struct destination *destination;
    uint16_t port;
};

static char greeting[] = "hello";

static struct group group_start(const char *name, destination_handler handler) {
    struct group group = {.sandbox = sandbox_new(name), .port = port_take()};
    group.destination = destination_start(handler, greeting);
    const char *service = service_to(group.sandbox, "echo", group.port, destination_port(group.destination), NULL);
    group.server = server_start(group.sandbox, (struct server_plan){.services = service});
    return group;
}

static void group_end(struct group *group) {
    destination_free(group->destination);
    sandbox_free(group->sandbox);
}

START_TEST(clients_of_a_stopped_agent_are_served_by_another_in_time) {
    struct group group = group_start(__func__, handle_greeting);
    struct process *alpha = agent_join_warm(&group.server, "alpha", NULL);
    agent_join_warm(&group.server, "beta", NULL);
    char answer[16];
    int fds[CLIENTS];
    process_signal(alpha, SIGSTOP);
    uint64_t start = now_ms();
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = socket_client(group.port);
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_msg(socket_read(fds[i], answer, 5, NULL, ASK_MS) == END_NONE, "client %d was not served", i);
        close(fds[i]);
    }
    ck_assert_uint_le(now_ms() - start, SERVED_MS * slow_factor());
    size_t mark = process_mark(group.server.process);
    process_signal(alpha, SIGCONT);
    process_await(group.server.process, mark, LOG_MS, "agent alpha", "responsive again", NULL);
    for (int i = 0; i < LATER_CLIENTS; i++)
        ck_assert_msg(socket_ask(group.port, answer, sizeof answer, ASK_MS), "client %d was not served", i);
    process_await(group.server.process, mark, LOG_MS, "\"agent\":\"alpha\"", "\"done\"", NULL);
    group_end(&group);
}
END_TEST

START_TEST(first_bytes_of_a_client_are_held_back_from_a_stopped_agent) {
    struct group group = group_start(__func__, handle_echo);
    struct process *alpha = agent_join_warm(&group.server, "alpha", NULL);
    char answer[16];
    process_signal(alpha, SIGSTOP);
    int silent = socket_client(group.port); /* sends nothing; by it the server notices that alpha is silent */
    process_await(group.server.process, 0, LOG_MS, "agent alpha", "unresponsive", NULL);
    int early = socket_client(group.port);
    ck_assert(socket_send(early, "early", 5, ASK_MS));
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(group.server.process).relays >= 2));
    agent_join_warm(&group.server, "beta", NULL);
    sandbox_kill(group.sandbox, alpha);
    ck_assert_str_eq(end_name(socket_read(early, answer, 5, NULL, ASK_MS)), end_name(END_NONE));
    ck_assert_int_eq(memcmp(answer, "early", 5), 0);
    ck_assert(socket_converse(silent, "late", ASK_MS));
    close(early);
    close(silent);
    group_end(&group);
}
END_TEST

START_TEST(record_of_a_client_that_cannot_go_to_another_agent_says_why) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *destination = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(destination), "'connect_timeout': 2,");
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    struct process *alpha = agent_join_warm(&server, "alpha", NULL);
    process_signal(alpha, SIGSTOP);
    int client = socket_client(port);
    ck_assert(socket_send(client, "early", 5, ASK_MS));
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(server.process).relays >= 1));
    agent_join_warm(&server, "beta", NULL);
    process_await(server.process, 0, LOG_MS, "no answer within the connect timeout",
                  "the client's first bytes were already sent to agent alpha, so it was not given to another", NULL);
    close(client);
    process_signal(alpha, SIGCONT);
    destination_free(destination);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(what_was_held_back_arrives_when_the_agent_goes_on) {
    struct group group = group_start(__func__, handle_echo);
    struct process *alpha = agent_join_warm(&group.server, "alpha", NULL);
    char answer[16];
    process_signal(alpha, SIGSTOP);
    int silent = socket_client(group.port);
    process_await(group.server.process, 0, LOG_MS, "agent alpha", "unresponsive", NULL);
    int early = socket_client(group.port);
    ck_assert(socket_send(early, "early", 5, ASK_MS));
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(group.server.process).relays >= 2));
    process_signal(alpha, SIGCONT);
    ck_assert_str_eq(end_name(socket_read(early, answer, 5, NULL, ASK_MS)), end_name(END_NONE));
    ck_assert_int_eq(memcmp(answer, "early", 5), 0);
    ck_assert(socket_converse(early, "more", ASK_MS));
    ck_assert(socket_converse(silent, "late", ASK_MS));
    close(early);
    close(silent);
    group_end(&group);
}
END_TEST

/* Beta serves the one service, but not that of the client: taken back, it would only lose its link. */
START_TEST(a_client_that_only_the_stopped_agent_can_serve_keeps_its_link) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *destination = destination_start(handle_greeting, greeting);
    uint16_t own = port_take(), to = destination_port(destination);
    const char *services = sandbox_text(sandbox, "%s, %s", service_to(sandbox, "own", own, to, "'group': 'mail',"),
                                        service_to(sandbox, "shared", port_take(), to, "'group': 'web',"));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    struct process *alpha = agent_join_warm(&server, "alpha", NULL);
    agent_join_warm(&server, "beta", "web");
    char answer[16];
    process_signal(alpha, SIGSTOP);
    int client = socket_client(own);
    process_await(server.process, 0, LOG_MS, "agent alpha", "unresponsive", NULL);
    process_signal(alpha, SIGCONT);
    ck_assert_str_eq(end_name(socket_read(client, answer, 5, NULL, ASK_MS)), end_name(END_NONE));
    close(client);
    process_await(server.process, 0, LOG_MS, "\"service\":\"own\"", "\"agent\":\"alpha\"", "\"attempts\":0", NULL);
    destination_free(destination);
    sandbox_free(sandbox);
}
END_TEST

/* The client has sent nothing and the agent is still there: only the link is gone, so the same agent gets it again. */
START_TEST(a_client_whose_link_is_cut_before_an_answer_is_served_by_the_same_agent) {
    struct group group = group_start(__func__, handle_greeting);
    uint16_t server_port = group.server.port;
    struct destination *proxy = destination_start(handle_forward, &server_port);
    char answer[16];
    group.server.port = destination_port(proxy);
    struct process *alpha = agent_join_warm(&group.server, "alpha", NULL);
    ck_assert(socket_ask(group.port, answer, sizeof answer, ASK_MS));
    process_signal(alpha, SIGSTOP);
    int client = socket_client(group.port);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(group.server.process).relays >= 1));
    unsigned links = destination_connections(proxy);
    for (unsigned i = CONTROL_LINK + 1; i < links; i++)
        destination_cut(proxy, i);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(group.server.process).links == 1)); /* the control link */
    process_signal(alpha, SIGCONT);
    ck_assert_str_eq(end_name(socket_read(client, answer, 5, NULL, ASK_MS)), end_name(END_NONE));
    ck_assert_uint_eq(process_count(group.server.process, 0, "agent alpha", "\"joined\"", NULL), 1);
    close(client);
    group_end(&group);
    destination_free(proxy);
}
END_TEST

SCENARIO_MAIN("silent_agent", SCENARIO(clients_of_a_stopped_agent_are_served_by_another_in_time, 60),
              SCENARIO(first_bytes_of_a_client_are_held_back_from_a_stopped_agent, 60),
              SCENARIO(record_of_a_client_that_cannot_go_to_another_agent_says_why, 60),
              SCENARIO(what_was_held_back_arrives_when_the_agent_goes_on, 60),
              SCENARIO(a_client_that_only_the_stopped_agent_can_serve_keeps_its_link, 60),
              SCENARIO(a_client_whose_link_is_cut_before_an_answer_is_served_by_the_same_agent, 60))
