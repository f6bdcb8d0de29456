/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_listener: which connections to the agent port are adopted, and that unauthenticated ones cannot fill it.
 */
#include "config.h"

#include "server/client_hello.h"
#include "server/server_fixture.h"
#include "server/service/sniff.h"
#include "unit.h"

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DESCRIPTORS = 1024 };

static int connect_agent(struct server_fixture *server_fixture) {
    server_fixture->ports[3] = server_fixture->agent_port;
    return server_fixture_connect(server_fixture, 3);
}

/* Connects and sends a ClientHello, which `order` adopts; returns the agent's end. */
static int begin_handshake(struct server_fixture *server_fixture, struct fake_order *order) {
    int fd = connect_agent(server_fixture);

    ck_assert_int_eq(write(fd, client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, order));
    return fd;
}

/* The event of the plane: the turn of the connection with this tag has come. */
static void begin(uint64_t tag) {
    fake_options()->events->on_handshake(fake_options()->context, tag);
}

/* The event of the plane: the connection with this tag is gone, and HELLO has not come. */
static void end(uint64_t tag, bool no_hello, bool timed_out) {
    struct link_end end = {
        .link = fake_link(), .tag = tag, .no_hello = no_hello, .timed_out = timed_out, .detail = "connection lost"};

    fake_options()->events->on_gone(fake_options()->context, &end);
}

static void lose(uint64_t tag, bool no_hello) {
    end(tag, no_hello, false);
}

static void close_both(int fd, const struct fake_order *adopted) {
    close(fd);
    close(adopted->fd);
}

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

static bool is_adopted(struct server_fixture *server_fixture) {
    struct fake_order order;
    int fd = connect_agent(server_fixture);

    (void)send(fd, client_hello, sizeof client_hello, MSG_NOSIGNAL); /* fails where it was refused */
    server_fixture_run(server_fixture);
    bool is_adopted = fake_take(FAKE_ADOPT, &order);
    if (is_adopted) {
        close(order.fd);
        lose(order.tag, false);
    }
    close(fd);
    return is_adopted;
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
    end(order.tag, false, true); /* its deadline is over: 10 s */
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

START_TEST(full_listener_closes_the_oldest_silent_connection) {
    struct server_fixture server_fixture;
    struct fake_order order;
    int fds[4];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_max = 3;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 3; i++) {
        fds[i] = connect_agent(&server_fixture);
        fake_clock_advance(1);
    }
    ck_assert_int_eq(write(fds[0], client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_ADOPT, 1)); /* the oldest has sent bytes, so it stays */
    fds[3] = connect_agent(&server_fixture);
    ck_assert(server_fixture_is_closed(&server_fixture, fds[1]));
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 3);
    ck_assert_int_eq(write(fds[3], client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_ADOPT, 2));
    while (fake_take(FAKE_ADOPT, &order))
        close(order.fd);
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* A ClientHello and no more: for a while it may be an honest agent far away. */
START_TEST(full_listener_closes_the_slowest_handshake) {
    struct server_fixture server_fixture;
    struct fake_order adopted[2], order;
    int fds[2];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_per_source = 2;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 2; i++) {
        fds[i] = begin_handshake(&server_fixture, &adopted[i]);
        begin(adopted[i].tag);
        fake_clock_advance(10);
    }
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT_PREAUTH), 0);
    fake_clock_advance(500);
    ck_assert(is_adopted(&server_fixture));
    ck_assert(fake_take(FAKE_DISCONNECT_PREAUTH, &order));
    ck_assert_uint_eq(order.tag, adopted[0].tag);
    lose(adopted[0].tag, false); /* its event comes as well, and it is not counted twice */
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 1);
    for (int i = 0; i < 2; i++)
        close_both(fds[i], &adopted[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Otherwise those that have waited longest would be closed one after the other as their turn comes. */
START_TEST(handshakes_that_wait_for_their_turn_do_not_give_way) {
    struct server_fixture server_fixture;
    struct fake_order adopted[2], order;
    int fds[2];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_per_source = 2;
    server_fixture_open(&server_fixture);
    for (int i = 0; i < 2; i++)
        fds[i] = begin_handshake(&server_fixture, &adopted[i]);
    fake_clock_advance(3000);
    ck_assert(!is_adopted(&server_fixture));
    begin(adopted[1].tag);
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT_PREAUTH), 0);
    fake_clock_advance(500);
    ck_assert(is_adopted(&server_fixture));
    ck_assert(fake_take(FAKE_DISCONNECT_PREAUTH, &order));
    ck_assert_uint_eq(order.tag, adopted[1].tag);
    begin(adopted[1].tag); /* it was on its way, and is of none that is counted */
    lose(adopted[1].tag, false);
    for (int i = 0; i < 2; i++)
        close_both(fds[i], &adopted[i]);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(one_source_has_a_share_only) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_per_source = 1;
    server_fixture_open(&server_fixture);
    int first = connect_agent(&server_fixture);
    fake_clock_advance(1);
    int second = connect_agent(&server_fixture);
    ck_assert(server_fixture_is_closed(&server_fixture, first));
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 1);
    close(first);
    close(second);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* One for each thread, and those that the server has asked for; and one within the limits. */
