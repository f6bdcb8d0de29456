/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_ports: UDP ports between the planes, with a real socket and real peers: new clients, those that are
 * refused, how many may be undecided, and the ends of ports.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "relay/datagram/udp_priv.h"
#include "relay/plane_priv.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

enum { PATIENCE_MS = 5000, LENT_MOST = UDP_FLOWS_LENT_MOST };

static struct world {
    struct loop *loop;
    struct plane *plane;
    struct service_counts *counts;
    struct service_terms *terms;
    struct udp_port *port;
    struct addr addr;
    evutil_socket_t client;
    bool refuses;
    unsigned flows;
    struct udp_flow *last;
} world;

static void on_flow(void *context, struct udp_flow *flow) {
    ck_assert_ptr_eq(context, &world);
    world.flows++;
    world.last = flow;
    if (world.refuses)
        plane_flow_refuse(flow);
}

static evutil_socket_t bind_datagrams(struct addr *addr) {
    const struct sock_bind_options options = {.datagrams = true};
    struct error error = {""};
    struct endpoint endpoint = {.host = "127.0.0.1"};
    ck_assert(addr_from_endpoint(addr, &endpoint));
    evutil_socket_t fd = sock_bind_as(addr, &options, &error);
    ck_assert_msg(fd >= 0, "%s", error.text);
    sock_local_addr(fd, addr);
    return fd;
}

static void begin(void) {
    static const struct plane_events events = {.on_gone = NULL};
    struct error error = {""};
    struct addr client;
    world = (struct world){.loop = loop_new("test")};
    const struct plane_options options = {.threads = 1,
                                          .control = world.loop,
                                          .instance = "00112233445566778899aabbccddeeff",
                                          .greeting_ms = 5000,
                                          .events = &events};
    world.plane = plane_new(&options, &error);
    ck_assert_msg(world.plane, "%s", error.text);
    world.counts = service_counts_new(1);
    world.terms = service_terms_new(
        &(struct service_terms_plan){.service = "s", .destination = "d:1", .id = 1, .counts = world.counts});
    evutil_socket_t fd = bind_datagrams(&world.addr);
    world.port = plane_port_new(world.plane, fd, &world.addr, &(struct udp_port_options){world.terms, on_flow, &world});
    ck_assert_ptr_nonnull(world.port);
    world.client = bind_datagrams(&client);
}

static void end(void) {
    if (world.port)
        plane_port_free(world.port);
    plane_free(world.plane);
    sock_close(world.client);
    service_terms_release(world.terms);
    service_counts_release(world.counts);
    loop_free(world.loop);
}

static void send_from(evutil_socket_t fd) {
    ck_assert_int_eq((int)sendto(fd, "x", 1, 0, (const struct sockaddr *)&world.addr.storage, world.addr.length), 1);
}

static uint64_t counted(unsigned drop) {
    const struct datagram_counts *counts = &service_counts_part(world.counts, 0)->datagrams;
    return counter_read(drop == DATAGRAM_DROP_COUNT ? &counts->count[DATAGRAM_IN]
                                                    : &counts->dropped[DATAGRAM_IN][drop]);
}

static struct { /* what is awaited */
    unsigned drop;
    uint64_t count;
} wanted;

static bool has_counted(void *context) {
    (void)context;
    return counted(wanted.drop) >= wanted.count;
}

static void await_count(unsigned drop, uint64_t count) {
    wanted.drop = drop;
    wanted.count = count;
    ck_assert(unit_run_until(loop_base(world.loop), has_counted, NULL, PATIENCE_MS));
    ck_assert_uint_eq(counted(drop), count);
}

static bool has_flow(void *context) {
    (void)context;
    return world.flows > 0;
}

static void run_once(void) {
    event_base_loop(loop_base(world.loop), EVLOOP_NONBLOCK);
}

START_TEST(a_new_client_is_reported_once) {
    plane_port_open(world.port);
    for (int i = 0; i < 3; i++)
        send_from(world.client);
    await_count(DATAGRAM_DROP_COUNT, 3);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    ck_assert_uint_eq(world.flows, 1);
    struct addr peer = plane_flow_peer(world.last), local = plane_flow_local(world.last), client;
    sock_local_addr(world.client, &client);
    ck_assert(addr_same_host(&peer, &client) && addr_port(&peer) == addr_port(&client));
    ck_assert(addr_same_host(&local, &world.addr) && addr_port(&local) == addr_port(&world.addr));
    ck_assert_uint_eq(plane_flow_thread(world.last), 0);
    ck_assert_uint_eq(udp_flow_first(world.last, 0)->count, 3);
    plane_flow_refuse(world.last);
    await_count(DATAGRAM_DROP_REFUSED, 3);
}
END_TEST

