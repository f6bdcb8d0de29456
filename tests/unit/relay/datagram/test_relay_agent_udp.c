/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_agent_udp: an agent's sessions of datagrams, with peers on the loopback: what arrives, which answers are
 * taken, and what a destination that refuses leads to.
 */
#include "config.h"

#include "relay/stream/relay_world.h"

#include "fail_malloc.h"

#include "lib/base/clock.h"
#include "relay/datagram/datagram_relay.h"
#include "relay/relay_view.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { WAIT_MS = 5000, BUDGET_MS = 10000, KEPT = 256, ADDRESS = 32, SESSIONS = 8 };

static struct relay_world world;
static int connect_error; /* 0: connects */

evutil_socket_t __real_sock_connect_datagrams(const struct addr *addr, const struct addr *from, struct addr *here);
evutil_socket_t __wrap_sock_connect_datagrams(const struct addr *addr, const struct addr *from, struct addr *here);
evutil_socket_t __wrap_sock_connect_datagrams(const struct addr *addr, const struct addr *from, struct addr *here) {
    errno = connect_error;
    return connect_error ? -1 : __real_sock_connect_datagrams(addr, from, here);
}

static struct {
    resolver_callback callback;
    void *context;
} asked;

struct resolver_question *__wrap_resolver_ask(struct resolver *resolver, struct loop *loop,
                                              const struct endpoint *endpoint, unsigned timeout_ms,
                                              resolver_callback callback, void *context);
struct resolver_question *__wrap_resolver_ask(struct resolver *resolver, struct loop *loop,
                                              const struct endpoint *endpoint, unsigned timeout_ms,
                                              resolver_callback callback, void *context) {
    (void)resolver, (void)loop, (void)endpoint, (void)timeout_ms;
    asked.callback = callback;
    asked.context = context;
    return (struct resolver_question *)(void *)&asked;
}

void __wrap_resolver_cancel(struct resolver_question *question);
void __wrap_resolver_cancel(struct resolver_question *question) {
    (void)question;
    asked.callback = NULL;
}

/* ---- peers ---- */

struct peer {
    evutil_socket_t fd;
    unsigned port;
    struct sockaddr_in from; /* of the last one that was read */
};

static void peer_open(struct peer *peer, unsigned port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    socklen_t size = sizeof address;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    peer->fd = (evutil_socket_t)socket(AF_INET, SOCK_DGRAM, 0);
    ck_assert_int_ge(peer->fd, 0);
    ck_assert_int_eq(evutil_make_socket_nonblocking(peer->fd), 0);
    ck_assert_int_eq(bind(peer->fd, (struct sockaddr *)&address, size), 0);
    ck_assert_int_eq(getsockname(peer->fd, (struct sockaddr *)&address, &size), 0);
    peer->port = ntohs(address.sin_port);
}

static void peer_close(struct peer *peer) {
    evutil_closesocket(peer->fd);
    peer->fd = -1;
}

static uint8_t buffer[70000];

static int peer_take(struct peer *peer) {
    socklen_t size = sizeof peer->from;
    return (int)recvfrom(peer->fd, (char *)buffer, sizeof buffer, 0, (struct sockaddr *)&peer->from, &size);
}

static void peer_answer(const struct peer *peer, size_t length) {
    ck_assert_int_eq((int)sendto(peer->fd, (char *)buffer, (int)length, 0, (const struct sockaddr *)&peer->from,
                                 sizeof peer->from),
                     (int)length);
}

/* ---- the server's side of a session ---- */

struct session { /* what the test sees of it, also when the relay is freed */
    struct relay *relay;
    bool is_opened, is_over;
    enum stream_outcome_how how;
    enum refusal refusal;
    char detail[PROTO_DETAIL_SIZE], address[PROTO_DETAIL_SIZE];
    unsigned taken;
    size_t lengths[KEPT];
    uint8_t marks[KEPT];
    uint64_t sum; /* of all bytes, by their places */
};

