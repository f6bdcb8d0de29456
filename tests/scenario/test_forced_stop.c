/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_forced_stop: a second SIGTERM ends a program at once and in good order, also with these under way: relays,
 * connections before HELLO, handshakes with a server, dials and look-ups.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <unistd.h>

enum { ASK_MS = 5000, SOON_MS = 3000, EACH = 4, CLIENTS = 8 };

static void stop_twice(struct process *process, const char *first_line) {
    size_t mark = process_mark(process);
    process_signal(process, SIGTERM);
    process_await(process, mark, ASK_MS, first_line, NULL); /* or the kernel merges both into one signal */
    process_signal(process, SIGTERM);
    process_wait(process, SOON_MS); /* sandbox_free looks whether it crashed or leaked */
}

/* A connection to the agent port that sent nothing, one with the start of a ClientHello, and one without HELLO. */
struct preauth {
    int silent, incomplete;
    struct intruder *intruder;
};

static struct preauth preauth_new(const struct attacked_server *attacked_server) {
    static const char part_of_hello[] = "\x16\x03\x01\x02\x00\x01";
    struct preauth preauth = {.silent = attacked_server_connect(attacked_server, 1),
                              .incomplete = attacked_server_connect(attacked_server, 1),
                              .intruder = attacked_server_intruder(attacked_server)};
    ck_assert(socket_send(preauth.incomplete, part_of_hello, sizeof part_of_hello - 1, ASK_MS));
    return preauth;
}

static void preauth_has_ended(struct preauth *preauth) {
    char text[256];
    ck_assert_int_ne(socket_wait_end(preauth->silent, ASK_MS), END_LATE);
    ck_assert_int_ne(socket_wait_end(preauth->incomplete, ASK_MS), END_LATE);
    ck_assert(intruder_is_closed(preauth->intruder, text, sizeof text, ASK_MS));
    intruder_free(preauth->intruder);
    close(preauth->silent);
    close(preauth->incomplete);
}

/* The relays keep it from ending after the first signal. */
START_TEST(a_server_with_relays_and_connections_before_hello_stops_at_once) {
    struct attacked_server attacked_server = attacked_server_start(__func__, (struct attacked_server_plan){0});
    struct preauth preauth[EACH];
    int clients[CLIENTS];
    for (int i = 0; i < EACH; i++)
        preauth[i] = preauth_new(&attacked_server);
    for (int i = 0; i < CLIENTS; i++) {
        clients[i] = attacked_server_client(&attacked_server, 1);
        ck_assert(socket_converse(clients[i], "hello", ASK_MS));
    }
    stop_twice(attacked_server.server.process, "no new clients");
    for (int i = 0; i < EACH; i++)
        preauth_has_ended(&preauth[i]);
    for (int i = 0; i < CLIENTS; i++) {
        ck_assert_int_eq(socket_wait_end(clients[i], ASK_MS), END_RESET);
        close(clients[i]);
    }
    destination_free(attacked_server.echo);
    sandbox_free(attacked_server.sandbox);
}
END_TEST

static bool shows(struct sandbox *sandbox, const char *name, const char *text, const char *path) {
    return mount(sandbox_write(sandbox, name, text, false), path, NULL, MS_BIND, NULL) == 0;
}

/* A name server that never answers, the only one of the programs that start from now on; -1: that needs root. */
static int silent_name_server(struct sandbox *sandbox) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(53)};
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ck_assert_int_eq(inet_pton(AF_INET, "127.83.0.1", &address.sin_addr), 1);
    if (bind(fd, (struct sockaddr *)&address, sizeof address) == 0 && unshare(CLONE_NEWNS) == 0 &&
        mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
        shows(sandbox, "resolv.conf", "nameserver 127.83.0.1\n", "/etc/resolv.conf") &&
        shows(sandbox, "nsswitch.conf", "hosts: files dns\n", "/etc/nsswitch.conf"))
        return fd;
    close(fd);
    return -1;
}

/* One server of two accepts and never answers; the destination's backlog is full, or its name is looked up. */
START_TEST(an_agent_with_handshakes_dials_and_look_ups_under_way_stops_at_once) {
    struct sandbox *sandbox = sandbox_new(__func__);
    struct destination *silent = destination_start(NULL, NULL);
    uint16_t port = port_take(), named = port_take(), full;
    struct pollfd names = {.fd = silent_name_server(sandbox), .events = POLLIN};
    int extra, listener = destination_full(&full, &extra), clients[CLIENTS];
    const char *services = sandbox_text(sandbox, "%s, %s", service_to(sandbox, "full", port, full, NULL),
                                        service_text(sandbox, "named", named, "slow-name.example:80", NULL));
    struct server server = server_start(sandbox, (struct server_plan){.services = services});
    const char *both = sandbox_text(sandbox, "127.0.0.1:%u,127.0.0.1:%u", server.port, destination_port(silent));
    struct process *agent =
        sandbox_run(sandbox, "agent", sandbox_program(sandbox, "munnel-agent"), "--log-format", "json", "--name",
                    "alpha", "--ca", sandbox_text(sandbox, "%s/ca.pem", server.pki), both, NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    destination_await_connections(silent, 1, ASK_MS);
    for (int i = 0; i < CLIENTS; i++)
        clients[i] = socket_client(i % 2 ? port : named);
    ck_assert(HOLDS_WITHIN(ASK_MS, live_of(agent).relays >= 1));
    ck_assert(names.fd < 0 || poll(&names, 1, ASK_MS) == 1);
    stop_twice(agent, "draining");
    close(names.fd);
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    close(listener);
    close(extra);
    sandbox_free(sandbox);
    destination_free(silent);
}
END_TEST

SCENARIO_MAIN("forced_stop", SCENARIO(a_server_with_relays_and_connections_before_hello_stops_at_once, 40),
              SCENARIO(an_agent_with_handshakes_dials_and_look_ups_under_way_stops_at_once, 40))
