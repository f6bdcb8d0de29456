/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_plane_orders: a server with two relay threads. HELLO comes to one of them, and the link may be for the other one
 * that carries the streams; and orders about a session concern both.
 */
#include "config.h"

#include "lib/net/sock.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"
#include "relay/two_planes.h"

#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { THREADS = 2, SOON_MS = 10000, A_WHILE_MS = 700, STREAMS = 6, PIECE = 100000, STEPS_MOST = 60 };

static _Thread_local bool is_test_thread,
    gives_order;                         /* whose own allocations are not counted, but those of an order */
static atomic_int allocations_left = -1; /* -1: there is memory */

static bool is_without_memory(void) {
    if ((is_test_thread && !gives_order) || atomic_load(&allocations_left) < 0)
        return false;
    int left = atomic_fetch_sub(&allocations_left, 1);
    if (left <= 0)
        atomic_store(&allocations_left, 0);
    return left <= 0;
}

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return is_without_memory() ? NULL : __real_malloc(size);
}

void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size) {
    return is_without_memory() ? NULL : __real_calloc(count, size);
}

void *__real_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_realloc(void *old, size_t size) {
    return is_without_memory() ? NULL : __real_realloc(old, size);
}

char *__real_strdup(const char *text);
char *__wrap_strdup(const char *text);
char *__wrap_strdup(const char *text) {
    return is_without_memory() ? NULL : __real_strdup(text);
}

struct block {              /* a message that keeps the thread that it is delivered to */
    struct message message; /* first */
    sem_t entered, left;
};

struct served {
    int client, far; /* the test's ends */
    struct client *lent;
    enum client_outcome outcome;
    size_t received;
};

static struct world {
    struct two_planes planes;
    int listener; /* of the destination */
    char destination[32];
    unsigned accepted, accept_failed, carriers[THREADS], agents_carriers, gone, gone_by_thread[THREADS], agents_gone,
        over, agents_over, wants;
    struct link_ref greeted;
    struct served streams[STREAMS];
    int stream_count;
    int steps; /* allocations that succeed from the next greeting on; -1: all */
    struct block block;
    bool holds_source; /* blocks the thread that HELLO came to */
    int unblocking;    /* number of the thread that unblocks the other one by its end; -1: none */
} world;

/* ---- events ---- */

static void on_block(struct message *message) {
    struct block *block = (struct block *)message;
    sem_post(&block->entered);
    while (sem_wait(&block->left) != 0) {
    }
}

static void block(unsigned thread) {
    world.block.message.deliver = on_block;
    loop_post(world.planes.server->threads[thread]->loop, &world.block.message);
    while (sem_wait(&world.block.entered) != 0) {
    }
}

static void on_greeting(void *context, const struct greeting *greeting) {
    world.greeted = greeting->link;
    if (world.holds_source) /* the order to accept it waits behind that */
        block(0);
    two_planes_on_greeting(context, greeting);
}

bool __real_plane_accept_data(struct plane *plane, struct link_ref link, const struct carrier_role *role,
                              const char *json, const char *who, unsigned resume_ms);
bool __wrap_plane_accept_data(struct plane *plane, struct link_ref link, const struct carrier_role *role,
                              const char *json, const char *who, unsigned resume_ms);
bool __wrap_plane_accept_data(struct plane *plane, struct link_ref link, const struct carrier_role *role,
                              const char *json, const char *who, unsigned resume_ms) {
    atomic_store(&allocations_left, world.steps);
    gives_order = true;
    bool is_accepted = __real_plane_accept_data(plane, link, role, json, who, resume_ms);
    gives_order = false;
    world.accepted += is_accepted;
    return is_accepted;
}

static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag;
    world.carriers[role->server_thread]++;
}

static void on_accept_failed(void *context, const struct carrier_role *role) {
    (void)context;
    ck_assert_uint_eq(role->session, world.planes.role.session);
    world.accept_failed++;
}

static void on_agents_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    world.agents_carriers++;
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    world.gone++;
    world.gone_by_thread[end->link.thread]++;
}

static void on_agents_gone(void *context, const struct link_end *end) {
    (void)context, (void)end;
    world.agents_gone++;
}

static void on_client_back(void *context, struct client *client) {
    struct served *stream = &world.streams[client->number];
    (void)context;
    stream->lent = NULL;
    stream->outcome = client->outcome;
    two_planes_free_client(client);
}

static void on_session_over(void *context, uint64_t session) {
    (void)context;
    ck_assert_uint_eq(session, TWO_PLANES_SESSION);
    world.over++;
}