struct server_relay {
    struct relay relay; /* first */
    struct datagram_queue queue;
    struct datagram_tally tally;
    struct session *session;
};

static struct session sessions[SESSIONS];
static unsigned session_count;

static struct session *session_of(struct relay *relay) {
    return ((struct server_relay *)relay)->session;
}

static void on_opened(struct relay *relay, const uint8_t *payload, size_t length) {
    struct session *session = session_of(relay);
    unsigned dial_ms, lookup_ms;
    session->is_opened = true;
    if (length > 0)
        opened_parse(payload, length, session->address, &dial_ms, &lookup_ms);
    relay_set_open(relay, clock_us(), relay->begun_us);
}

static void on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct session *session = session_of(relay);
    session->is_over = true;
    session->how = how;
    if (how == STREAM_HOW_REFUSED)
        refused_parse(payload, length, &session->refusal, session->detail);
    else
        reset_parse(payload, length, session->detail);
    relay_finish(relay, REASON_PEER_RESET, "agent", NULL);
}

static uint64_t sum_of(const uint8_t *bytes, size_t length) {
    uint64_t sum = length;
    for (size_t i = 0; i < length; i++)
        sum = sum * 1099511628211u + bytes[i];
    return sum;
}

static void on_datagram(struct relay *relay, const uint8_t *bytes, size_t length) {
    struct session *session = session_of(relay);
    ck_assert_uint_lt(session->taken, KEPT);
    session->sum = sum_of(bytes, length);
    session->lengths[session->taken] = length;
    session->marks[session->taken++] = length > 0 ? bytes[0] : 0;
}

static void on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    (void)reason, (void)by, (void)detail;
    session_of(relay)->is_over = true;
}

static void stop(struct relay *relay, enum relay_reason reason, const char *detail) {
    relay_abort(relay, reason, "server", detail);
}

static const struct relay_role role = {.on_opened = on_opened,
                                       .on_over = on_over,
                                       .on_datagram = on_datagram,
                                       .on_finished = on_finished,
                                       .stop = stop,
                                       .sweep = NULL};

static uint32_t offer(const char *first, const char *second) {
    static const struct services_part nothing = {.version = 1};
    struct service_table *old = world.services;
    struct service_offer made = {.id = old ? (uint32_t)old->count + 1 : 1,
                                 .name = "udp",
                                 .to = {first, second},
                                 .to_count = second ? 2 : 1,
                                 .protocol = SERVICE_UDP};
    struct served_service *service = served_service_new(&made);
    world.services = service_table_change(old, WORLD_INSTANCE, &nothing, &service, 1);
    ck_assert_ptr_nonnull(world.services);
    served_service_release(service);
    service_table_release(old);
    return made.id;
}

static char destination[2][ADDRESS];

static const char *at(unsigned index, unsigned port) {
    snprintf(destination[index], ADDRESS, "127.0.0.1:%u", port);
    return destination[index];
}

static struct session *open_with(struct open_request open) {
    uint8_t bytes[FRAME_OPEN_MOST];
    struct server_relay *made = calloc(1, sizeof *made);
    ck_assert_ptr_nonnull(made);
    ck_assert_uint_lt(session_count, SESSIONS);
    struct session *session = &sessions[session_count++];
    *session = (struct session){.relay = &made->relay};
    made->session = session;
    open.relay = 1;
    open.budget_ms = BUDGET_MS;
    relay_init(&made->relay, world.sessions[SERVER], &role, NULL);
    datagram_relay_init(&made->relay, &made->queue, &made->tally);
    ck_assert(mux_open(world.sessions[SERVER]->mux, &made->relay.pump.stream, bytes, open_format(bytes, &open)));
    relay_enter(&made->relay);
    return session;
}

static struct session *open_session(uint32_t service) {
    return open_with((struct open_request){.service = service});
}

