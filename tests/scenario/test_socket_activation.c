/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_socket_activation: munneld on sockets that a service manager has opened for it, which the test plays.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"
#include "harness/socket.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 10000, LOG_MS = 5000, BACKLOG = 16, ABOVE = 50, FAILED = 1 };

struct activated {
    struct sandbox *sandbox;
    struct server server;
    struct destination *echo;
    int agents, clients; /* the listening sockets */
    uint16_t port;       /* of the clients */
};

/* Not close-on-exec, and above what the program is to find them as. */
static int listen_for(uint16_t *port) {
    int made = socket_listen("127.0.0.1", 0, BACKLOG), fd = fcntl(made, F_DUPFD, ABOVE);
    ck_assert_int_ge(fd, ABOVE);
    *port = socket_port(fd);
    close(made);
    return fd;
}

static void start(struct activated *activated) {
    struct sandbox *sandbox = activated->sandbox;
    const char *words = sandbox_text(sandbox,
                                     "exec 3<&%d 4<&%d; LISTEN_PID=$$ LISTEN_FDS=2 LISTEN_FDNAMES=agents:clients "
                                     "exec \"$0\" --config \"$1\"",
                                     activated->agents, activated->clients);
    activated->server.process = sandbox_run(sandbox, "server", "bash", "-c", words, sandbox_program(sandbox, "munneld"),
                                            activated->server.file, NULL);
}

/* `listens_on`: the service's port, 0 for that of the socket. */
static struct activated activated_start(const char *name, uint16_t listens_on, const char *service_more) {
    struct activated activated = {.sandbox = sandbox_new(name), .echo = destination_start(handle_echo, NULL)};
    uint16_t port;
    activated.agents = listen_for(&port);
    activated.clients = listen_for(&activated.port);
    const char *service = service_to(activated.sandbox, "echo", listens_on ? listens_on : activated.port,
                                     destination_port(activated.echo), service_more);
    /* Without the sockets it finds the ports in use. */
    activated.server =
        server_start(activated.sandbox, (struct server_plan){.services = service, .port = port, .may_fail = true});
    ck_assert_int_eq(process_wait(activated.server.process, START_MS), FAILED);
    sandbox_kill(activated.sandbox, activated.server.process);
    start(&activated);
    process_await(activated.server.process, 0, START_MS, "listening for agents on", "the service manager's socket",
                  NULL);
    return activated;
}

static void activated_end(struct activated *activated) {
    sandbox_free(activated->sandbox);
    destination_free(activated->echo);
    close(activated->agents);
    close(activated->clients);
}

static bool listens(int fd) {
    int value = 0;
    socklen_t length = sizeof value;
    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &value, &length) == 0 && value;
}

START_TEST(clients_wait_in_the_passed_socket_while_the_server_restarts) {
    struct activated activated = activated_start(__func__, 0, NULL);
    agent_join(&activated.server, "alpha", NULL);
    ck_assert(socket_echoes(activated.port, ASK_MS));
    sandbox_end(activated.sandbox, activated.server.process);
    ck_assert(listens(activated.agents) && listens(activated.clients));
    int fd = socket_client(activated.port);
    start(&activated);
    agent_await(&activated.server, 0, "alpha", JOIN_MS);
    ck_assert(socket_converse(fd, "I came while it was away", ASK_MS));
    close(fd);
    activated_end(&activated);
}
END_TEST

/* Its clients would wait for ever, and be served late: the manager's socket listens whether the service does or not. */
START_TEST(passed_socket_of_a_service_without_agent_refuses_clients) {
    struct activated activated = activated_start(__func__, 0, "'no_agent': 'close',");
    int fd = socket_client(activated.port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    struct process *agent = agent_join(&activated.server, "alpha", NULL);
    ck_assert(HOLDS_WITHIN(JOIN_MS, socket_echoes(activated.port, ASK_MS)));
    size_t mark = process_mark(activated.server.process);
    sandbox_end(activated.sandbox, agent);
    process_await(activated.server.process, mark, LOG_MS, "not listening until an agent is available", NULL);
    fd = socket_client(activated.port);
    ck_assert_int_eq(socket_wait_end(fd, ASK_MS), END_RESET);
    close(fd);
    ck_assert(listens(activated.clients));
    activated_end(&activated);
}
END_TEST

START_TEST(passed_socket_that_no_address_wants_is_warned_of) {
    uint16_t other = port_take();
    struct activated activated = activated_start(__func__, other, NULL);
    process_await(activated.server.process, 0, LOG_MS, "warn",
                  sandbox_text(activated.sandbox, "a socket for 127.0.0.1:%u (clients)", activated.port),
                  "on which nothing of the configuration listens", NULL);
    agent_join(&activated.server, "alpha", NULL);
    ck_assert(socket_echoes(other, ASK_MS));
    activated_end(&activated);
}
END_TEST

SCENARIO_MAIN("socket_activation", SCENARIO(clients_wait_in_the_passed_socket_while_the_server_restarts, 60),
              SCENARIO(passed_socket_of_a_service_without_agent_refuses_clients, 60),
              SCENARIO(passed_socket_that_no_address_wants_is_warned_of, 60))
