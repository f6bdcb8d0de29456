/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_table: agents that permit some of a server's services, and a server that has very many of them.
 */
#include "config.h"

#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ASK_MS = 5000, TABLE_MS = 30000, MANY = 2000, MANY_TEXT = MANY * 160, CLIENTS = 8 };

static void assert_reset(uint16_t port) {
    int fd = socket_client(port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
}

START_TEST(agent_that_permits_one_of_two_services_serves_the_one) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t fine = port_take(), shut = port_take();
    struct server server = server_start(
        sandbox,
        (struct server_plan){
            .services = sandbox_text(sandbox, "%s, %s", service_to(sandbox, "fine", fine, destination_port(echo), NULL),
                                     service_text(sandbox, "shut", shut, "127.0.0.1:22",
                                                  "\"connect_timeout\": 300, \"pending_timeout\": 300,"))});
    agent_start(&server, "alpha", NULL, "--allow", sandbox_text(sandbox, "127.0.0.1:%u", destination_port(echo)), NULL);
    process_await(server.process, 0, ASK_MS, "\"agent alpha\"", "does not permit a service", "\"shut\"", NULL);
    process_await(server.process, 0, ASK_MS, "answered for its services", "\"permitted\":1", "\"refused\":1", NULL);
    ck_assert(socket_echoes(fine, ASK_MS));
    assert_reset(shut); /* at once: its timeouts are far */
    process_await(server.process, 0, ASK_MS, "\"warning\"", "\"relay ", "\"shut\"",
                  "agent alpha does not permit it: not allowed by this agent's rules; see --allow", NULL);
    ck_assert(socket_echoes(fine, ASK_MS));
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(clients_go_to_the_agent_that_permits_their_service) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    uint16_t port = port_take();
    struct server server =
        server_start(sandbox,
                     (struct server_plan){.services = service_to(sandbox, "echo", port, destination_port(echo), NULL)});
    agent_start(&server, "strict", NULL, "--allow", "10.0.0.0/8", NULL);
    process_await(server.process, 0, ASK_MS, "\"agent strict\"", "does not permit a service", NULL);
    assert_reset(port);
    agent_join_warm(&server, "free", NULL);
    for (int i = 0; i < CLIENTS; i++)
        ck_assert(socket_echoes(port, ASK_MS));
    ck_assert_uint_eq(process_count(server.process, 0, "\"relay ", "\"agent\":\"strict\"", "\"done\"", NULL), 0);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

/* More than one message may hold, and than a control link may carry within a second. */
START_TEST(two_thousand_services_reach_the_agent) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *echo = destination_start(handle_echo, NULL);
    static char services[MANY_TEXT];
    const char *folder = sandbox_path(sandbox, "s");
    size_t length = 0;
    uint16_t port = port_take();
    for (int i = 1; i < MANY; i++)
        length += (size_t)snprintf(services + length, sizeof services - length,
                                   "{\"name\": \"s%d\", \"listen\": \"unix:%s%d\", \"connect\": \"localhost:%d\"},\n",
                                   i, folder, i, i);
    snprintf(services + length, sizeof services - length, "%s",
             service_to(sandbox, "last", port, destination_port(echo), NULL));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    agent_start(&server, "alpha", NULL, NULL);
    process_await(server.process, 0, TABLE_MS, "answered for its services", "\"permitted\":2000", "\"refused\":0",
                  NULL);
    ck_assert(socket_echoes(port, ASK_MS));
    ck_assert_uint_eq(process_count(server.process, 0, "\"agent alpha\"", "joined", NULL), 1);
    destination_free(echo);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("service_table", SCENARIO(agent_that_permits_one_of_two_services_serves_the_one, 40),
              SCENARIO(clients_go_to_the_agent_that_permits_their_service, 40),
              SCENARIO(two_thousand_services_reach_the_agent, 90))