static void say(struct session *session, const char *text) {
    datagram_relay_send(session->relay, (const uint8_t *)text, strlen(text));
}

/* ---- waiting ---- */

static bool wait_for(bool (*is_there)(const void *), const void *context) {
    uint64_t until_us = clock_us() + WAIT_MS * 1000ull;
    while (!is_there(context) && clock_us() < until_us)
        world_step(&world, 1);
    return is_there(context);
}

static bool is_opened(const void *session) {
    return ((const struct session *)session)->is_opened;
}

static bool is_over(const void *session) {
    return ((const struct session *)session)->is_over;
}

static unsigned wanted;

static bool has_taken(const void *session) {
    return ((const struct session *)session)->taken >= wanted;
}

static void expect_taken(struct session *session, unsigned count) {
    wanted = count;
    ck_assert(wait_for(has_taken, session));
    ck_assert_uint_eq(session->taken, count);
}

static struct peer *reading;
static int got;

static bool peer_has(const void *unused) {
    (void)unused;
    return got >= 0 || (got = peer_take(reading)) >= 0;
}

/* The length of the next one. */
static size_t peer_expect(struct peer *peer) {
    reading = peer;
    got = -1;
    ck_assert(wait_for(peer_has, NULL));
    return (size_t)got;
}

static const struct datagram_counts *counts(void) {
    return &world.threads[AGENT]->part.datagrams;
}

static uint64_t dropped(enum datagram_way way, enum datagram_drop why) {
    return counter_read(&counts()->dropped[way][why]);
}

static void begin(void) {
    connect_error = 0;
    session_count = 0;
    memset(&asked, 0, sizeof asked);
    world_begin(&world, MUCH, WORLD_RESUME_MS);
    pair_add_wire(&world.pair, false);
}

static void end(void) {
    relay_end_all(world.threads[SERVER], NULL, REASON_STOPPED, "");
    ck_assert(world_ends(&world));
    for (int which = 0; which < 2; which++)
        ck_assert_uint_eq(world.threads[which]->datagram_memory.used + world.threads[which]->kept_datagrams.used, 0);
    world_end(&world);
}

/* ---- to and fro ---- */

static const size_t sizes[] = {0, 1, 1200, 1472, FRAME_DATAGRAM_MAX};
enum { SIZES = sizeof sizes / sizeof *sizes };

START_TEST(datagrams_of_every_size_pass_whole_both_ways) {
    static uint8_t bytes[FRAME_DATAGRAM_MAX];
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    for (unsigned i = 0; i < SIZES; i++) {
        for (size_t j = 0; j < sizes[i]; j++)
            bytes[j] = (uint8_t)(j * 7 + j / 251 + i);
        datagram_relay_send(session->relay, bytes, sizes[i]);
        ck_assert_uint_eq(peer_expect(&peer), sizes[i]);
        ck_assert(memcmp(buffer, bytes, sizes[i]) == 0);
        peer_answer(&peer, sizes[i]);
        expect_taken(session, i + 1);
        ck_assert_uint_eq(session->lengths[i], sizes[i]);
        ck_assert_uint_eq(session->sum, sum_of(bytes, sizes[i]));
    }
    ck_assert_uint_eq(counter_read(&counts()->count[DATAGRAM_OUT]), SIZES);
    ck_assert_uint_eq(counter_read(&counts()->count[DATAGRAM_IN]), SIZES);
    ck_assert_str_eq(session->address, ""); /* it is what was written */
    peer_close(&peer);
}
END_TEST

START_TEST(a_burst_keeps_its_order) {
    enum { BURST = 60 };
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    for (unsigned i = 0; i < BURST; i++)
        say(session, (char[]){(char)('!' + i), '\0'});
    for (unsigned i = 0; i < BURST; i++) {
        ck_assert_uint_eq(peer_expect(&peer), 1);
        ck_assert_uint_eq(buffer[0], '!' + i);
    }
    for (unsigned i = 0; i < BURST; i++) {
        buffer[0] = (uint8_t)('!' + i);
        peer_answer(&peer, 1);
    }
    expect_taken(session, BURST);
    for (unsigned i = 0; i < BURST; i++)
        ck_assert_uint_eq(session->marks[i], '!' + i);
    peer_close(&peer);
}
END_TEST