START_TEST(data_links_that_will_come_are_accepted_beyond_the_limits) {
    struct server_fixture server_fixture;
    int fds[4];

    server_fixture_set_any(&server_fixture);
    server_fixture.conf->agents.unauthenticated_max = server_fixture.conf->agents.unauthenticated_per_source = 1;
    server_fixture.conf->threads = 3;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a"); /* from the same address */
    struct carrier_role bulk = {a.tag, 0, true};
    fake_options()->events->on_want_carriers(fake_options()->context, &bulk, 1);
    for (int i = 0; i < 4; i++)
        fds[i] = connect_agent(&server_fixture);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 4);
    int more = connect_agent(&server_fixture);
    ck_assert_uint_eq(agent_listener_count(server_fixture.server->agent_listener), 4);
    ck_assert(server_fixture_is_closed(&server_fixture, fds[0]));
    for (int i = 0; i < 4; i++)
        close(fds[i]);
    close(more);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* ---- behind a balancer ---- */

static void open_behind(struct server_fixture *server_fixture, const char *balancers) {
    server_fixture_set_any(server_fixture);
    ck_assert_int_eq(strlist_add(&server_fixture->conf->agents.accept_proxy, balancers), 0);
    server_fixture_open(server_fixture);
}

/* The balancer's connection for the agent at this address. */
static int connect_for(struct server_fixture *server_fixture, const char *host) {
    int fd = connect_agent(server_fixture);
    char header[100];

    snprintf(header, sizeof header, "PROXY TCP4 %s 198.51.100.2 40000 10001\r\n", host);
    ck_assert_int_eq(write(fd, header, strlen(header)), (ssize_t)strlen(header));
    server_fixture_run(server_fixture);
    return fd;
}

static void greet_for(struct server_fixture *server_fixture, const char *host, struct fake_order *order) {
    int fd = connect_for(server_fixture, host);

    ck_assert_int_eq(write(fd, client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, order));
    close(fd);
}