static const struct plane_events server_events = {.on_greeting = on_greeting,
                                                  .on_carrier = on_carrier,
                                                  .on_accept_failed = on_accept_failed,
                                                  .on_client_back = on_client_back,
                                                  .on_gone = on_gone,
                                                  .on_session_over = on_session_over};
static const struct plane_events agent_events = {.on_carrier = on_agents_carrier, .on_gone = on_agents_gone};

/* ---- the world ---- */

static void begin(void) {
    unsigned port;
    memset(&world, 0, sizeof world);
    world.steps = world.unblocking = -1;
    is_test_thread = true;
    ck_assert_int_eq(sem_init(&world.block.entered, 0, 0), 0);
    ck_assert_int_eq(sem_init(&world.block.left, 0, 0), 0);
    two_planes_begin_tcp(&world.planes, &world, THREADS, &server_events, &agent_events);
    world.listener = two_planes_listen(&port);
    snprintf(world.destination, sizeof world.destination, "127.0.0.1:%u", port);
}

static void finish(void) {
    for (int i = 0; i < world.stream_count; i++) {
        close(world.streams[i].client);
        close(world.streams[i].far);
    }
    two_planes_finish(&world.planes);
    close(world.listener);
}

static bool run_until(unit_condition condition, void *context) {
    return unit_run_until(loop_base(world.planes.loop), condition, context, SOON_MS);
}

static bool never(void *context) {
    (void)context;
    return false;
}

static bool is_greeted(void *context) {
    (void)context;
    return world.greeted.generation;
}

static void dial(unsigned server_thread) {
    world.planes.role.server_thread = server_thread;
    world.greeted.generation = 0;
    two_planes_dial(&world.planes);
}

struct expected {
    unsigned carriers, agents_carriers;
};

static bool is_carried(void *context) {
    const struct expected *expected = context;
    return world.carriers[0] + world.carriers[1] == expected->carriers &&
           world.agents_carriers == expected->agents_carriers;
}

static void add_link(unsigned server_thread) {
    struct expected expected = {world.carriers[0] + world.carriers[1] + 1, world.agents_carriers + 1};
    dial(server_thread);
    ck_assert(run_until(is_carried, &expected));
}

static uint64_t links_of(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return counts.links;
}

/* ---- streams ---- */