START_TEST(a_destination_that_says_nothing_is_opened_in_a_moment) {
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    say(session, "log line");
    ck_assert(wait_for(is_opened, session));
    ck_assert_uint_eq(peer_expect(&peer), 8);
    peer_close(&peer);
}
END_TEST

START_TEST(only_the_destination_is_listened_to) {
    struct peer peer, stranger;
    peer_open(&peer, 0);
    peer_open(&stranger, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    say(session, "hello");
    peer_expect(&peer);
    stranger.from = peer.from;
    buffer[0] = 's';
    peer_answer(&stranger, 1);
    buffer[0] = 'd';
    peer_answer(&peer, 1);
    expect_taken(session, 1);
    ck_assert_uint_eq(session->marks[0], 'd');
    peer_close(&peer);
    peer_close(&stranger);
}
END_TEST

START_TEST(a_check_of_the_service_sends_nothing) {
    struct peer peer;
    peer_open(&peer, 0);
    uint32_t id = offer(at(0, peer.port), NULL);
    struct session *session = open_with((struct open_request){.service = id, .flags = OPEN_FLAG_CHECK});
    ck_assert(wait_for(is_opened, session));
    ck_assert_str_eq(session->address, destination[0]);
    ck_assert_int_lt(peer_take(&peer), 0);
    peer_close(&peer);
}
END_TEST

START_TEST(a_flood_of_answers_is_read_in_turns) {
    enum { FLOOD = 150 };
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    say(session, "more");
    peer_expect(&peer);
    for (unsigned i = 0; i < FLOOD; i++)
        peer_answer(&peer, 100);
    expect_taken(session, FLOOD);
    peer_close(&peer);
}
END_TEST

START_TEST(what_comes_while_a_name_is_looked_up_waits) {
    struct peer peer;
    struct resolver_answer answer = {.count = 1};
    struct endpoint endpoint;
    peer_open(&peer, 0);
    struct session *session = open_session(offer("name.example:53", NULL));
    say(session, "first");
    say(session, "second!");
    world_step(&world, 10);
    ck_assert_ptr_nonnull(asked.callback);
    ck_assert(!session->is_opened);
    ck_assert_int_eq(endpoint_parse(&endpoint, at(0, peer.port), NULL), 0);
    ck_assert(addr_from_endpoint(&answer.addresses[0], &endpoint));
    asked.callback(asked.context, &answer);
    ck_assert_uint_eq(peer_expect(&peer), 5);
    ck_assert_uint_eq(peer_expect(&peer), 7);
    ck_assert(wait_for(is_opened, session));
    ck_assert_str_eq(session->address, destination[0]);
    peer_close(&peer);
}
END_TEST

START_TEST(too_many_that_wait_for_an_address_lose_the_oldest) {
    struct session *session = open_session(offer("name.example:53", NULL));
    for (int i = 0; i < 100; i++)
        say(session, "again");
    world_step(&world, 10);
    ck_assert_uint_eq(dropped(DATAGRAM_OUT, DATAGRAM_DROP_QUEUE), 100 - 64);
    relay_end_all(world.threads[SERVER], NULL, REASON_STOPPED, "");
    world_step(&world, 10);
    ck_assert_uint_eq(dropped(DATAGRAM_OUT, DATAGRAM_DROP_ENDED), 64);
    ck_assert_ptr_null(asked.callback);
}
END_TEST

static TCase *passed(void) {
    TCase *group = tcase_create("passed");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, datagrams_of_every_size_pass_whole_both_ways);
    tcase_add_test(group, a_burst_keeps_its_order);
    tcase_add_test(group, a_destination_that_says_nothing_is_opened_in_a_moment);
    tcase_add_test(group, only_the_destination_is_listened_to);
    tcase_add_test(group, a_check_of_the_service_sends_nothing);
    tcase_add_test(group, a_flood_of_answers_is_read_in_turns);
    tcase_add_test(group, what_comes_while_a_name_is_looked_up_waits);
    tcase_add_test(group, too_many_that_wait_for_an_address_lose_the_oldest);
    return group;
}