START_TEST(who_is_refused_is_not_reported_again_for_a_while) {
    world.refuses = true;
    plane_port_open(world.port);
    send_from(world.client);
    await_count(DATAGRAM_DROP_REFUSED, 1);
    for (int i = 0; i < 5; i++)
        send_from(world.client);
    await_count(DATAGRAM_DROP_REFUSED, 6);
    ck_assert_uint_eq(world.flows, 1);
    udp_ports_sweep(world.plane->threads[0], UINT64_MAX);
    ck_assert_uint_eq(world.port->flow_count, 0);
    send_from(world.client);
    await_count(DATAGRAM_DROP_REFUSED, 7);
    ck_assert_uint_eq(world.flows, 2);
}
END_TEST

START_TEST(what_is_kept_of_a_new_client_is_bounded) {
    plane_port_open(world.port);
    for (int i = 0; i < 20; i++) {
        send_from(world.client);
        await_count(DATAGRAM_DROP_COUNT, (uint64_t)i + 1);
    }
    ck_assert_uint_eq(udp_flow_first(world.last, 0)->count, 16);
    ck_assert_uint_eq(counted(DATAGRAM_DROP_QUEUE), 4);
    plane_flow_refuse(world.last);
}
END_TEST

START_TEST(what_is_kept_for_long_is_not_sent_to_an_agent) {
    plane_port_open(world.port);
    for (int i = 0; i < 3; i++)
        send_from(world.client);
    await_count(DATAGRAM_DROP_COUNT, 3);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    uint64_t now_us = clock_us();
    ck_assert_uint_eq(udp_flow_first(world.last, now_us)->count, 3);
    ck_assert_uint_eq(udp_flow_first(world.last, now_us + 10000001)->count, 0);
    ck_assert_uint_eq(counted(DATAGRAM_DROP_STALE), 3);
    plane_flow_refuse(world.last);
}
END_TEST

static struct { /* what the relay of a flow is told */
    unsigned datagrams, unreachable, quiet;
} told;

static bool on_datagram(void *context, const uint8_t *bytes, size_t length) {
    (void)context, (void)bytes, (void)length;
    told.datagrams++;
    return true;
}

static void on_unreachable(void *context) {
    (void)context;
    told.unreachable++;
}

static void on_quiet(void *context) {
    (void)context;
    told.quiet++;
}

static void on_port_closed(void *context) {
    (void)context;
}

static void on_give_way(void *context) {
    (void)context;
}

static const struct udp_flow_user flow_user = {on_datagram, on_unreachable, on_quiet, on_port_closed, on_give_way};

/* One that a relay has. */
static struct udp_flow *serve_flow(evutil_socket_t client) {
    memset(&told, 0, sizeof told);
    world.flows = 0;
    plane_port_open(world.port);
    send_from(client);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    udp_flow_serve(world.last, &flow_user, NULL);
    return world.last;
}

static bool has_datagram(void *context) {
    (void)context;
    return told.datagrams > 0;
}

START_TEST(what_a_relay_has_sent_is_kept_rather_than_what_does_not_fit) {
    static const char bytes[65000];
    struct udp_flow *flow = serve_flow(world.client);
    for (int i = 0; i < 3; i++) {
        told.datagrams = 0;
        ck_assert_int_eq((int)sendto(world.client, bytes, sizeof bytes, 0, (const struct sockaddr *)&world.addr.storage,
                                     world.addr.length),
                         (int)sizeof bytes);
        ck_assert(unit_run_until(loop_base(world.loop), has_datagram, NULL, PATIENCE_MS));
    }
    ck_assert_uint_eq(udp_flow_first(flow, 0)->count, 3); /* of four, the last of which is one too many */
    ck_assert_uint_eq(counted(DATAGRAM_DROP_QUEUE), 0);
    udp_flow_end(flow);
}
END_TEST

START_TEST(flows_end_when_each_is_due) {
    static const unsigned seconds[] = {3600, 5, 60, 2, 5};
    enum { FLOWS = sizeof seconds / sizeof *seconds };
    evutil_socket_t clients[FLOWS];
    struct udp_flow *flows[FLOWS];
    struct addr addr;
    uint64_t now_us = clock_us();
    for (unsigned i = 0; i < FLOWS; i++) {
        clients[i] = bind_datagrams(&addr);
        flows[i] = serve_flow(clients[i]);
        udp_flow_end_after(flows[i], seconds[i], now_us);
    }
    for (unsigned at = 1, due = 0; at <= 61; at++) {
        due += at == 2 || at == 60;
        due += at == 5 ? 2 : 0;
        udp_ports_sweep(world.plane->threads[0], now_us + at * UINT64_C(1000000));
        ck_assert_uint_eq(told.quiet, due);
    }
    for (unsigned i = 0; i < FLOWS; i++) {
        udp_flow_end(flows[i]);
        sock_close(clients[i]);
    }
}
END_TEST

