/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_world: see relay_world.h.
 */
#include "config.h"

#include "relay_world.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "relay/http_guard.h"
#include "relay/relay_open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct relay_world *the_world;

/* ---- what comes out ---- */

static void free_client(struct world_client *of) {
    struct client *client = of->client;
    if (client->fd >= 0)
        memory_close(client->fd);
    if (client->early)
        evbuffer_free(client->early);
    free(client->tlvs);
    http_guard_free(client->guard);
    service_terms_release(client->terms);
    of->client = NULL;
    free(client);
}

void __wrap_plane_event_client_back(struct relay_thread *thread, struct client *client);
void __wrap_plane_event_client_back(struct relay_thread *thread, struct client *client) {
    struct world_client *of = (struct world_client *)(void *)client->service;
    ck_assert_ptr_eq(thread, the_world->threads[SERVER]);
    of->back++;
    of->outcome = client->outcome;
    of->reason = client->reason;
    of->refusal = client->refusal;
    of->up = client->bytes_up;
    of->down = client->bytes_down;
    of->opened_us = client->opened_us;
    of->early_end = client->early_end;
    of->early_length = client->early ? evbuffer_get_length(client->early) : 0;
    memset(of->early, 0, sizeof of->early);
    if (client->early)
        evbuffer_copyout(client->early, of->early, sizeof of->early - 1);
    strbuf_copy(of->detail, sizeof of->detail, client->detail);
    strbuf_copy(of->address, sizeof of->address, client->address);
    ck_assert((client->fd < 0) == (client->outcome == CLIENT_ENDED));
    if (client->outcome == CLIENT_ENDED || !the_world->keeps_clients)
        free_client(of);
}

static void note_record(struct world_record *into, enum relay_reason reason, const char *by, const char *detail) {
    into->count++;
    into->reason = reason;
    strbuf_copy(into->by, sizeof into->by, by);
    strbuf_copy(into->detail, sizeof into->detail, detail ? detail : "");
}

void __wrap_record_log(struct log *log, const struct record *record);
void __wrap_record_log(struct log *log, const struct record *record) {
    struct world_record *into = &the_world->records[AGENT];
    (void)log;
    ck_assert_uint_ge(record->ended_us, record->accepted_us);
    note_record(into, record->reason, record->by, record->detail);
    into->up = record->in;
    into->down = record->out;
    into->left_out += record->left_out;
    into->opened_us = record->opened_us;
    strbuf_copy(into->address, sizeof into->address, record->address);
}

void __wrap_record_log_client(struct log *log, const char *instance, const struct client *client,
                              struct log_limit *unopened);
void __wrap_record_log_client(struct log *log, const char *instance, const struct client *client,
                              struct log_limit *unopened) {
    struct world_record *into = &the_world->records[SERVER];
    (void)log;
    (void)unopened;
    ck_assert_str_eq(instance, WORLD_INSTANCE);
    ck_assert_uint_ge(client->ended_us, client->dispatched_us);
    note_record(into, client->reason, client->by, client->detail);
    into->up = client->bytes_up;
    into->down = client->bytes_down;
    into->opened_us = client->opened_us;
}

const struct service_table *__wrap_relay_thread_services(const struct relay_thread *thread, uint64_t session);
const struct service_table *__wrap_relay_thread_services(const struct relay_thread *thread, uint64_t session) {
    ck_assert_ptr_eq(thread, the_world->threads[AGENT]);
    ck_assert_uint_eq(session, WORLD_SESSION);
    return the_world->services;
}

/* ---- the threads ---- */

static void sweep_nothing(struct relay_thread *thread, uint64_t now_us) {
    (void)thread, (void)now_us;
}

static void end(struct relay_thread *thread) {
    relay_end_all(thread, NULL, REASON_STOPPED, "this program was stopped");
}

static void on_want_carriers(struct thread_session *session, bool is_exclusive, unsigned count) {
    (void)session, (void)is_exclusive, (void)count;
}

static const struct relay_thread_ops thread_ops = {.free_relay = relay_free,
                                                   .sweep = sweep_nothing,
                                                   .end = end,
                                                   .on_open = relay_open,
                                                   .on_want_carriers = on_want_carriers};

static void make_thread(struct relay_world *world, int which, unsigned resume_ms) {
    const struct carrier_role role = {.session = WORLD_SESSION};
    struct plane_options *options = &world->options[which];
    *options = (struct plane_options){.is_agent = which == AGENT, .instance = WORLD_INSTANCE};
    struct relay_thread *thread = relay_thread_new(options, &thread_ops, (uint16_t)0, world->loop);
    ck_assert_ptr_nonnull(thread);
    thread->own_dials = which == AGENT ? loop_detect_new() : NULL;
    thread->udp_sessions = &world->udp_sessions;
    world->threads[which] = thread;
    world->sessions[which] = thread_session_get(thread, &role, "test", resume_ms);
    ck_assert_ptr_nonnull(world->sessions[which]);
}

void world_begin(struct relay_world *world, size_t capacity, unsigned resume_ms) {
    memset(world, 0, sizeof *world);
    the_world = world;
    world->loop = loop_new("test");
    ck_assert_ptr_nonnull(world->loop);
    memory_net_begin(loop_base(world->loop), capacity);
    memory_connect_will(MEMORY_AT_ONCE);
    make_thread(world, SERVER, resume_ms);
    make_thread(world, AGENT, resume_ms);
    pair_join(&world->pair, loop_base(world->loop), world->sessions[SERVER]->mux, world->sessions[AGENT]->mux);
}