/* ---- refused ---- */

static void expect_refused(const struct session *session, enum refusal refusal, const char *detail) {
    ck_assert(wait_for(is_over, session));
    ck_assert_int_eq(session->how, STREAM_HOW_REFUSED);
    ck_assert_int_eq(session->refusal, refusal);
    ck_assert_msg(strstr(session->detail, detail), "%s", session->detail);
}

static unsigned closed_port(void) {
    struct peer peer;
    peer_open(&peer, 0);
    peer_close(&peer);
    return peer.port;
}

/* Wine tells a program of a port that is not open with the next datagram at the earliest. */
#ifdef _WIN32
static bool learns_of_closed_ports(void) {
    struct endpoint endpoint;
    struct addr to, here;
    struct iovec part = {buffer, 1};
    ck_assert_int_eq(endpoint_parse(&endpoint, at(0, closed_port()), NULL), 0);
    ck_assert(addr_from_endpoint(&to, &endpoint));
    evutil_socket_t fd = sock_connect_datagrams(&to, NULL, &here);
    ck_assert_int_ge(fd, 0);
    bool is_told = sock_writev(fd, &part, 1) == 1 && sock_wait(fd, POLLIN, clock_ms() + 500) != 0;
    sock_close(fd);
    return is_told;
}
#else
static bool learns_of_closed_ports(void) {
    return true;
}
#endif

START_TEST(a_port_where_nothing_listens_is_refused) {
    if (!learns_of_closed_ports())
        return;
    struct session *session = open_session(offer(at(0, closed_port()), NULL));
    say(session, "anybody?");
    expect_refused(session, REFUSAL_REFUSED, destination[0]);
    ck_assert_uint_eq(dropped(DATAGRAM_OUT, DATAGRAM_DROP_UNREACHABLE), 1);
    ck_assert_uint_gt(world.services->services[0]->health.failed_us, 0);
}
END_TEST

START_TEST(the_next_destination_gets_what_the_first_has_refused) {
    if (!learns_of_closed_ports())
        return;
    struct peer second;
    peer_open(&second, 0);
    struct session *session = open_session(offer(at(0, closed_port()), at(1, second.port)));
    say(session, "one");
    say(session, "three");
    ck_assert_uint_eq(peer_expect(&second), 3);
    ck_assert_uint_eq(peer_expect(&second), 5);
    peer_answer(&second, 5);
    expect_taken(session, 1);
    ck_assert_str_eq(session->address, destination[1]);
    say(session, "seven77");
    ck_assert_uint_eq(peer_expect(&second), 7);
    ck_assert_uint_eq(dropped(DATAGRAM_OUT, DATAGRAM_DROP_UNREACHABLE), 0);
    ck_assert_uint_eq(world.services->services[0]->health.failed_us, 0);
    peer_close(&second);
}
END_TEST

START_TEST(a_session_outlives_a_destination_that_is_restarted) {
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    say(session, "one");
    peer_expect(&peer);
    peer_answer(&peer, 3);
    expect_taken(session, 1);
    peer_close(&peer);
    for (int i = 0; i < 4; i++) {
        say(session, "lost");
        world_step(&world, 10);
    }
    ck_assert_uint_ge(dropped(DATAGRAM_OUT, DATAGRAM_DROP_UNREACHABLE), 1); /* as often as the system reports it */
    peer_open(&peer, peer.port);
    say(session, "again");
    ck_assert_uint_eq(peer_expect(&peer), 5);
    ck_assert(!session->is_over);
    peer_close(&peer);
}
END_TEST

