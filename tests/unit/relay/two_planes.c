/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_planes: see two_planes.h.
 */
#include "config.h"

#include "two_planes.h"

#include "lib/base/clock.h"
#include "lib/log/log.h"
#include "lib/net/sock.h"
#include "lib/tls/cert_issue.h"
#include "lib/tls/tls.h"
#include "proto/auth_proof.h"
#include "proto/hello.h"
#include "proto/limits.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <event2/buffer.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GREETING_MS = 5000, GREETING_ROUNDS = 10, ATTEMPT_MS = 10000 };

#define INSTANCE "00112233445566778899aabbccddeeff"
static struct two_planes *the_planes; /* of this process */
static const uint8_t session_key[SECRET_SIZE] = {4, 5, 6};

/* ---- certificates ---- */

SSL_CTX *two_planes_server_tls(const char *client_ca) {
    struct error error = {""};
    struct tls_server_options options = {.certificate = unit_path("server.pem"),
                                         .key = unit_path("server.key"),
                                         .client_ca = client_ca};
    SSL_CTX *context = tls_server_context(&options, &error);
    ck_assert_msg(context, "%s", error.text);
    return context;
}

static void make_certificates(struct two_planes *planes) {
    static const char *const names[] = {"127.0.0.1"};
    struct error error = {""};
    struct cert_request ca = {.common_name = "test CA", .days = 2, .use = CERT_CA};
    struct cert_request server = {
        .common_name = "server", .names = names, .name_count = 1, .days = 2, .use = CERT_SERVER};
    const char *ca_pem = unit_path("ca.pem"), *ca_key = unit_path("ca.key");
    const char *pem = unit_path("server.pem"), *key = unit_path("server.key");
    ck_assert_msg(cert_issue(&ca, NULL, NULL, ca_pem, ca_key, &error) == 0, "%s", error.text);
    ck_assert_msg(cert_issue(&server, ca_pem, ca_key, pem, key, &error) == 0, "%s", error.text);
    struct tls_client_options client_options = {.ca = ca_pem};
    planes->server_tls = two_planes_server_tls(NULL);
    planes->agent_tls = tls_client_context(&client_options, &error);
    ck_assert_msg(planes->agent_tls, "%s", error.text);
}

/* ---- from begin to finish ---- */

static struct plane *make_plane(struct two_planes *planes, bool is_agent, unsigned threads,
                                const struct plane_events *events, void *world) {
    struct error error = {""};
    struct plane_options options = {.threads = threads,
                                    .log = planes->log,
                                    .control = planes->loop,
                                    .instance = INSTANCE,
                                    .greeting_ms = GREETING_MS,
                                    .is_agent = is_agent,
                                    .events = events,
                                    .context = world};
    struct plane *plane = plane_new(&options, &error);
    ck_assert_msg(plane, "%s", error.text);
    return plane;
}

static void init(struct two_planes *planes, const void *world) {
    struct error error = {""};
    ck_assert_ptr_eq(planes, world);
    *planes = (struct two_planes){.loop = loop_new("test"),
                                  .role = {.session = TWO_PLANES_SESSION},
                                  .resume_ms = TWO_PLANES_RESUME_MS,
                                  .listener = -1,
                                  .port = 1};
    ck_assert_ptr_nonnull(planes->loop);
    the_planes = planes;
    make_certificates(planes);
    if (getenv("MUNNEL_TEST_LOG"))
        planes->log = log_new("test", LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, "stderr", &error);
}

void two_planes_begin(struct two_planes *planes, void *world, size_t capacity, const struct plane_events *server_events,
                      const struct plane_events *agent_events) {
    init(planes, world);
    memory_net_begin(loop_base(planes->loop), capacity);
    planes->server = make_plane(planes, false, 1, server_events, world);
    planes->agent = make_plane(planes, true, 1, agent_events, world);
}

static struct addr server_address(void) {
    struct addr address;
    struct endpoint endpoint = {.host = "127.0.0.1", .port = the_planes->port};
    ck_assert(addr_from_endpoint(&address, &endpoint));
    return address;
}

static void on_accepts(evutil_socket_t fd, short what, void *context) {
    struct two_planes *planes = context;
    struct addr peer = server_address();
    evutil_socket_t accepted = accept(fd, NULL, NULL);
    (void)what;
    if (accepted < 0)
        return;
    ck_assert_int_eq(evutil_make_socket_nonblocking(accepted), 0);
    plane_adopt(planes->server, accepted, &peer, planes->server_tls, 1, 0);
}

