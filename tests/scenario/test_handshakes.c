/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_handshakes: data links shake hands by the key of their session, each handshake once, and by certificates when
 * that key is gone.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"
#include "harness/munnel.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <openssl/opensslv.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { ASK_MS = 5000, LOG_MS = 10000, IDLE_LINKS = 16 };

static unsigned by_key(struct process *agent, size_t mark) {
    return process_count(agent, mark, "handshake by the session's key", NULL);
}

static unsigned by_certificate(struct process *agent, size_t mark) {
    return process_count(agent, mark, "handshake by certificate", NULL);
}

struct pair { /* a server and an agent that logs each step (-v) */
    struct sandbox *sandbox;
    struct server server;
    struct process *agent;
    struct destination *echo;
    uint16_t port;
};

static struct pair pair_start(const char *name) {
    struct pair pair = {.sandbox = sandbox_new(name),
                        .port = port_take(),
                        .echo = destination_start(handle_echo, NULL)};
    const char *service = service_to(pair.sandbox, "echo", pair.port, destination_port(pair.echo), NULL);
    pair.server = server_start(pair.sandbox, (struct server_plan){.services = service});
    pair.agent = agent_start(&pair.server, "alpha", NULL, "-v", NULL);
    agent_await(&pair.server, 0, "alpha", JOIN_MS);
    return pair;
}

static void pair_end(struct pair *pair) {
    sandbox_free(pair->sandbox);
    destination_free(pair->echo);
}

START_TEST(only_the_control_link_needs_certificates) {
    struct pair pair = pair_start(__func__);
    ck_assert(HOLDS_WITHIN(LOG_MS, by_key(pair.agent, 0) >= IDLE_LINKS));
    ck_assert_uint_eq(by_certificate(pair.agent, 0), 1);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(pair.server.process).idle_links >= IDLE_LINKS));
    ck_assert(socket_echoes(pair.port, ASK_MS));
    pair_end(&pair);
}
END_TEST

/* The new process has another secret: the old session's key opens nothing, and the agent takes a new one. */
START_TEST(a_restarted_server_gives_a_new_key) {
    struct pair pair = pair_start(__func__);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(pair.server.process).idle_links >= IDLE_LINKS));
    int client = socket_client(pair.port);
    ck_assert(socket_converse(client, "before", ASK_MS));
    size_t mark = process_mark(pair.agent);
    sandbox_kill(pair.sandbox, pair.server.process);
    ck_assert(socket_wait_end(client, ASK_MS) == END_RESET);
    close(client);
    server_start_again(&pair.server);
    agent_await(&pair.server, 0, "alpha", LOG_MS);
    ck_assert(HOLDS_WITHIN(LOG_MS, by_key(pair.agent, mark) >= IDLE_LINKS));
    ck_assert_uint_ge(by_certificate(pair.agent, mark), 1);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(pair.server.process).idle_links >= IDLE_LINKS));
    ck_assert(socket_echoes(pair.port, ASK_MS));
    pair_end(&pair);
}
END_TEST

/* Bytes. Without OpenSSL's buffers a link takes 17 KiB; OpenSSL 3.5 keeps the peer's ML-KEM key as well, 13 KiB. */
enum { MANY_LINKS = 64, LINK_MOST = (OPENSSL_VERSION_NUMBER >= 0x30500000L ? 38 : 24) * 1024 };

/* OpenSSL gets itself a buffer for the end of the handshake, and keeps it until it has sent something. */
START_TEST(a_link_that_waits_keeps_no_buffers) {
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct server_plan plan = {.services = service_to(sandbox, "echo", port, port, NULL),
                               .agents = "'links': { 'idle_min': 64, 'idle_max': 64 },"};
    struct server server = server_start(sandbox, plan);
    unsigned long long before = live_of(server.process).heap;
    agent_join(&server, "alpha", NULL);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(server.process).idle_links == MANY_LINKS));
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(server.process).handshakes_done > MANY_LINKS));
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(server.process).heap <= before + MANY_LINKS * LINK_MOST));
    sandbox_free(sandbox);
}
END_TEST

/* ---- a proxy on the path that records ClientHellos and replays them ---- */

enum { SEEN_MOST = 64, HELLO_MOST = 2048 };