START_TEST(reserved_addresses_need_a_rule) {
    struct session *session = open_session(offer("169.254.169.254:53", "224.0.0.251:5353"));
    say(session, "x");
    expect_refused(session, REFUSAL_DENIED, "--allow");
}
END_TEST

START_TEST(a_unix_socket_takes_no_datagrams) {
    struct error error;
    struct acl *allow = acl_new();
    ck_assert_int_eq(acl_add(allow, "unix:*", &error), 0);
    world.options[AGENT].allow = allow;
    struct session *session = open_session(offer("unix:/run/x.sock", NULL));
    expect_refused(session, REFUSAL_REFUSED, "unix:/run/x.sock");
    acl_free(allow);
}
END_TEST

START_TEST(without_descriptors_or_ports_the_agent_is_busy) {
    static const int errors[] = {EMFILE, EAGAIN, EADDRINUSE};
    connect_error = errors[_i];
    struct session *session = open_session(offer(at(0, closed_port()), NULL));
    say(session, "x");
    expect_refused(session, REFUSAL_BUSY, "");
    ck_assert_uint_eq(world.services->services[0]->health.failed_us, 0);
}
END_TEST

START_TEST(sessions_beyond_the_bound_are_refused_until_another_ends) {
    struct peer peer;
    peer_open(&peer, 0);
    world.udp_sessions.most = 4;
    uint32_t flooded = offer(at(0, peer.port), NULL), other = offer(at(0, peer.port), NULL);
    struct session *first = open_session(flooded), *second = open_session(flooded), *third = open_session(flooded);
    ck_assert(wait_for(is_opened, first) && wait_for(is_opened, second) && wait_for(is_opened, third));
    expect_refused(open_session(flooded), REFUSAL_BUSY, "has 3 sessions of UDP, 3 of them of this service");
    ck_assert(wait_for(is_opened, open_session(other)));
    expect_refused(open_session(other), REFUSAL_BUSY, "has 4 sessions of UDP");
    relay_abort(first->relay, REASON_IDLE_TIMEOUT, "server", NULL);
    world_step(&world, 10);
    ck_assert(wait_for(is_opened, open_session(other)));
    peer_close(&peer);
}
END_TEST

START_TEST(an_agent_that_stops_refuses_sessions) {
    atomic_store(&world.threads[AGENT]->draining, true);
    struct session *session = open_session(offer(at(0, closed_port()), NULL));
    say(session, "x");
    expect_refused(session, REFUSAL_DRAINING, "stopping");
}
END_TEST

/* Each is the client of the next. */
START_TEST(a_loop_is_refused) {
    struct peer peer;
    struct session *session = NULL;
    peer_open(&peer, 0);
    uint32_t id = offer(at(0, peer.port), NULL);
    struct open_request open = {.service = id, .local.port = (uint16_t)peer.port};
    for (unsigned i = 0; i <= LOOP_DETECT_HOPS; i++) {
        session = open_with(open);
        say(session, "round");
        if (i == LOOP_DETECT_HOPS)
            break;
        peer_expect(&peer);
        struct addr from = {.length = sizeof peer.from};
        memcpy(&from.storage, &peer.from, sizeof peer.from);
        open.client = open_address_of(&from);
    }
    expect_refused(session, REFUSAL_DENIED, "a loop");
    peer_close(&peer);
}
END_TEST

static TCase *refused(void) {
    TCase *group = tcase_create("refused");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, a_port_where_nothing_listens_is_refused);
    tcase_add_test(group, the_next_destination_gets_what_the_first_has_refused);
    tcase_add_test(group, a_session_outlives_a_destination_that_is_restarted);
    tcase_add_test(group, reserved_addresses_need_a_rule);
    tcase_add_test(group, a_unix_socket_takes_no_datagrams);
    tcase_add_loop_test(group, without_descriptors_or_ports_the_agent_is_busy, 0, 3);
    tcase_add_test(group, sessions_beyond_the_bound_are_refused_until_another_ends);
    tcase_add_test(group, an_agent_that_stops_refuses_sessions);
    tcase_add_test(group, a_loop_is_refused);
    return group;
}