static bool is_reached(void *context) {
    struct served *stream = context;
    stream->far = accept4(world.listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    return stream->far >= 0;
}

static struct served *open_stream(unsigned server_thread) {
    struct served *stream = &world.streams[world.stream_count];
    ck_assert_int_lt(world.stream_count, STREAMS);
    stream->lent = two_planes_client(&(struct service_terms_plan){0}, world.destination, &stream->client);
    stream->lent->number = (uint64_t)world.stream_count++;
    plane_serve(world.planes.server, server_thread, stream->lent);
    ck_assert(run_until(is_reached, stream));
    return stream;
}

struct transfer {
    int from, to;
    size_t sent, received;
};

static uint8_t byte_at(size_t position) {
    return (uint8_t)(position * 0x9e3779b97f4a7c15u >> 40);
}

static bool is_transferred(void *context) {
    struct transfer *transfer = context;
    static uint8_t bytes[PIECE];
    for (size_t i = 0; i < PIECE; i++)
        bytes[i] = byte_at(i);
    ssize_t n = send(transfer->from, bytes + transfer->sent, PIECE - transfer->sent, 0);
    transfer->sent += n > 0 ? (size_t)n : 0;
    uint8_t got[4096];
    while ((n = recv(transfer->to, got, sizeof got, 0)) > 0) {
        ck_assert_mem_eq(got, bytes + transfer->received, (size_t)n);
        transfer->received += (size_t)n;
    }
    return transfer->received == PIECE;
}

static void exchange(const struct served *stream) {
    struct transfer up = {stream->client, stream->far, 0, 0}, down = {stream->far, stream->client, 0, 0};
    ck_assert(run_until(is_transferred, &up));
    ck_assert(run_until(is_transferred, &down));
}

static bool is_back(void *context) {
    return !((struct served *)context)->lent;
}

static void end_stream(struct served *stream) {
    shutdown(stream->client, SHUT_WR);
    shutdown(stream->far, SHUT_WR);
    ck_assert(run_until(is_back, stream));
    ck_assert_int_eq(stream->outcome, CLIENT_ENDED);
}

/* ---- a link that moves ---- */

/* The server's threads take connections in turn: four links, of which the first two are for the other thread. */
START_TEST(a_link_goes_to_the_thread_of_its_role) {
    static const unsigned roles[] = {1, 0, 0, 1};
    begin();
    for (int i = 0; i < 4; i++)
        add_link(roles[i]);
    ck_assert_uint_eq(world.carriers[0], 2);
    ck_assert_uint_eq(world.carriers[1], 2);
    for (unsigned i = 0; i < 4; i++)
        exchange(open_stream(i % THREADS));
    for (int i = 0; i < 4; i++)
        end_stream(&world.streams[i]);
    ck_assert_uint_eq(world.gone, 0);
    finish();
    ck_assert_uint_eq(world.gone, 4);
    ck_assert_uint_eq(world.gone_by_thread[0], 2); /* by the name that they have there */
    ck_assert_uint_eq(world.gone_by_thread[1], 2);
}
END_TEST

/* The name that a link had on the thread that took HELLO leads to nothing, or to its successor there. */
START_TEST(an_order_by_the_old_name_of_a_link_is_ignored) {
    begin();
    add_link(1);
    struct link_ref old = world.greeted;
    ck_assert_uint_eq(old.thread, 0);
    plane_close(world.planes.server, old, "enough");
    struct carrier_role role = world.planes.role;
    plane_accept_data(world.planes.server, old, &role, "{}", "agent test", 0);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    ck_assert_uint_eq(world.gone, 0);
    ck_assert_uint_eq(world.carriers[1], 1);
    ck_assert_uint_eq(world.accept_failed, 1);
    exchange(open_stream(1));
    finish();
}
END_TEST

static bool is_known_to_both(void *context) {
    (void)context;
    return world.gone + world.carriers[1] > 0 && world.agents_gone + world.agents_carriers > 0;
}

static bool have_answered(void *context) {
    (void)context;
    return atomic_load(&world.planes.server->unanswered) == 0;
}

/* What the server's threads do now comes to an end, and their events are delivered. */
static void sync_with_threads(void) {
    ck_assert(plane_probe_liveness(world.planes.server));
    ck_assert(run_until(have_answered, NULL));
    unit_run_rounds(loop_base(world.planes.loop), 2);
}

static bool agent_lost_it(void *context) {
    (void)context;
    return world.agents_gone == 1;
}

/* Each allocation of the order and of both threads in turn, until none fails. What was accepted is always answered. */
START_TEST(a_link_that_moves_without_memory_is_closed) {
    unsigned closed = 0;
    for (int steps = 0;; steps++) {
        ck_assert_int_lt(steps, STEPS_MOST);
        begin();
        world.steps = steps;
        dial(1);
        bool is_known = run_until(is_known_to_both, NULL);
        int left = atomic_exchange(&allocations_left, -1);
        ck_assert_msg(is_known, "after %d allocations", steps);
        sync_with_threads();
        closed += world.gone;
        ck_assert_uint_eq(links_of(world.planes.server) + world.gone, 1);
        ck_assert_uint_eq(world.carriers[1] + world.accept_failed, world.accepted);
        world.steps = -1;
        if (world.gone) {
            ck_assert(run_until(agent_lost_it, NULL));
            add_link(1); /* there is memory again */
        }
        exchange(open_stream(1));
        finish();
        if (left > 0)
            break;
    }
    ck_assert_uint_gt(closed, 5);
}
END_TEST

/* ---- stopped on its way ---- */

void __real_relay_thread_end(struct relay_thread *thread);
void __wrap_relay_thread_end(struct relay_thread *thread);
void __wrap_relay_thread_end(struct relay_thread *thread) {
    __real_relay_thread_end(thread);
    if (thread->owns_loop && thread->index == world.unblocking)
        sem_post(&world.block.left);
}

/* 0: it leaves its thread when the other one has ended already. 1: it waits in the mailbox of the other one, which the
 * end of its own unblocks. */
START_TEST(a_link_is_closed_that_is_on_its_way_when_the_program_stops) {
    begin();
    world.unblocking = 1 - _i;
    world.holds_source = _i == 0;
    dial(1);
    if (_i == 1)
        block(1);
    ck_assert(run_until(is_greeted, NULL));
    plane_free(world.planes.server);
    ck_assert_uint_eq(world.gone, 1);
    ck_assert_uint_eq(world.carriers[1] + world.accept_failed, 1);
    ck_assert(run_until(agent_lost_it, NULL));
    world.planes.server = NULL;
    finish();
}
END_TEST

static TCase *moves(void) {
    TCase *group = tcase_create("moves");
    tcase_add_test(group, a_link_goes_to_the_thread_of_its_role);
    tcase_add_test(group, an_order_by_the_old_name_of_a_link_is_ignored);
    tcase_add_test(group, a_link_that_moves_without_memory_is_closed);
    tcase_add_loop_test(group, a_link_is_closed_that_is_on_its_way_when_the_program_stops, 0, 2);
    return group;
}

/* ---- sessions ---- */

static bool is_over(void *context) {
    (void)context;
    return world.over > 0;
}

START_TEST(a_session_is_over_when_its_streams_on_all_threads_are) {
    begin();
    for (unsigned i = 0; i < THREADS; i++)
        add_link(i);
    struct served *first = open_stream(0), *last = open_stream(1);
    ck_assert(plane_retire_session(world.planes.server, TWO_PLANES_SESSION));
    exchange(last);
    end_stream(first);
    ck_assert(!unit_run_until(loop_base(world.planes.loop), is_over, NULL, 3 * A_WHILE_MS));
    exchange(last);
    end_stream(last);
    ck_assert(run_until(is_over, NULL));
    ck_assert_uint_eq(world.gone, THREADS);
    unit_run_until(loop_base(world.planes.loop), never, NULL, A_WHILE_MS);
    ck_assert_uint_eq(world.over, 1);
    finish();
    ck_assert_uint_eq(world.over, 1);
}
END_TEST

static bool is_late(void *context) {
    (void)context;
    return world.over == 1 && world.carriers[1] == 1;
}

/* The order to retire the session has overtaken it. It is reported, so that the control plane can end it, too. */
START_TEST(a_link_that_comes_when_its_session_is_over_is_reported) {
    begin();
    world.holds_source = true;
    dial(1);
    ck_assert(run_until(is_greeted, NULL));
    ck_assert(plane_retire_session(world.planes.server, TWO_PLANES_SESSION));
    sem_post(&world.block.left);
    ck_assert(run_until(is_late, NULL));
    ck_assert(plane_disconnect(world.planes.server, TWO_PLANES_SESSION, "its session is over"));
    ck_assert(run_until(agent_lost_it, NULL));
    sync_with_threads();
    ck_assert_uint_eq(links_of(world.planes.server), 0);
    finish();
    ck_assert_uint_eq(world.over, 1);
}
END_TEST

START_TEST(a_session_without_a_link_on_any_thread_is_over_at_once) {
    begin();
    ck_assert(plane_retire_session(world.planes.server, TWO_PLANES_SESSION));
    ck_assert(run_until(is_over, NULL));
    finish();
    ck_assert_uint_eq(world.over, 1);
}
END_TEST

static bool all_are_gone(void *context) {
    (void)context;
    int back = 0;
    for (int i = 0; i < world.stream_count; i++)
        back += !world.streams[i].lent;
    return back == world.stream_count && world.gone == THREADS && world.agents_gone == THREADS;
}

START_TEST(a_session_is_disconnected_on_all_threads) {
    begin();
    for (unsigned i = 0; i < THREADS; i++)
        add_link(i);
    for (unsigned i = 0; i < STREAMS; i++)
        exchange(open_stream(i % THREADS));
    ck_assert(plane_disconnect(world.planes.server, TWO_PLANES_SESSION, "revoked"));
    ck_assert(run_until(all_are_gone, NULL));
    for (int i = 0; i < STREAMS; i++)
        ck_assert_int_eq(world.streams[i].outcome, CLIENT_ENDED);
    finish();
}
END_TEST

/* A program that is forced to stop resets what still runs, and every client comes back before plane_free returns. */
START_TEST(all_clients_come_back_when_the_program_is_stopped) {
    char byte;
    begin();
    for (unsigned i = 0; i < THREADS; i++)
        add_link(i);
    for (unsigned i = 0; i < STREAMS; i++)
        exchange(open_stream(i % THREADS));
    plane_free(world.planes.server);
    world.planes.server = NULL;
    ck_assert_uint_eq(world.gone, THREADS);
    for (int i = 0; i < STREAMS; i++) {
        ck_assert_ptr_null(world.streams[i].lent);
        ck_assert_int_eq(world.streams[i].outcome, CLIENT_ENDED);
        ck_assert_int_le(recv(world.streams[i].client, &byte, 1, 0), 0);
    }
    finish();
}
END_TEST

static TCase *sessions(void) {
    TCase *group = tcase_create("sessions");
    tcase_add_test(group, a_session_is_over_when_its_streams_on_all_threads_are);
    tcase_add_test(group, a_link_that_comes_when_its_session_is_over_is_reported);
    tcase_add_test(group, a_session_without_a_link_on_any_thread_is_over_at_once);
    tcase_add_test(group, a_session_is_disconnected_on_all_threads);
    tcase_add_test(group, all_clients_come_back_when_the_program_is_stopped);
    return group;
}

UNIT_MAIN("relay/plane_orders", moves, sessions)
