/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_bytes: what goes into a relay comes out of it, all of it, unchanged, in both directions.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/munnel.h"
#include "harness/parallel_clients.h"
#include "harness/port.h"
#include "harness/scenario.h"

#include <string.h>
#include <unistd.h>

enum { MEGABYTE = 1000 * 1000 };

START_TEST(a_hundred_megabytes_each_way_at_once) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct relayed relayed = {simple.port, destination, 1, 100 * MEGABYTE, 100 * MEGABYTE, 0};
    const char *wrong = relayed_differs(&relayed, 60000);
    ck_assert_msg(!wrong, "%s", wrong);
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

struct sizes { /* of many relays */
    struct simple *simple;
    struct destination *destination;
    uint64_t largest;
    size_t largest_write;
};

static const char *relay_random_sizes(unsigned job, void *context) {
    const struct sizes *sizes = context;
    struct source source;
    source_begin(&source, job);
    struct relayed relayed = {.port = sizes->simple->port,
                              .destination = sizes->destination,
                              .tag = 1000 + 10 * (uint64_t)job,
                              .up = 1 + source_number(&source, sizes->largest),
                              .down = 1 + source_number(&source, sizes->largest),
                              .largest_write = sizes->largest_write};
    return relayed_differs(&relayed, 60000);
}

START_TEST(two_hundred_relays_of_random_sizes) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct sizes sizes = {&simple, destination, 2 * MEGABYTE, 0};
    parallel_clients_run(20, 200, relay_random_sizes, &sizes);
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(two_hundred_relays_with_one_thread) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, "'threads': 1,");
    struct sizes sizes = {&simple, destination, MEGABYTE, 0};
    parallel_clients_run(20, 200, relay_random_sizes, &sizes);
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(two_thousand_short_relays_with_writes_of_random_sizes) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct sizes sizes = {&simple, destination, 9000, 3000};
    parallel_clients_run(16, 2000, relay_random_sizes, &sizes);
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

/* The sizes round which frames, records and buffers change. */
static const char *relay_edge_sizes(unsigned job, void *context) {
    static const uint64_t edges[] = {0,     1,     16375, 16376, 16377,  16384,  32760,  65519,  65520,
                                     65521, 65535, 65536, 65537, 131072, 262143, 262144, 262145, 524288};
    enum { EDGES = sizeof edges / sizeof *edges };
    const struct sizes *sizes = context;
    struct relayed relayed = {.port = sizes->simple->port,
                              .destination = sizes->destination,
                              .tag = 1000 + 10 * (uint64_t)job,
                              .up = edges[job % EDGES],
                              .down = edges[job / EDGES]};
    return relayed_differs(&relayed, 30000);
}