#ifdef __linux__
/* The error is no event any more once a call has failed by it. */
START_TEST(closed_port_is_noticed_while_others_send) {
    struct addr there;
    evutil_socket_t gone = bind_datagrams(&there);
    struct udp_flow *first = serve_flow(gone), *second = serve_flow(world.client);
    sock_close(gone);
    ck_assert_int_eq(udp_flow_reply(first, (const uint8_t *)"a", 1, clock_us()), DATAGRAM_DROP_COUNT);
    ck_assert_int_eq(udp_flow_reply(second, (const uint8_t *)"a", 1, clock_us()), DATAGRAM_DROP_COUNT);
    world.port->errors_us = 0;
    send_from(world.client);
    event_base_loop(loop_base(world.loop), EVLOOP_ONCE | EVLOOP_NONBLOCK); /* one turn */
    ck_assert_uint_eq(told.datagrams, 1);
    ck_assert_uint_eq(told.unreachable, 1);
    udp_flow_end(first);
    udp_flow_end(second);
}
END_TEST
#endif

START_TEST(how_many_are_undecided_is_bounded) {
    plane_port_open(world.port);
    run_once();
    world.port->lent = LENT_MOST; /* as if so many were */
    send_from(world.client);
    await_count(DATAGRAM_DROP_UNDECIDED, 1);
    ck_assert_uint_eq(world.flows, 0);
    world.port->lent = 0;
    send_from(world.client);
    await_count(DATAGRAM_DROP_COUNT, 2);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    plane_flow_refuse(world.last);
}
END_TEST

START_TEST(a_port_that_is_shut_drops) {
    plane_port_open(world.port);
    plane_port_shut(world.port);
    send_from(world.client);
    await_count(DATAGRAM_DROP_REFUSED, 1);
    ck_assert_uint_eq(world.flows, 0);
    plane_port_open(world.port);
    send_from(world.client);
    await_count(DATAGRAM_DROP_COUNT, 2);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    plane_flow_refuse(world.last);
}
END_TEST

START_TEST(other_terms_count_from_then_on) {
    struct service_counts *counts = service_counts_new(1), *before = world.counts;
    struct service_terms *terms = service_terms_new(
        &(struct service_terms_plan){.service = "t", .destination = "d:1", .id = 2, .counts = counts});
    world.refuses = true;
    plane_port_open(world.port);
    send_from(world.client);
    await_count(DATAGRAM_DROP_REFUSED, 1);
    plane_port_set(world.port, &(struct udp_port_options){terms, on_flow, &world});
    run_once();
    send_from(world.client);
    world.counts = counts;
    await_count(DATAGRAM_DROP_REFUSED, 1);
    world.counts = before;
    ck_assert_uint_eq(counted(DATAGRAM_DROP_REFUSED), 1);
    service_terms_release(terms);
    service_counts_release(counts);
}
END_TEST

START_TEST(a_flow_outlives_its_port_until_it_is_given_back) {
    plane_port_open(world.port);
    send_from(world.client);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    plane_port_free(world.port);
    world.port = NULL;
    run_once();
    ck_assert(udp_flow_is_closed(world.last));
    plane_flow_refuse(world.last);
    run_once();
    ck_assert_ptr_null(LIST_FIRST(&world.plane->threads[0]->udp_ports));
}
END_TEST

START_TEST(a_port_may_be_freed_at_any_time) {
    if (_i > 0)
        plane_port_open(world.port);
    if (_i > 1)
        send_from(world.client);
    for (int i = 2; i < _i; i++)
        run_once();
    plane_port_free(world.port);
    world.port = NULL;
}
END_TEST

START_TEST(a_plane_may_be_freed_before_its_ports) {
    struct udp_port *port = world.port;
    if (_i > 0)
        plane_port_open(port);
    if (_i > 1)
        send_from(world.client);
    for (int i = 2; i < _i; i++)
        run_once();
    plane_free(world.plane);
    plane_port_free(port);
    world.port = NULL;
    world.plane = plane_new(&(struct plane_options){.threads = 1,
                                                    .control = world.loop,
                                                    .instance = "0",
                                                    .events = &(const struct plane_events){.on_gone = NULL}},
                            &(struct error){""});
}
END_TEST