void two_planes_begin_tcp(struct two_planes *planes, void *world, unsigned threads,
                          const struct plane_events *server_events, const struct plane_events *agent_events) {
    init(planes, world);
    planes->listener = unit_listen(&planes->port);
    planes->server = make_plane(planes, false, threads, server_events, world);
    planes->agent = make_plane(planes, true, 1, agent_events, world);
    event_assign(&planes->accepts, loop_base(planes->loop), planes->listener, EV_READ | EV_PERSIST, on_accepts, planes);
    ck_assert_int_eq(event_add(&planes->accepts, NULL), 0);
}

void two_planes_finish(struct two_planes *planes) {
    if (planes->listener >= 0) {
        event_del(&planes->accepts);
        evutil_closesocket(planes->listener);
    }
    if (planes->server) /* else the test has freed it */
        plane_free(planes->server);
    if (planes->agent)
        plane_free(planes->agent);
    service_table_release(planes->services);
    ck_assert_int_eq(memory_open_ends(), 0);
    SSL_CTX_free(planes->server_tls);
    SSL_CTX_free(planes->agent_tls);
    loop_free(planes->loop);
    if (planes->log)
        log_free(planes->log);
}

/* ---- greetings ---- */

static char *format_hello(const struct two_planes *planes) {
    char session[2 * 16 + 1];
    struct hello hello = {.kind = planes->is_control ? HELLO_KIND_CONTROL : HELLO_KIND_DATA,
                          .protocol = PROTO_VERSION,
                          .name = "test",
                          .instance = INSTANCE,
                          .session = session,
                          .server_thread = planes->role.server_thread,
                          .is_exclusive = planes->role.is_exclusive};
    snprintf(session, sizeof session, "%032llx", (unsigned long long)planes->role.session);
    char *json = hello_format(&hello);
    ck_assert_ptr_nonnull(json);
    return json;
}

static void parse_hello(struct hello *hello, const struct greeting *greeting) {
    struct error error = {""};
    ck_assert_msg(hello_parse(hello, greeting->text, greeting->length, &error) == 0, "%s", error.text);
}

struct carrier_role two_planes_role_of(const struct greeting *greeting) {
    struct hello hello;
    parse_hello(&hello, greeting);
    ck_assert_int_eq(hello.kind, HELLO_KIND_DATA);
    ck_assert(hello.has_proof);
    ck_assert(auth_proof_check(hello.proof, session_key, AUTH_PROOF_DATA, greeting->exporter));
    struct carrier_role role = {strtoull(hello.session, NULL, 16), hello.server_thread, hello.is_exclusive};
    hello_done(&hello);
    return role;
}

char *two_planes_welcome(const struct greeting *greeting) {
    uint8_t proof[SECRET_SIZE];
    ck_assert_int_eq(auth_proof_make(proof, session_key, AUTH_PROOF_DATA_SERVER, greeting->exporter), 0);
    char *json = hello_add_proof("{}", proof);
    ck_assert_ptr_nonnull(json);
    return json;
}

void two_planes_on_greeting(void *world, const struct greeting *greeting) {
    struct two_planes *planes = world;
    struct hello hello;
    parse_hello(&hello, greeting);
    bool is_control = hello.kind == HELLO_KIND_CONTROL;
    hello_done(&hello);
    if (is_control) {
        plane_accept_control(planes->server, greeting->link, planes->role.session, "{}", "agent test", 0, 0);
        return;
    }
    struct carrier_role role = two_planes_role_of(greeting);
    char *welcome = two_planes_welcome(greeting);
    plane_accept_data(planes->server, greeting->link, &role, welcome, "agent test", planes->resume_ms);
    free(welcome);
}

/* ---- time goes on ---- */

void two_planes_settle(struct two_planes *planes) {
    unit_run_rounds(loop_base(planes->loop), 4);
}

static bool carry(struct two_planes *planes, evutil_socket_t end) {
    if (memory_on_its_way(end) == 0) /* no kernel reports an edge without bytes */
        return false;
    memory_carry(end, MUCH);
    two_planes_settle(planes);
    return true;
}

void two_planes_carry_all(struct two_planes *planes) {
    for (bool moved = true; moved;) {
        moved = false;
        for (int i = 0; i < planes->wire_count; i++) {
            moved |= carry(planes, planes->wires[i].server);
            moved |= carry(planes, planes->wires[i].agent);
        }
        two_planes_settle(planes);
    }
}

/* ---- links ---- */