/* ---- the end ---- */

static struct session *exchange(struct peer *peer) {
    peer_open(peer, 0);
    struct session *session = open_session(offer(at(0, peer->port), NULL));
    say(session, "hello");
    peer_expect(peer);
    peer_answer(peer, 5);
    expect_taken(session, 1);
    return session;
}

static const struct {
    enum relay_reason server, agent;
} ends[] = {{REASON_IDLE_TIMEOUT, REASON_IDLE_TIMEOUT}, {REASON_DONE, REASON_DONE}, {REASON_LIMIT, REASON_PEER_RESET}};
enum { ENDS = sizeof ends / sizeof *ends };

START_TEST(a_reset_closes_the_socket) {
    struct peer peer;
    struct session *session = exchange(&peer);
    relay_abort(session->relay, ends[_i].server, "server", NULL);
    ck_assert(world_ends(&world));
    ck_assert_uint_eq(world.records[AGENT].count, 1);
    ck_assert_uint_eq(world.records[AGENT].reason, ends[_i].agent);
    ck_assert_uint_eq(world.records[AGENT].up, 5);
    ck_assert_uint_eq(world.records[AGENT].down, 5);
    ck_assert_str_eq(world.records[AGENT].address, destination[0]);
    peer_close(&peer);
}
END_TEST

START_TEST(an_agent_that_stops_ends_its_sessions) {
    struct peer peer;
    struct session *session = exchange(&peer);
    if (_i == 0)
        relay_end_all(world.threads[AGENT], NULL, REASON_STOPPED, "");
    atomic_store(&world.threads[AGENT]->draining, true);
    relay_sweep_all(world.threads[AGENT], clock_us(), true);
    ck_assert(wait_for(is_over, session));
    ck_assert_int_eq(session->how, STREAM_HOW_RESET);
    ck_assert_uint_eq(world.records[AGENT].reason, REASON_STOPPED);
    peer_close(&peer);
}
END_TEST

START_TEST(one_that_may_have_reached_its_destination_is_not_refused) {
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), NULL));
    say(session, "hello");
    peer_expect(&peer);
    relay_end_all(world.threads[AGENT], NULL, REASON_STOPPED, "");
    ck_assert(wait_for(is_over, session));
    ck_assert(session->is_opened);
    ck_assert_int_eq(session->how, STREAM_HOW_RESET);
    peer_close(&peer);
}
END_TEST

START_TEST(a_session_goes_on_by_another_link) {
    struct peer peer;
    struct session *session = exchange(&peer);
    pair_part(&world.pair);
    peer_answer(&peer, 7);
    pair_add_wire(&world.pair, false);
    expect_taken(session, 2);
    ck_assert_uint_eq(session->lengths[1], 7);
    say(session, "again");
    ck_assert_uint_eq(peer_expect(&peer), 5);
    peer_close(&peer);
}
END_TEST

