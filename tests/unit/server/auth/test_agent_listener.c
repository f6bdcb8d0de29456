/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_listener: which connections to the agent port are adopted, and which are penalized. test_agent_balancers.c
 * has those behind a balancer, test_agent_room.c a port that is full.
 */
#include "config.h"

#include "server/auth/agent_port.h"

#include "server/client_hello.h"
#include "server/service/sniff.h"
#include "unit.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS = 1024 };

/* Soon; closes both ends. */
static void expect_adopted(struct server_fixture *server_fixture, int fd) {
    struct fake_order order;

    ck_assert(server_fixture_wait_for(server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, &order));
    close_both(fd, &order);
}

/* Complete, and lost well within the time that HELLO has. */
static void handshake_without_hello(struct server_fixture *server_fixture) {
    struct fake_order order;

    close_both(begin_handshake(server_fixture, &order), &order);
    lose(order.tag, true);
}

START_TEST(a_large_hello_may_come_in_segments_and_records) {
    struct server_fixture server_fixture;
    uint8_t bytes[SNIFF_HELLO_MAX];
    size_t whole = client_hello_cut(bytes, 1600, 517), half = 900;

    server_fixture_begin(&server_fixture);
    int fd = connect_agent(&server_fixture);
    ck_assert_int_eq(write(fd, bytes, half), (ssize_t)half);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(fake_count(FAKE_ADOPT), 0);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 1);
    ck_assert_int_eq(write(fd, bytes + half, whole - half), (ssize_t)(whole - half));
    expect_adopted(&server_fixture, fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(half_a_hello_waits_for_its_rest) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    int fd = connect_agent(&server_fixture);
    for (size_t i = 0; i + 1 < sizeof client_hello; i++) {
        ck_assert_int_eq(write(fd, client_hello + i, 1), 1);
        server_fixture_run(&server_fixture);
    }
    ck_assert_uint_eq(fake_count(FAKE_ADOPT), 0);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 1);
    ck_assert_int_eq(write(fd, client_hello + sizeof client_hello - 1, 1), 1);
    expect_adopted(&server_fixture, fd);
    int gone = connect_agent(&server_fixture); /* sends half of it and closes */
    ck_assert_int_eq(write(gone, client_hello, 7), 7);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(agent_listener_refused(server_fixture.server->agent_listener), 0);
    ck_assert_int_eq(shutdown(gone, SHUT_WR), 0);
    ck_assert(server_fixture_is_closed(&server_fixture, gone));
    ck_assert_uint_eq(agent_listener_refused(server_fixture.server->agent_listener), 1);
    close(gone);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Our end of the client's connection `fd`. */
static int other_end(int fd) {
    struct sockaddr_in mine, peer;
    socklen_t size = sizeof mine;
    ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&mine, &size), 0);
    for (int other = 0; other < DESCRIPTORS; other++) {
        size = sizeof peer;
        if (getpeername(other, (struct sockaddr *)&peer, &size) == 0 && peer.sin_family == AF_INET &&
            peer.sin_port == mine.sin_port)
            return other;
    }
    ck_abort_msg("it was not accepted");
}