static void free_thread(struct relay_world *world, int which) {
    struct relay_thread *thread = world->threads[which];
    struct loop_detect *own_dials = thread->own_dials;
    ck_assert_uint_eq(world_relays(world, which), 0);
    thread_session_free(world->sessions[which]);
    ck_assert_uint_eq(thread->memory.used, 0);
    ck_assert_uint_eq(counter_read(&world->threads[which]->counts.unconfirmed), 0);
    relay_thread_free(thread);
    loop_detect_free(own_dials);
}

void world_end(struct relay_world *world) {
    pair_part(&world->pair);
    for (int which = 0; which < 2; which++)
        relay_thread_end(world->threads[which]);
    for (int which = 0; which < 2; which++)
        free_thread(world, which);
    service_table_release(world->services);
    loop_free(world->loop);
    ck_assert_int_eq(memory_open_ends(), 0);
    ck_assert_uint_eq(atomic_load(&world->udp_sessions.live), 0);
}

/* ---- clients ---- */

/* `second` may be NULL. Returns the service's id. */
static uint32_t announce(struct relay_world *world, const char *first, const char *second) {
    static const struct services_part nothing = {.version = 1};
    struct service_table *old = world->services;
    struct service_offer offer = {.id = old ? (uint32_t)old->count + 1 : 1,
                                  .name = "test",
                                  .to = {first, second},
                                  .to_count = second ? 2 : 1};
    struct served_service *service = served_service_new(&offer);
    world->services = service_table_change(old, WORLD_INSTANCE, &nothing, &service, 1);
    ck_assert_ptr_nonnull(world->services);
    served_service_release(service);
    service_table_release(old);
    return offer.id;
}

void world_client(struct relay_world *world, struct world_client *client, const struct service_terms_plan *plan,
                  unsigned port) {
    struct service_terms_plan whole = *plan;
    char destination[32];
    evutil_socket_t ends[2];
    snprintf(destination, sizeof destination, "127.0.0.1:%u", port);
    whole.service = "test";
    whole.destination = destination;
    whole.id = announce(world, destination, NULL);
    memory_pair(ends);
    *client = (struct world_client){.client = calloc(1, sizeof *client->client), .end = ends[1], .far = -1};
    ck_assert_ptr_nonnull(client->client);
    *client->client = (struct client){.fd = ends[0],
                                      .session = WORLD_SESSION,
                                      .terms = service_terms_new(&whole),
                                      .attempt_ms = WORLD_ATTEMPT_MS,
                                      .accepted_us = clock_us(),
                                      .agent = "alpha",
                                      .service = (struct service *)(void *)client};
    client->client->peer.storage.ss_family = AF_UNIX;
    client->client->peer.length = sizeof client->client->peer.storage.ss_family;
    ck_assert_ptr_nonnull(client->client->terms);
}

void world_offer_twice(struct relay_world *world, struct world_client *client, const char *first, const char *second) {
    client->client->terms->id = announce(world, first, second);
}

void world_drop(struct world_client *client) {
    free_client(client);
    world_close(client);
}

void world_serve(struct relay_world *world, struct world_client *client) {
    relay_serve(world->sessions[SERVER], client->client);
}

void world_client_say(struct world_client *client, const char *text) {
    memory_send(client->end, text, strlen(text));
    memory_carry(memory_peer(client->end), MUCH);
}

void world_accept(struct world_client *client) {
    unsigned port;
    client->far = memory_accepted(&port);
    ck_assert_int_ge(client->far, 0);
}

void world_close(struct world_client *client) {
    memory_close(client->end);
    memory_close(client->far);
    client->end = client->far = -1;
}

/* ---- time goes by ---- */

void world_step(struct relay_world *world, unsigned count) {
    for (unsigned i = 0; i < count; i++) {
        pair_step(&world->pair);
        if (world->pair.violation)
            ck_abort_msg("violation: %s", world->pair.violation);
    }
}

void world_settle(struct relay_world *world, struct world_client *client) {
    for (int i = 0; i < 6; i++) {
        const evutil_socket_t ends[] = {client->end, client->far};
        for (int j = 0; j < 2; j++) {
            if (ends[j] < 0)
                continue;
            memory_carry(memory_peer(ends[j]), MUCH);
            world_step(world, 4);
            memory_carry(ends[j], MUCH);
        }
        world_step(world, 4);
    }
}

void world_sweep(struct relay_world *world, uint64_t now_us) {
    for (int which = 0; which < 2; which++) {
        relay_sweep_all(world->threads[which], now_us, true);
        mux_sweep(world->sessions[which]->mux, now_us);
    }
    world_step(world, 4);
}

unsigned world_relays(const struct relay_world *world, int which) {
    return (unsigned)counter_read(&world->threads[which]->counts.relays);
}

static bool is_without_relays(void *context) {
    struct relay_world *world = context;
    world_step(world, 1);
    return world_relays(world, SERVER) + world_relays(world, AGENT) == 0;
}

bool world_ends(struct relay_world *world) {
    return unit_run_until(loop_base(world->loop), is_without_relays, world, 3000);
}

void world_expect_over(struct relay_world *world, const struct world_client *client, enum client_outcome outcome) {
    ck_assert(world_ends(world));
    ck_assert_uint_eq(client->back, 1);
    ck_assert_int_eq(client->outcome, outcome);
}

void world_expect(evutil_socket_t end, const char *text) {
    char got[256] = "";
    size_t length = memory_receive(end, got, sizeof got - 1);
    ck_assert_uint_eq(length, strlen(text));
    ck_assert_str_eq(got, text);
}