START_TEST(a_session_is_seen_and_swept) {
    struct peer peer;
    struct session *session = exchange(&peer);
    struct relay *relay = world.threads[AGENT]->relays;
    struct relay_view view;
    memset(&view, 0, sizeof view);
    ck_assert_ptr_nonnull(relay);
    relay->role->describe(relay, &view);
    ck_assert_str_eq(view.service, "udp");
    ck_assert_str_eq(view.address, destination[0]);
    ck_assert_uint_eq(view.up, 5);
    datagram_relay_drop(relay, DATAGRAM_IN, DATAGRAM_DROP_SOCKET);
    relay->role->describe(relay, &view);
    ck_assert(view.has_datagrams);
    ck_assert_uint_eq(view.datagrams.count[DATAGRAM_IN], 1);
    ck_assert_uint_eq(view.datagrams.count[DATAGRAM_OUT], 1);
    ck_assert_uint_eq(view.datagrams.dropped[DATAGRAM_IN], 0);
    ck_assert_uint_eq(view.datagrams.dropped[DATAGRAM_OUT], 1);                  /* of what goes to the client */
    relay_sweep_all(world.threads[AGENT], clock_us() + 3600ull * 1000000, true); /* it never ends by itself */
    relay->role->cancel(relay);
    ck_assert(wait_for(is_over, session));
    ck_assert_uint_eq(world.records[AGENT].reason, REASON_OPERATOR);
    peer_close(&peer);
}
END_TEST

START_TEST(copies_for_the_next_destination_are_kept_for_a_time) {
    struct peer peer;
    peer_open(&peer, 0);
    struct session *session = open_session(offer(at(0, peer.port), at(1, closed_port())));
    say(session, "hello");
    peer_expect(&peer);
    ck_assert(wait_for(is_opened, session));
    ck_assert_uint_gt(world.threads[AGENT]->kept_datagrams.used, 0);
    ck_assert_uint_eq(world.threads[AGENT]->datagram_memory.used, 0); /* what answers need is not touched */
    relay_sweep_all(world.threads[AGENT], clock_us() + (BUDGET_MS + 1) * 1000ull, true);
    ck_assert_uint_eq(world.threads[AGENT]->kept_datagrams.used, 0);
    ck_assert_uint_eq(dropped(DATAGRAM_OUT, DATAGRAM_DROP_ENDED), 0);
    peer_close(&peer);
}
END_TEST

/* ---- without memory ---- */

enum { FAILURES = 12, STEPS = 40 };

static bool is_open_or_over(const void *session) {
    return is_opened(session) || is_over(session);
}

/* Each allocation fails once. The session is refused, cut, or loses a datagram; what comes later passes. */
START_TEST(a_session_without_memory_is_refused_or_loses_what_it_cannot_keep) {
    unsigned served = 0, refusals = 0;
    for (unsigned from = 1; from < FAILURES; from++) {
        struct peer peer;
        begin();
        peer_open(&peer, 0);
        struct session *session = open_session(offer(at(0, peer.port), at(1, closed_port())));
        say(session, "first");
        fail_malloc_begin(from, 1);
        world_step(&world, STEPS);
        fail_malloc_end();
        ck_assert(wait_for(is_open_or_over, session));
        if (session->is_over) {
            ck_assert(session->how == STREAM_HOW_REFUSED ? session->refusal == REFUSAL_BUSY : session->is_opened);
            refusals++;
        } else {
            say(session, "second!");
            while (peer_expect(&peer) != 7)
                ;
            peer_answer(&peer, 3);
            expect_taken(session, 1);
            served++;
        }
        peer_close(&peer);
        end();
    }
    ck_assert_uint_gt(served, 0);
    ck_assert_uint_gt(refusals, 0);
}
END_TEST

static TCase *without_memory(void) {
    TCase *group = tcase_create("without_memory");
    tcase_add_test(group, a_session_without_memory_is_refused_or_loses_what_it_cannot_keep);
    return group;
}

static TCase *ended(void) {
    TCase *group = tcase_create("ended");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_loop_test(group, a_reset_closes_the_socket, 0, ENDS);
    tcase_add_loop_test(group, an_agent_that_stops_ends_its_sessions, 0, 2);
    tcase_add_test(group, one_that_may_have_reached_its_destination_is_not_refused);
    tcase_add_test(group, a_session_goes_on_by_another_link);
    tcase_add_test(group, a_session_is_seen_and_swept);
    tcase_add_test(group, copies_for_the_next_destination_are_kept_for_a_time);
    return group;
}

UNIT_MAIN("relay/datagram/relay_agent_udp", passed, refused, ended, without_memory)