void two_planes_dial(struct two_planes *planes) {
    static const struct endpoint server = {.host = "127.0.0.1", .port = 1};
    char *hello = format_hello(planes);
    struct dial_order order = {.address = server_address(),
                               .proxy = planes->proxy,
                               .server = &server,
                               .tls = planes->agent_tls,
                               .server_name = "127.0.0.1",
                               .hello = hello,
                               .has_key = !planes->is_control,
                               .proof_role = DIAL_PROOF_DATA,
                               .is_control = planes->is_control,
                               .tag = planes->role.session,
                               .role = planes->role,
                               .resume_ms = planes->resume_ms};
    memcpy(order.key, session_key, sizeof order.key);
    if (planes->listener < 0)
        memory_connect_will(MEMORY_AT_ONCE);
    plane_dial(planes->agent, &order);
    free(hello);
    if (planes->listener < 0)
        two_planes_settle(planes);
}

evutil_socket_t two_planes_accepted(void) {
    unsigned port;
    evutil_socket_t far = memory_accepted(&port);
    ck_assert_int_ge(far, 0);
    return far;
}

void two_planes_take_in(struct two_planes *planes, evutil_socket_t far) {
    struct addr peer = server_address();
    ck_assert_int_ge(far, 0);
    ck_assert_int_lt(planes->wire_count, TWO_PLANES_WIRES);
    plane_adopt(planes->server, far, &peer, planes->server_tls, 1, 0);
    planes->wires[planes->wire_count].server = far;
    planes->wires[planes->wire_count++].agent = memory_peer(far);
}

void two_planes_greet(struct two_planes *planes, evutil_socket_t far) {
    for (int i = 0; i < GREETING_ROUNDS; i++) { /* bufferevents of the greeting wait for an event to write */
        memory_wake_writer(far);
        memory_wake_writer(memory_peer(far));
        two_planes_settle(planes);
        two_planes_carry_all(planes);
    }
}

void two_planes_add_link(struct two_planes *planes) {
    two_planes_dial(planes);
    evutil_socket_t far = two_planes_accepted();
    two_planes_take_in(planes, far);
    two_planes_greet(planes, far);
}

void two_planes_add_exclusive(struct two_planes *planes) {
    planes->role.is_exclusive = true;
    two_planes_add_link(planes);
    planes->role.is_exclusive = false;
}

void two_planes_add_control(struct two_planes *planes) {
    planes->is_control = true;
    two_planes_add_link(planes);
    planes->is_control = false;
}

struct link *two_planes_link(const struct plane *plane, evutil_socket_t end) {
    for (unsigned i = 0; i < plane->count; i++) {
        struct relay_thread *thread = plane->threads[i];
        for (uint32_t slot = 0; slot < thread->slot_count; slot++) {
            if (thread->slots[slot] && thread->slots[slot]->fd == end)
                return thread->slots[slot];
        }
    }
    return NULL;
}

/* ---- clients ---- */

/* The id by which the agent knows this destination; announced if it does not yet. */
static uint32_t service_to(const char *destination) {
    static const struct services_part nothing = {.version = 1};
    struct service_table *old = the_planes->services;
    uint32_t id = old ? (uint32_t)old->count + 1 : 1;
    for (size_t i = 0; old && i < old->count; i++)
        if (strcmp(old->services[i]->to[0], destination) == 0)
            return old->services[i]->id;
    struct service_offer offer = {.id = id, .name = "test", .to = {destination}, .to_count = 1};
    struct served_service *service = served_service_new(&offer);
    the_planes->services = service_table_change(old, INSTANCE, &nothing, &service, 1);
    ck_assert(plane_set_services(the_planes->agent, the_planes->role.session, the_planes->services));
    served_service_release(service);
    service_table_release(old);
    return id;
}

struct client *two_planes_client(const struct service_terms_plan *plan, const char *destination, evutil_socket_t *end) {
    struct service_terms_plan whole = *plan;
    struct client *client = calloc(1, sizeof *client);
    evutil_socket_t ends[2];
    ck_assert_ptr_nonnull(client);
    whole.service = "test";
    whole.destination = destination;
    whole.id = service_to(destination);
    if (the_planes->listener < 0)
        memory_pair(ends);
    else
        unit_tcp_pair(&ends[0], &ends[1]);
    *end = ends[1];
    client->fd = ends[0];
    client->session = the_planes->role.session;
    client->terms = service_terms_new(&whole);
    ck_assert_ptr_nonnull(client->terms);
    client->attempt_ms = ATTEMPT_MS;
    client->accepted_us = clock_us();
    client->peer.storage.ss_family = AF_UNIX;
    client->peer.length = sizeof client->peer.storage.ss_family;
    return client;
}

void two_planes_free_client(struct client *client) {
    if (client->fd >= 0)
        sock_close_reset(client->fd);
    if (client->early)
        evbuffer_free(client->early);
    service_terms_release(client->terms);
    free(client);
}

unsigned two_planes_relays(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return (unsigned)counts.relays;
}
