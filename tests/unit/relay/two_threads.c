/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_threads: see two_threads.h.
 */
#include "config.h"

#include "relay/two_threads.h"

#include "lib/net/sock.h"
#include "relay/plane_priv.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SOON_MS = 10000, PIECE = 100000 };

atomic_int allocations_left = -1;
static const int *errno_of_test; /* each thread has its own errno; thread-local variables may take memory themselves */
static bool gives_order;         /* the test's thread: its own allocations are not counted, but those of an order */

static bool is_without_memory(void) {
    if ((&errno == errno_of_test && !gives_order) || atomic_load(&allocations_left) < 0)
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

struct world world;

/* ---- events ---- */

static void on_block(struct message *message) {
    struct block *block = (struct block *)message;
    sem_post(&block->entered);
    while (sem_wait(&block->left) != 0) {
    }
}

void block(unsigned thread) {
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

void begin(void) {
    uint16_t port;
    memset(&world, 0, sizeof world);
    world.steps = world.unblocking = -1;
    errno_of_test = &errno;
    ck_assert_int_eq(sem_init(&world.block.entered, 0, 0), 0);
    ck_assert_int_eq(sem_init(&world.block.left, 0, 0), 0);
    two_planes_begin_tcp(&world.planes, &world, THREADS, &server_events, &agent_events);
    world.listener = unit_listen(&port);
    snprintf(world.destination, sizeof world.destination, "127.0.0.1:%u", port);
}

void finish(void) {
    for (int i = 0; i < world.stream_count; i++) {
        evutil_closesocket(world.streams[i].client);
        evutil_closesocket(world.streams[i].far);
    }
    two_planes_finish(&world.planes);
    evutil_closesocket(world.listener);
}

bool run_until(unit_condition condition, void *context) {
    return unit_run_until(loop_base(world.planes.loop), condition, context, SOON_MS);
}

bool never(void *context) {
    (void)context;
    return false;
}

bool is_greeted(void *context) {
    (void)context;
    return world.greeted.generation;
}

void dial(unsigned server_thread) {
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

void add_link(unsigned server_thread) {
    struct expected expected = {world.carriers[0] + world.carriers[1] + 1, world.agents_carriers + 1};
    dial(server_thread);
    ck_assert(run_until(is_carried, &expected));
}

uint64_t links_of(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return counts.links;
}

static bool have_answered(void *context) {
    (void)context;
    return atomic_load(&world.planes.server->unanswered) == 0;
}

void sync_with_threads(void) {
    ck_assert(plane_probe_liveness(world.planes.server));
    ck_assert(run_until(have_answered, NULL));
    unit_run_rounds(loop_base(world.planes.loop), 2);
}

bool agent_lost_it(void *context) {
    (void)context;
    return world.agents_gone == 1;
}

void __real_relay_thread_end(struct relay_thread *thread);
void __wrap_relay_thread_end(struct relay_thread *thread);
void __wrap_relay_thread_end(struct relay_thread *thread) {
    __real_relay_thread_end(thread);
    if (thread->owns_loop && thread->index == world.unblocking)
        sem_post(&world.block.left);
}

/* ---- streams ---- */

static bool is_reached(void *context) {
    struct served *stream = context;
    stream->far = accept(world.listener, NULL, NULL);
    return stream->far >= 0 && evutil_make_socket_nonblocking(stream->far) == 0;
}

struct served *open_stream(unsigned server_thread) {
    struct served *stream = &world.streams[world.stream_count];
    ck_assert_int_lt(world.stream_count, STREAMS);
    stream->lent = two_planes_client(&(struct service_terms_plan){0}, world.destination, &stream->client);
    stream->lent->number = (uint64_t)world.stream_count++;
    plane_serve(world.planes.server, server_thread, stream->lent);
    ck_assert(run_until(is_reached, stream));
    return stream;
}

struct transfer {
    evutil_socket_t from, to;
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
    ptrdiff_t n = unit_send(transfer->from, bytes + transfer->sent, PIECE - transfer->sent);
    transfer->sent += n > 0 ? (size_t)n : 0;
    uint8_t got[4096];
    while ((n = unit_receive(transfer->to, got, sizeof got)) > 0) {
        ck_assert_mem_eq(got, bytes + transfer->received, (size_t)n);
        transfer->received += (size_t)n;
    }
    return transfer->received == PIECE;
}

void exchange(const struct served *stream) {
    struct transfer up = {stream->client, stream->far, 0, 0}, down = {stream->far, stream->client, 0, 0};
    ck_assert(run_until(is_transferred, &up));
    ck_assert(run_until(is_transferred, &down));
}

static bool is_back(void *context) {
    return !((struct served *)context)->lent;
}

void end_stream(struct served *stream) {
    sock_half_close(stream->client);
    sock_half_close(stream->far);
    ck_assert(run_until(is_back, stream));
    ck_assert_int_eq(stream->outcome, CLIENT_ENDED);
}
