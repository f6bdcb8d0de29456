/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_planes: see two_planes.h.
 */
#include "config.h"

#include "proto/hello.h"
#include "two_planes.h"

#include "lib/log/log.h"
#include "lib/tls/cert_issue.h"
#include "lib/tls/tls.h"
#include "proto/auth_proof.h"
#include "proto/session_key.h"
#include "relay/link/link_priv.h"
#include "relay/plane_priv.h"

#include <stdlib.h>
#include <string.h>

enum { GREETING_MS = 5000, GREETING_ROUNDS = 10, ATTEMPT_MS = 10000 };

#define INSTANCE "00112233445566778899aabbccddeeff"
static struct two_planes *the_planes; /* of this process */
static const uint8_t session_key[SECRET_SIZE] = {4, 5, 6};

/* ---- certificates, and a key instead ---- */

static bool find_key(uint8_t key[SECRET_SIZE], const uint8_t secret[SECRET_SIZE], const char *identity) {
    (void)secret, (void)identity;
    return session_key_for_tls(key, session_key) == 0;
}

SSL_CTX *two_planes_server_tls(const char *client_ca) {
    struct error error = {""};
    struct tls_server_options options = {.certificate = unit_path("server.pem"),
                                         .key = unit_path("server.key"),
                                         .client_ca = client_ca,
                                         .find_key = find_key,
                                         .secret = session_key};
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

static struct plane *make_plane(struct two_planes *planes, bool is_agent, const struct plane_events *events,
                                void *world) {
    struct error error = {""};
    struct plane_options options = {.threads = 1,
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

void two_planes_begin(struct two_planes *planes, void *world, size_t capacity, const struct plane_events *server_events,
                      const struct plane_events *agent_events) {
    struct error error = {""};
    ck_assert_ptr_eq(planes, world);
    *planes = (struct two_planes){.loop = loop_new("test")};
    ck_assert_ptr_nonnull(planes->loop);
    the_planes = planes;
    memory_net_begin(loop_base(planes->loop), capacity);
    make_certificates(planes);
    if (getenv("MUNNEL_TEST_LOG"))
        planes->log = log_new(LOG_FORMAT_TEXT, LOG_LEVEL_DEBUG, "stderr", &error);
    planes->server = make_plane(planes, false, server_events, world);
    planes->agent = make_plane(planes, true, agent_events, world);
}

void two_planes_finish(struct two_planes *planes) {
    plane_free(planes->server);
    plane_free(planes->agent);
    service_table_release(planes->services);
    ck_assert_int_eq(memory_open_ends(), 0);
    SSL_CTX_free(planes->server_tls);
    SSL_CTX_free(planes->agent_tls);
    loop_free(planes->loop);
    if (planes->log)
        log_free(planes->log);
}

char *two_planes_welcome(const struct greeting *greeting) {
    uint8_t proof[SECRET_SIZE];
    if (greeting->identity)
        return NULL;
    ck_assert_int_eq(auth_proof_make(proof, session_key, AUTH_PROOF_DATA_SERVER, greeting->exporter), 0);
    char *json = hello_add_proof("{}", proof);
    ck_assert_ptr_nonnull(json);
    return json;
}

void two_planes_on_greeting(void *world, const struct greeting *greeting) {
    struct two_planes *planes = world;
    char *proved = two_planes_welcome(greeting);
    plane_accept(planes->server, greeting->link, planes->is_control, 1, planes->is_control ? "{}" : proved,
                 "agent test", 0, 0);
    free(proved);
}

/* ---- time goes on ---- */

void two_planes_settle(struct two_planes *planes) {
    unit_run_rounds(loop_base(planes->loop), 4);
}

static bool carry(struct two_planes *planes, int end) {
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

static struct addr server_address(void) {
    struct addr address;
    struct endpoint endpoint = {.host = "127.0.0.1", .port = 1};
    ck_assert(addr_from_endpoint(&address, &endpoint));
    return address;
}

void two_planes_dial(struct two_planes *planes) {
    struct dial_order order = {.address = server_address(),
                               .tls = planes->agent_tls,
                               .server_name = "127.0.0.1",
                               .hello = "{\"a\":1}",
                               .has_key = !planes->is_control,
                               .identity = planes->identity,
                               .proof_role = DIAL_PROOF_DATA,
                               .is_control = planes->is_control};
    memcpy(order.key, session_key, sizeof order.key);
    memory_connect_will(MEMORY_AT_ONCE);
    plane_dial(planes->agent, &order);
    two_planes_settle(planes);
}

int two_planes_accepted(void) {
    unsigned port;
    int far = memory_accepted(&port);
    ck_assert_int_ge(far, 0);
    return far;
}

void two_planes_take_in(struct two_planes *planes, int far) {
    struct addr peer = server_address();
    ck_assert_int_ge(far, 0);
    ck_assert_int_lt(planes->wire_count, TWO_PLANES_WIRES);
    plane_adopt(planes->server, far, &peer, planes->server_tls, 1, 0);
    planes->wires[planes->wire_count].server = far;
    planes->wires[planes->wire_count++].agent = memory_peer(far);
}

void two_planes_send_deferred(struct two_planes *planes) {
    const struct relay_thread *thread = planes->server->threads[0];
    for (size_t i = 0; i < thread->slot_count; i++)
        if (thread->slots[i])
            link_data_send_deferred(thread->slots[i]);
}

void two_planes_greet(struct two_planes *planes, int far) {
    for (int i = 0; i < GREETING_ROUNDS; i++) { /* bufferevents of the greeting wait for an event to write */
        memory_wake_writer(far);
        memory_wake_writer(memory_peer(far));
        two_planes_settle(planes);
        two_planes_send_deferred(planes);
        two_planes_carry_all(planes);
    }
}

void two_planes_add_link(struct two_planes *planes) {
    two_planes_dial(planes);
    int far = two_planes_accepted();
    two_planes_take_in(planes, far);
    two_planes_greet(planes, far);
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
    ck_assert(plane_set_services(the_planes->agent, 0, the_planes->services));
    served_service_release(service);
    service_table_release(old);
    return id;
}

struct client *two_planes_client(const struct service_terms_plan *plan, const char *destination, int *end) {
    struct service_terms_plan whole = *plan;
    struct client *client = calloc(1, sizeof *client);
    int ends[2];
    ck_assert_ptr_nonnull(client);
    whole.service = "test";
    whole.destination = destination;
    whole.id = service_to(destination);
    memory_pair(ends);
    *end = ends[1];
    client->fd = ends[0];
    client->terms = service_terms_new(&whole);
    ck_assert_ptr_nonnull(client->terms);
    client->attempt_ms = ATTEMPT_MS;
    client->peer.storage.ss_family = AF_UNIX;
    client->peer.length = sizeof client->peer.storage.ss_family;
    return client;
}

unsigned two_planes_relays(const struct plane *plane) {
    struct plane_counts counts;
    plane_count(plane, &counts);
    return (unsigned)counts.relays;
}