/* As the kernel does when bytes have come in so many pieces that it has no room to wait for the last ones. */
START_TEST(half_a_hello_that_wakes_the_listener_too_early_is_adopted) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    int fd = connect_agent(&server_fixture);
    ck_assert_int_eq(write(fd, client_hello, 7), 7);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(fake_count(FAKE_ADOPT), 0);
    ck_assert_int_eq(setsockopt(other_end(fd), SOL_SOCKET, SO_RCVLOWAT, &(int){1}, sizeof(int)), 0);
    expect_adopted(&server_fixture, fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(a_handshake_without_hello_is_penalized) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    handshake_without_hello(&server_fixture);
    ck_assert(!is_adopted(&server_fixture));
    fake_clock_advance(60 * 1000);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(a_source_with_an_agent_is_not_penalized) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    server_fixture_join(&server_fixture, "a", "");
    handshake_without_hello(&server_fixture);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(failures_block_their_source_for_a_while) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    int fd = begin_handshake(&server_fixture, &order);
    end_link(order.tag, false, true); /* its deadline is over: 10 s */
    close_both(fd, &order);
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(agent_listener_refused(server_fixture.server->agent_listener), 1);
    fake_clock_advance(9000);
    ck_assert(!is_adopted(&server_fixture));
    fake_clock_advance(1000);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

/* The relay thread alone knows how long it let the connection wait for its turn. */
START_TEST(an_agent_that_gives_up_while_it_waits_for_its_turn_is_not_penalized) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    int fd = begin_handshake(&server_fixture, &order);
    fake_clock_advance(15000);
    lose(order.tag, false);
    close_both(fd, &order);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(wrong_token_is_penalized_unless_its_source_has_an_agent) {
    struct server_fixture server_fixture;
    struct hello hello = {.kind = HELLO_KIND_CONTROL,
                          .protocol = PROTO_VERSION,
                          .credential = "nobody",
                          .name = "mallory",
                          .group = "",
                          .instance = "00112233445566778899aabbccddeeff",
                          .session = ""};
    uint8_t key[SECRET_SIZE] = {1};

    server_fixture_begin(&server_fixture);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(!is_adopted(&server_fixture));
    agent_listener_reset_penalties(server_fixture.server->agent_listener);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(!is_adopted(&server_fixture));
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    ck_assert(is_adopted(&server_fixture));
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_lose(&server_fixture, &a); /* so that it can come back */
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(penalties_can_be_switched_off) {
    struct server_fixture server_fixture;
    struct addr peer = {0};
    struct endpoint endpoint = {.host = "127.0.0.1"};

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_penalty_s = 0;
    server_fixture_open(&server_fixture);
    ck_assert(addr_from_endpoint(&peer, &endpoint));
    agent_listener_penalize(server_fixture.server->agent_listener, &peer);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(room_is_kept_for_where_agents_come_from) {
    struct server_fixture server_fixture;
    struct fake_order order;
    int fds[2];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_max = 2;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 2; i++) {
        fds[i] = begin_handshake(&server_fixture, &order);
        close(order.fd);
    }
    ck_assert(!is_adopted(&server_fixture)); /* all places are taken by handshakes */
    server_fixture_join(&server_fixture, "a", "");
    ck_assert(is_adopted(&server_fixture));
    close(fds[0]);
    close(fds[1]);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(tls_is_adopted_with_all_its_bytes) {
    struct server_fixture server_fixture;
    struct fake_order order;
    char bytes[16];

    server_fixture_begin(&server_fixture);
    int fd = begin_handshake(&server_fixture, &order);
    ck_assert_int_eq(read(order.fd, bytes, sizeof bytes), sizeof client_hello);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener),
                      1); /* until it has greeted, or is gone */
    lose(order.tag, false);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 0);
    close_both(fd, &order);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(plain_http_is_closed) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    int fd = connect_agent(&server_fixture);
    ck_assert_int_eq(write(fd, "GET / HTTP/1.0\r\n\r\n", 18), 18);
    ck_assert(server_fixture_is_closed(&server_fixture, fd));
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(silence_ends_at_the_deadline) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_deadline_s = 1;
    server_fixture_open(&server_fixture);
    int fd = connect_agent(&server_fixture);
    ck_assert(server_fixture_is_closed(&server_fixture, fd));
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *agent_listener_cases(void) {
    TCase *group = tcase_create("agent listener");

    tcase_add_test(group, a_large_hello_may_come_in_segments_and_records);
    tcase_add_test(group, half_a_hello_waits_for_its_rest);
    tcase_add_test(group, half_a_hello_that_wakes_the_listener_too_early_is_adopted);
    tcase_add_test(group, a_handshake_without_hello_is_penalized);
    tcase_add_test(group, a_source_with_an_agent_is_not_penalized);
    tcase_add_test(group, failures_block_their_source_for_a_while);
    tcase_add_test(group, an_agent_that_gives_up_while_it_waits_for_its_turn_is_not_penalized);
    tcase_add_test(group, wrong_token_is_penalized_unless_its_source_has_an_agent);
    tcase_add_test(group, penalties_can_be_switched_off);
    tcase_add_test(group, room_is_kept_for_where_agents_come_from);
    tcase_add_test(group, tls_is_adopted_with_all_its_bytes);
    tcase_add_test(group, plain_http_is_closed);
    tcase_add_test(group, silence_ends_at_the_deadline);
    return group;
}

UNIT_MAIN("server/auth/agent_listener", agent_listener_cases)