START_TEST(tls_behind_the_header_is_adopted_with_all_its_bytes) {
    struct server_fixture server_fixture;
    uint8_t bytes[sizeof client_hello + 1];
    struct fake_order order;

    open_behind(&server_fixture, "127.0.0.0/8");
    greet_for(&server_fixture, "192.0.2.1", &order);
    ck_assert_int_eq(read(order.fd, bytes, sizeof bytes), sizeof client_hello);
    ck_assert_mem_eq(bytes, client_hello, sizeof client_hello);
    close(order.fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(bad_agent_behind_a_balancer_locks_out_no_other_one) {
    struct server_fixture server_fixture;
    struct fake_order order;

    open_behind(&server_fixture, "127.0.0.0/8");
    greet_for(&server_fixture, "192.0.2.1", &order);
    close(order.fd);
    lose(order.tag, true); /* a handshake without HELLO */
    int bad = connect_for(&server_fixture, "192.0.2.1");
    ck_assert(server_fixture_is_closed(&server_fixture, bad));
    ck_assert_uint_eq(agent_listener_refused_by(server_fixture.server->agent_listener, AGENT_REFUSAL_BLOCKED), 1);
    greet_for(&server_fixture, "192.0.2.2", &order);
    close(order.fd);
    close(bad);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(agent_port_behind_a_balancer_is_for_that_alone) {
    struct server_fixture server_fixture;
    const enum agent_refusal refusal = _i ? AGENT_REFUSAL_PROXY_NOT_LISTED : AGENT_REFUSAL_PROXY_MALFORMED;

    open_behind(&server_fixture, _i ? "10.0.0.0/8" : "127.0.0.0/8");
    int fd = connect_agent(&server_fixture);
    (void)send(fd, client_hello, sizeof client_hello, MSG_NOSIGNAL); /* fails where it was refused */
    ck_assert(server_fixture_is_closed(&server_fixture, fd));
    ck_assert_uint_eq(agent_listener_refused_by(server_fixture.server->agent_listener, refusal), 1);
    ck_assert_uint_eq(fake_count(FAKE_ADOPT), 0);
    close(fd);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(health_check_of_a_balancer_is_no_failure) {
    struct server_fixture server_fixture;

    open_behind(&server_fixture, "127.0.0.0/8");
    int fd = connect_agent(&server_fixture);
    if (_i)
        ck_assert_int_eq(write(fd, "\r\n\r\n\0\r\nQUIT\n\x20\0\0\0", 16), 16);
    close(fd);
    server_fixture_run(&server_fixture);
    ck_assert_uint_eq(agent_listener_balancer_checks(server_fixture.server->agent_listener), 1);
    ck_assert_uint_eq(agent_listener_refused(server_fixture.server->agent_listener), 0);
    ck_assert(!is_adopted(&server_fixture)); /* and it is no way round the header */
    server_fixture_clear(&server_fixture);
}
END_TEST

static void change_balancers(struct server_fixture *server_fixture, const char *balancers) {
    struct agent_listener *listener = server_fixture->server->agent_listener;
    struct strlist list = {0};

    if (balancers)
        ck_assert_int_eq(strlist_add(&list, balancers), 0);
    ck_assert_int_eq(agent_listener_prepare_balancers(listener, &list, NULL), 0);
    agent_listener_apply(listener);
    agent_listener_discard(listener);
    strlist_done(&list);
}

/* One that is waited for goes by those of its accept. */
START_TEST(other_balancers_are_for_new_connections) {
    struct server_fixture server_fixture;
    struct fake_order order;

    open_behind(&server_fixture, "127.0.0.0/8");
    int waiting = connect_agent(&server_fixture);
    server_fixture_run(&server_fixture);
    change_balancers(&server_fixture, "10.0.0.0/8");
    ck_assert(!is_adopted(&server_fixture));
    ck_assert_uint_eq(agent_listener_refused_by(server_fixture.server->agent_listener, AGENT_REFUSAL_PROXY_NOT_LISTED),
                      1);
    ck_assert_int_eq(write(waiting, "PROXY UNKNOWN\r\n", 15), 15);
    ck_assert_int_eq(write(waiting, client_hello, sizeof client_hello), sizeof client_hello);
    ck_assert(server_fixture_wait_for(&server_fixture, FAKE_ADOPT, 1));
    ck_assert(fake_take(FAKE_ADOPT, &order));
    close_both(waiting, &order);
    change_balancers(&server_fixture, NULL);
    ck_assert(is_adopted(&server_fixture));
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *behind_a_balancer(void) {
    TCase *group = tcase_create("behind a balancer");

    tcase_add_test(group, tls_behind_the_header_is_adopted_with_all_its_bytes);
    tcase_add_test(group, bad_agent_behind_a_balancer_locks_out_no_other_one);
    tcase_add_loop_test(group, agent_port_behind_a_balancer_is_for_that_alone, 0, 2);
    tcase_add_test(group, other_balancers_are_for_new_connections);
    tcase_add_loop_test(group, health_check_of_a_balancer_is_no_failure, 0, 2);
    return group;
}

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
    tcase_add_test(group, full_listener_closes_the_oldest_silent_connection);
    tcase_add_test(group, full_listener_closes_the_slowest_handshake);
    tcase_add_test(group, handshakes_that_wait_for_their_turn_do_not_give_way);
    tcase_add_test(group, one_source_has_a_share_only);
    tcase_add_test(group, data_links_that_will_come_are_accepted_beyond_the_limits);
    return group;
}

UNIT_MAIN("server/auth/agent_listener", agent_listener_cases, behind_a_balancer)