struct tap {
    uint16_t server;
    struct seen {
        char bytes[HELLO_MOST];
        atomic_size_t size;
    } seen[SEEN_MOST]; /* what each connection began with, in the order of arrival */
};

static bool pass_on(int from, int to) {
    char part[16384];
    ssize_t size = recv(from, part, sizeof part, 0);
    return size > 0 && socket_send(to, part, (size_t)size, ASK_MS);
}

static void carry(int one, int other) {
    struct pollfd ends[2] = {{.fd = one, .events = POLLIN}, {.fd = other, .events = POLLIN}};
    bool goes_on = true;
    while (goes_on && poll(ends, 2, CONNECTION_MS) > 0)
        for (int i = 0; i < 2 && goes_on; i++)
            goes_on = !ends[i].revents || pass_on(ends[i].fd, ends[1 - i].fd);
}

static void handle_tap(struct connection *connection) {
    struct tap *tap = connection->context;
    struct seen *seen = &tap->seen[connection->number % SEEN_MOST];
    size_t size = 0;
    if (socket_read_some(connection->fd, seen->bytes, HELLO_MOST, &size, ASK_MS) != END_NONE)
        return;
    seen->size = size;
    int server = socket_client(tap->server);
    if (socket_send(server, seen->bytes, size, ASK_MS))
        carry(connection->fd, server);
    close(server);
}

static void expect_ended(const struct tap *tap, unsigned number) {
    int fd = socket_client(tap->server);
    ck_assert(socket_send(fd, tap->seen[number].bytes, tap->seen[number].size, ASK_MS));
    enum end end = socket_drain(fd, NULL, ASK_MS);
    ck_assert_msg(end != END_NONE && end != END_LATE, "handshake %u goes on", number);
    close(fd);
}

/* A replayed ClientHello must get no client: the replayer could not decrypt a byte of it. */
START_TEST(a_repeated_handshake_gets_no_client) {
    static struct tap tap;
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    struct destination *echo = destination_start(handle_echo, NULL);
    const char *service = service_to(sandbox, "echo", port, destination_port(echo), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    tap.server = server.port;
    struct destination *way = destination_start(handle_tap, &tap);
    struct server seen = server;
    seen.port = destination_port(way);
    struct process *agent = agent_start(&seen, "alpha", NULL, "-v", NULL);
    agent_await(&server, 0, "alpha", JOIN_MS);
    agent_await_warm(&server, agent);
    ck_assert(HOLDS_WITHIN(LOG_MS, by_key(agent, 0) >= IDLE_LINKS)); /* lines come a little after what they tell */
    unsigned count = by_key(agent, 0);
    ck_assert_uint_eq(by_certificate(agent, 0), 1);
    ck_assert_uint_lt(count, SEEN_MOST);
    int client = socket_client(port);
    ck_assert(socket_converse(client, "before", ASK_MS));
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(server.process).idle_links >= IDLE_LINKS));
    struct usage before = usage_of(server.process);
    before.extra_links = 1; /* for the second client */
    size_t mark = process_mark(server.process);
    for (unsigned number = 1; number <= count; number++) /* 0 is the control link */
        expect_ended(&tap, number);
    process_await(server.process, mark, ASK_MS, "rejected", "replayed handshake", NULL);
    ck_assert(socket_converse(client, "after", ASK_MS));
    ck_assert(socket_echoes(port, ASK_MS));
    usage_await(server.process, &before, LOG_MS);
    sandbox_kill(sandbox, agent);
    ck_assert(HOLDS_WITHIN(LOG_MS, live_of(server.process).agents == 0));
    mark = process_mark(server.process);
    expect_ended(&tap, 1);
    process_await(server.process, mark, ASK_MS, "rejected", "no such session", NULL);
    close(client);
    sandbox_free(sandbox);
    destination_free(way);
    destination_free(echo);
}
END_TEST

SCENARIO_MAIN("handshakes", SCENARIO(only_the_control_link_needs_certificates, 30),
              SCENARIO(a_restarted_server_gives_a_new_key, 60), SCENARIO(a_link_that_waits_keeps_no_buffers, 30),
              SCENARIO(a_repeated_handshake_gets_no_client, 60))
