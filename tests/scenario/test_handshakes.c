/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_handshakes: what was recorded of an agent's connections on the path opens nothing when it is sent again; and an
 * agent that takes up its session again and again has to wait.
 */
#include "config.h"

#include "harness/attacked_server.h"
#include "harness/deadline.h"
#include "harness/scenario.h"

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NO_PENALTY "'unauthenticated': { 'penalty': 0 },"

enum { WELCOME = 0x02, REJECT = 0x03, ASK_MS = ATTACKED_SERVER_ASK_MS, LOG_MS = 10000 };

/* ---- a proxy on the path that records what agents send ---- */

enum { SEEN_MOST = 16, BYTES_MOST = 65536, LINKS = 1 + SERVER_THREADS };

struct tap {
    uint16_t server;
    struct seen {
        char bytes[BYTES_MOST];
        atomic_size_t size;
    } seen[SEEN_MOST]; /* of each connection, in the order of arrival */
};

static bool pass_on(int from, int to, struct seen *seen) {
    char part[16384];
    ssize_t got = recv(from, part, sizeof part, 0);
    if (got <= 0)
        return false;
    size_t size = (size_t)got, used = seen ? atomic_load(&seen->size) : 0;
    if (seen && used + size <= sizeof seen->bytes) {
        memcpy(seen->bytes + used, part, size);
        seen->size = used + size;
    }
    return socket_send(to, part, size, ASK_MS);
}

static void handle_tap(struct connection *connection) {
    struct tap *tap = connection->context;
    struct seen *seen = &tap->seen[connection->number % SEEN_MOST];
    int server = socket_client(tap->server);
    struct pollfd ends[2] = {{.fd = connection->fd, .events = POLLIN}, {.fd = server, .events = POLLIN}};
    bool goes_on = true;
    while (goes_on && poll(ends, 2, CONNECTION_MS) > 0)
        for (int i = 0; i < 2 && goes_on; i++)
            goes_on = !ends[i].revents || pass_on(ends[i].fd, ends[1 - i].fd, i == 0 ? seen : NULL);
    close(server);
}

/* All at once, or the first part, which is the ClientHello, and the rest after the answer. */
static void replay(const struct tap *tap, const struct seen *seen, size_t first) {
    char answer[4096];
    int fd = socket_client(tap->server);
    ck_assert(socket_send(fd, seen->bytes, first, ASK_MS));
    if (first < seen->size) {
        ck_assert_int_eq(socket_read_some(fd, answer, sizeof answer, &(size_t){0}, ASK_MS), END_NONE);
        (void)socket_send(fd, seen->bytes + first, seen->size - first, ASK_MS);
    }
    enum end end = socket_drain(fd, NULL, ASK_MS);
    ck_assert_msg(end == END_FILE || end == END_RESET, "what was replayed is answered for ever: %s", end_name(end));
    close(fd);
}

static size_t first_record(const struct seen *seen) {
    enum { RECORD_HEADER = 5 };
    return RECORD_HEADER + ((size_t)(uint8_t)seen->bytes[3] << 8 | (uint8_t)seen->bytes[4]);
}

START_TEST(what_was_recorded_opens_nothing_when_it_is_sent_again) {
    static struct tap tap;
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.agents = NO_PENALTY, .no_agent = true});
    struct server *server = &attacked_server.server, by_tap = *server;
    tap.server = server->port;
    struct destination *way = destination_start(handle_tap, &tap);
    by_tap.port = destination_port(way);
    attacked_server.agent = agent_join_warm(&by_tap, "alpha", NULL);
    int client = attacked_server_client(&attacked_server, 1);
    ck_assert(socket_converse(client, "before", ASK_MS));
    struct usage before = usage_of(server->process);
    size_t mark = process_mark(server->process);
    ck_assert_uint_eq(destination_connections(way), LINKS);
    for (int i = 0; i < LINKS; i++) {
        ck_assert_uint_gt(tap.seen[i].size, first_record(&tap.seen[i]));
        replay(&tap, &tap.seen[i], tap.seen[i].size);
        replay(&tap, &tap.seen[i], first_record(&tap.seen[i]));
    }
    process_await(server->process, mark, LOG_MS, "agent port", "handshake failed", "127.0.0.1:", NULL);
    ck_assert_uint_eq(process_count(server->process, mark, "\"joined\"", NULL), 0);
    ck_assert_uint_eq(process_count(server->process, mark, "\"resumed\"", NULL), 0);
    ck_assert(socket_converse(client, "after", ASK_MS));
    usage_await(server->process, &before, LOG_MS);
    close(client);
    attacked_server.baseline = before;
    attacked_server.baseline.relays = 0;
    attacked_server_end(&attacked_server);
    destination_free(way);
}
END_TEST

/* ---- sessions that are taken up again and again ---- */

/* Each time the services are announced anew, and the old control link is closed. */
START_TEST(a_session_that_is_taken_up_again_and_again_has_to_wait) {
    enum { TIMES = 100 };
    struct attacked_server attacked_server =
        attacked_server_start(__func__, (struct attacked_server_plan){.open = true});
    struct attacked_session session = attacked_server_join(&attacked_server, "mallory", "\"group\":\"nobody\",");
    char more[128], text[4096] = "";
    int type = WELCOME;
    snprintf(more, sizeof more, "\"group\":\"nobody\",\"resume\":\"%s\",", session.id);
    unsigned times = 0;
    for (; times < TIMES && type == WELCOME; times++) {
        struct intruder *next = attacked_server_intruder(&attacked_server);
        type = attacked_server_hello(next, "control", "mallory", more, text, sizeof text);
        intruder_free(session.control);
        session.control = next;
        if (type == WELCOME)
            ck_assert_ptr_nonnull(strstr(text, session.id));
    }
    ck_assert_int_eq(type, REJECT);
    ck_assert_msg(strstr(text, "\"busy\"") && strstr(text, "resumed a moment ago"), "%s", text);
    printf("# taken up %u times\n", times);
    ck_assert(socket_echoes(attacked_server.port, ASK_MS));
    intruder_free(session.control);
    attacked_server_end(&attacked_server);
}
END_TEST

SCENARIO_MAIN("handshakes", SCENARIO(what_was_recorded_opens_nothing_when_it_is_sent_again, 60),
              SCENARIO(a_session_that_is_taken_up_again_and_again_has_to_wait, 60))