START_TEST(sizes_at_the_edges) {
    struct destination *destination = destination_start(handle_exchange, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    struct sizes sizes = {&simple, destination, 0, 0};
    parallel_clients_run(8, 18 * 18, relay_edge_sizes, &sizes);
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

static const char *request_then_answer(uint16_t port, size_t request, uint64_t answer) {
    static char text[200000];
    struct tally_result wanted, got;
    int fd = socket_client(port);
    ck_assert_uint_le(request, sizeof text);
    bool sent = socket_send(fd, text, request, 10000);
    socket_finish(fd);
    enum end end = socket_drain(fd, &got, 20000);
    close(fd);
    tally_of_source(&wanted, 1, answer);
    if (!sent || end != END_FILE)
        return end == END_RESET ? "reset" : "no end";
    return tally_same(&wanted, &got) ? NULL : "the answer is not whole";
}

START_TEST(a_half_closing_client_gets_the_whole_answer) {
    atomic_ullong answer = 5 * MEGABYTE;
    struct destination *destination = destination_start(handle_answer_at_end, &answer);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    static const size_t requests[] = {0, 1, 300, 65536, 65537, 200000};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++) {
        const char *wrong = request_then_answer(simple.port, requests[i], answer);
        ck_assert_msg(!wrong, "a request of %zu bytes: %s", requests[i], wrong);
        destination_await_ended(destination, (unsigned)i + 1, 10000);
        ck_assert_uint_eq(destination_connection(destination, (unsigned)i)->received.bytes, requests[i]);
    }
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

/* A destination that sends and closes at once; the client has sent nothing, or something that the destination does not
 * read. */
START_TEST(what_is_sent_before_closing_at_once_arrives) {
    static const uint64_t sizes[] = {1, 100, 16376, 16384, 65536, 65537, 1000000, 3000000};
    atomic_ullong size = 0;
    struct destination *destination = destination_start(handle_send_and_close, &size);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    for (size_t round = 0; round < 10 * sizeof sizes / sizeof *sizes; round++) {
        size = sizes[round % (sizeof sizes / sizeof *sizes)];
        struct tally_result wanted, got;
        int fd = socket_client(simple.port);
        enum end end = socket_drain(fd, &got, 10000);
        close(fd);
        tally_of_source(&wanted, 1, size);
        ck_assert_msg(end == END_FILE, "%ju bytes: %s instead of an end of file", (uintmax_t)size, end_name(end));
        ck_assert_msg(tally_same(&wanted, &got), "%ju bytes of %ju came", (uintmax_t)got.bytes, (uintmax_t)size);
    }
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

START_TEST(what_a_client_sends_before_closing_at_once_arrives) {
    static char text[500000];
    static const size_t sizes[] = {1, 100, 16376, 65536, 65537, 300000, 500000};
    struct destination *destination = destination_start(handle_sink, NULL);
    struct simple simple = simple_start(__func__, destination_port(destination), NULL, NULL);
    for (unsigned round = 0; round < 10 * sizeof sizes / sizeof *sizes; round++) {
        size_t size = sizes[round % (sizeof sizes / sizeof *sizes)];
        int fd = socket_client(simple.port);
        ck_assert(socket_send(fd, text, size, 10000));
        close(fd);
        destination_await_ended(destination, round + 1, 10000);
        struct connection *connection = destination_connection(destination, round);
        ck_assert_msg(connection->end == END_FILE, "%zu bytes: %s", size, end_name(connection->end));
        ck_assert_uint_eq(connection->received.bytes, size);
    }
    destination_free(destination);
    sandbox_free(simple.sandbox);
}
END_TEST

static unsigned long long handshakes_for(struct process *server, uint16_t port, unsigned clients) {
    unsigned long long before = live_of(server).handshakes_done;
    for (unsigned i = 0; i < clients; i++)
        ck_assert_msg(socket_echoes(port, 5000), "client %u of %u", i, clients);
    return live_of(server).handshakes_done - before;
}

/* Relays share the links that were there before them. */
START_TEST(a_second_client_costs_no_handshake) {
    struct destination *destination = destination_start(handle_echo, NULL);
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(destination), NULL);
    struct server server = server_start(sandbox, (struct server_plan){.services = service});
    struct process *agent = agent_join_warm(&server, "alpha", NULL);
    unsigned long long before = live_of(agent).handshakes_done;
    ck_assert_uint_eq(handshakes_for(server.process, port, 200), 0);
    ck_assert_uint_eq(live_of(agent).handshakes_done, before);
    ck_assert_uint_ge(live_of(server.process).relays_ended, 200);
    destination_free(destination);
    sandbox_free(sandbox);
}
END_TEST

START_TEST(one_link_serves_all_clients) {
    enum { CLIENTS = 50 };
    struct destination *destination = destination_start(handle_echo, NULL);
    struct sandbox *sandbox = sandbox_new(__func__);
    uint16_t port = port_take();
    const char *service = service_to(sandbox, "echo", port, destination_port(destination), NULL);
    struct server_plan plan = {.services = service, .more = "'threads': 1,"};
    struct server server = server_start(sandbox, plan);
    agent_join_warm(&server, "alpha", NULL);
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = socket_client(port);
    for (int i = 0; i < CLIENTS; i++) /* each with its own bytes */
        ck_assert_msg(socket_converse(fds[i], sandbox_text(sandbox, "client %d", i), 5000), "client %d", i);
    struct live live = live_of(server.process);
    ck_assert_uint_eq(live.relays, CLIENTS);
    ck_assert_uint_eq(live.links, 2); /* the control link is the other one */
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    ck_assert(HOLDS_WITHIN(5000, live_of(server.process).relays == 0));
    ck_assert_uint_eq(live_of(server.process).links, 2);
    destination_free(destination);
    sandbox_free(sandbox);
}
END_TEST

SCENARIO_MAIN("bytes", SCENARIO(a_hundred_megabytes_each_way_at_once, 90),
              SCENARIO(two_hundred_relays_of_random_sizes, 90), SCENARIO(two_hundred_relays_with_one_thread, 90),
              SCENARIO(two_thousand_short_relays_with_writes_of_random_sizes, 60), SCENARIO(sizes_at_the_edges, 60),
              SCENARIO(a_half_closing_client_gets_the_whole_answer, 60),
              SCENARIO(what_is_sent_before_closing_at_once_arrives, 60),
              SCENARIO(what_a_client_sends_before_closing_at_once_arrives, 60),
              SCENARIO(a_second_client_costs_no_handshake, 60), SCENARIO(one_link_serves_all_clients, 30))