START_TEST(a_table_of_many_is_searched_by_all_of_an_address) {
    enum { MANY = 1000 };
    struct datagram_read datagram;
    memset(&datagram, 0, sizeof datagram);
    datagram.peer.address.any.sa_family = AF_INET;
    for (unsigned i = 0; i < MANY; i++) {
        struct udp_flow *flow = calloc(1, sizeof *flow);
        ck_assert_ptr_nonnull(flow);
        flow->port = world.port;
        flow->state = UDP_FLOW_LENT;
        world.port->lent++;
        datagram_queue_init(&flow->first, &world.plane->threads[0]->datagram_memory, &datagram_limits_of_link,
                            &world.port->part->datagrams, DATAGRAM_IN);
        datagram.peer.address.four.sin_addr.s_addr = i;
        datagram.peer.address.four.sin_port = (uint16_t)i;
        datagram.local.host[0] = i % 2;
        flow->peer = datagram.peer;
        flow->local = datagram.local;
        flow_table_add(world.port, flow);
    }
    for (unsigned i = 0; i < MANY; i++) {
        datagram.peer.address.four.sin_addr.s_addr = i;
        datagram.peer.address.four.sin_port = (uint16_t)i;
        datagram.local.host[0] = i % 2;
        ck_assert_ptr_nonnull(flow_table_find(world.port, &datagram.peer, &datagram.local));
        datagram.local.host[0] ^= 1;
        ck_assert_ptr_null(flow_table_find(world.port, &datagram.peer, &datagram.local));
    }
    flow_table_each(world.port, &datagram.peer, udp_flow_end);
    ck_assert_uint_eq(world.port->flow_count, MANY - 1);
    flow_table_each(world.port, NULL, udp_flow_end);
    ck_assert_uint_eq(world.port->flow_count, 0);
    ck_assert_uint_eq(world.port->lent, 0);
}
END_TEST

#ifdef __linux__
START_TEST(what_does_not_fit_a_frame_is_dropped_where_it_comes_in) {
    static uint8_t bytes[65527]; /* of UDP over IPv6 */
    const struct sock_bind_options options = {.datagrams = true};
    struct endpoint endpoint = {.host = "::1"};
    struct addr addr, from;
    struct error error = {""};
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    from = addr;
    evutil_socket_t fd = sock_bind_as(&addr, &options, &error), client = sock_bind_as(&from, &options, &error);
    if (fd < 0 || client < 0)
        return; /* a machine without IPv6 */
    sock_local_addr(fd, &addr);
    struct udp_port *port =
        plane_port_new(world.plane, fd, &addr, &(struct udp_port_options){world.terms, on_flow, &world});
    plane_port_open(port);
    ck_assert_int_eq((int)sendto(client, bytes, sizeof bytes, 0, (const struct sockaddr *)&addr.storage, addr.length),
                     (int)sizeof bytes);
    await_count(DATAGRAM_DROP_TOO_LARGE, 1);
    ck_assert_uint_eq(world.flows, 0);
    ck_assert_int_eq((int)sendto(client, bytes, FRAME_DATAGRAM_MAX, 0, (const struct sockaddr *)&addr.storage,
                                 addr.length),
                     FRAME_DATAGRAM_MAX);
    ck_assert(unit_run_until(loop_base(world.loop), has_flow, NULL, PATIENCE_MS));
    plane_flow_refuse(world.last);
    plane_port_free(port);
    sock_close(client);
}
END_TEST
#endif

static TCase *ports(void) {
    TCase *group = tcase_create("ports");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_new_client_is_reported_once);
    tcase_add_test(group, who_is_refused_is_not_reported_again_for_a_while);
    tcase_add_test(group, what_is_kept_of_a_new_client_is_bounded);
    tcase_add_test(group, what_is_kept_for_long_is_not_sent_to_an_agent);
    tcase_add_test(group, what_a_relay_has_sent_is_kept_rather_than_what_does_not_fit);
    tcase_add_test(group, flows_end_when_each_is_due);
    tcase_add_test(group, how_many_are_undecided_is_bounded);
    tcase_add_test(group, a_port_that_is_shut_drops);
#ifdef __linux__
    tcase_add_test(group, closed_port_is_noticed_while_others_send);
    tcase_add_test(group, what_does_not_fit_a_frame_is_dropped_where_it_comes_in);
#endif
    tcase_add_test(group, other_terms_count_from_then_on);
    tcase_add_test(group, a_flow_outlives_its_port_until_it_is_given_back);
    tcase_add_loop_test(group, a_port_may_be_freed_at_any_time, 0, 6);
    tcase_add_loop_test(group, a_plane_may_be_freed_before_its_ports, 0, 6);
    tcase_add_test(group, a_table_of_many_is_searched_by_all_of_an_address);
    return group;
}

UNIT_MAIN("relay/plane_ports", ports)
