/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_greeting: a data link whose handshake fell back from the session's key to certificates. The other end has a
 * certificate that is valid; whether it is the server of the session, only its WELCOME can prove.
 */
#include "config.h"

#include "proto/hello.h"
#include "relay/two_planes.h"

#include "lib/tls/tls.h"
#include "proto/auth_proof.h"

#include <stdlib.h>
#include <string.h>

static const uint8_t session_key[SECRET_SIZE] = {4, 5, 6}, other_key[SECRET_SIZE] = {7};

/* What the other end sends, made of the agent's HELLO and this channel; malloc'ed. */
typedef char *(*answer_maker)(const struct greeting *greeting);

static struct world {
    struct two_planes planes;
    answer_maker answer;
    struct link_ref link; /* the server's */
    unsigned greetings, idle, agents_idle, agents_gone, rejects;
    struct link_end end; /* the agent's */
} world;

static char *answer_with_reject(const struct greeting *greeting) {
    (void)greeting;
    return NULL;
}

/* ---- events ---- */

static void on_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    world.greetings++;
    world.link = greeting->link;
    if (world.answer == answer_with_reject) {
        plane_reject(world.planes.server, greeting->link, "{\"code\":\"credential\",\"reason\":\"revoked\"}");
        return;
    }
    char *json = world.answer(greeting);
    ck_assert_ptr_null(greeting->identity);
    plane_accept(world.planes.server, greeting->link, false, 1, json, "agent test", 0, 0);
    free(json);
}

static void on_idle(void *context, struct link_ref link, uint64_t tag) {
    (void)context, (void)link, (void)tag;
    world.idle++;
}

static void on_client_back(void *context, struct client *client, struct link_ref link, uint64_t tag) {
    (void)context, (void)client, (void)link, (void)tag;
}

/* As the agent's control plane does it. */
static void on_agents_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    world.rejects++;
    plane_reject(world.planes.agent, greeting->link, NULL);
}

static void on_agents_idle(void *context, struct link_ref link, uint64_t tag) {
    (void)context, (void)link, (void)tag;
    world.agents_idle++;
}

static void on_agents_gone(void *context, const struct link_end *end) {
    (void)context;
    world.agents_gone++;
    world.end = *end;
}

static const struct plane_events server_events = {.on_greeting = on_greeting,
                                                  .on_idle = on_idle,
                                                  .on_client_back = on_client_back};
static const struct plane_events agent_events = {.on_greeting = on_agents_greeting,
                                                 .on_idle = on_agents_idle,
                                                 .on_gone = on_agents_gone};

/* ---- the world ---- */

/* The certificate and its key, and nothing else of the server. */
static void forget_session_keys(void) {
    struct error error = {""};
    struct tls_server_options options = {.certificate = unit_path("server.pem"), .key = unit_path("server.key")};
    SSL_CTX_free(world.planes.server_tls);
    world.planes.server_tls = tls_server_context(&options, &error);
    ck_assert_msg(world.planes.server_tls, "%s", error.text);
}

static void begin(answer_maker answer) {
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
    forget_session_keys();
    world.answer = answer;
    world.planes.identity = "ID.1";
    two_planes_add_link(&world.planes);
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_uint_eq(world.idle, 1); /* for its own end, the other one takes the link for made */
}

static void finish(void) {
    two_planes_finish(&world.planes);
}

/* ---- answers ---- */

static char *answer_with(const uint8_t key[SECRET_SIZE], enum auth_proof_role role,
                         const uint8_t exporter[SECRET_SIZE]) {
    uint8_t proof[SECRET_SIZE];
    ck_assert_int_eq(auth_proof_make(proof, key, role, exporter), 0);
    return hello_add_proof("{}", proof);
}

static char *answer_rightly(const struct greeting *greeting) {
    return answer_with(session_key, AUTH_PROOF_DATA_SERVER, greeting->exporter);
}

static char *answer_nothing(const struct greeting *greeting) {
    (void)greeting;
    return NULL;
}

static char *answer_without_proof(const struct greeting *greeting) {
    (void)greeting;
    return strdup("{}");
}

static char *answer_malformed(const struct greeting *greeting) {
    (void)greeting;
    return strdup("{\"proof\":\"00\"}");
}

static char *answer_no_json(const struct greeting *greeting) {
    (void)greeting;
    return strdup("proof");
}

static char *answer_by_another_key(const struct greeting *greeting) {
    return answer_with(other_key, AUTH_PROOF_DATA_SERVER, greeting->exporter);
}

static char *answer_as_a_control_link(const struct greeting *greeting) {
    return answer_with(session_key, AUTH_PROOF_SERVER, greeting->exporter);
}

/* What the true server sent to a man in the middle, on the connection between those two. */
static char *answer_of_another_channel(const struct greeting *greeting) {
    uint8_t exporter[SECRET_SIZE];
    memcpy(exporter, greeting->exporter, sizeof exporter);
    exporter[0] ^= 1;
    return answer_with(session_key, AUTH_PROOF_DATA_SERVER, exporter);
}

/* The agent's HELLO is {"a":1,"proof":"..."}. */
static char *answer_with_the_agents_proof(const struct greeting *greeting) {
    const char *proof = strstr(greeting->text, "\"proof\"");
    char *json = NULL;
    ck_assert_ptr_nonnull(proof);
    ck_assert_int_gt(asprintf(&json, "{%s", proof), 0);
    return json;
}

#define MISSING "\"proof\" is missing"
static const struct {
    answer_maker answer;
    const char *why;
} impostors[] = {
    {answer_nothing, MISSING},
    {answer_without_proof, MISSING},
    {answer_malformed, "\"proof\""},
    {answer_no_json, ""},
    {answer_by_another_key, "the proof is wrong"},
    {answer_as_a_control_link, "the proof is wrong"},
    {answer_of_another_channel, "the proof is wrong"},
    {answer_with_the_agents_proof, "the proof is wrong"},
};

static void expect_refused(const char *why) {
    static const char lacks[] = "did not prove that it has the session's key";
    ck_assert_uint_eq(world.agents_idle, 0);
    ck_assert_uint_eq(world.agents_gone, 1);
    ck_assert(world.end.misbehaved && !world.end.was_accepted);
    ck_assert_msg(strstr(world.end.detail, lacks) && strstr(world.end.detail, why), "%s", world.end.detail);
}

/* ---- tests ---- */

START_TEST(a_certificate_alone_does_not_make_the_server_of_a_session) {
    begin(impostors[_i].answer);
    expect_refused(impostors[_i].why);
    finish();
}
END_TEST

/* Its OPEN is right behind its WELCOME, in one flight. */
static char *answer_and_open(const struct greeting *greeting) {
    (void)greeting;
    return strdup("{}");
}

static struct client *eager;

static void on_eager_greeting(void *context, const struct greeting *greeting) {
    on_greeting(context, greeting);
    plane_serve(world.planes.server, greeting->link, eager);
}

START_TEST(an_impostor_opens_nothing) {
    static const struct plane_events eager_events = {.on_greeting = on_eager_greeting,
                                                     .on_idle = on_idle,
                                                     .on_client_back = on_client_back};
    int far;
    unsigned port;
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, MUCH, &eager_events, &agent_events);
    forget_session_keys();
    eager = two_planes_client(&(struct service_terms_plan){0}, "127.0.0.1:7777", &far);
    world.answer = answer_and_open;
    world.planes.identity = "ID.1";
    two_planes_add_link(&world.planes);
    expect_refused(MISSING);
    ck_assert_int_lt(memory_accepted(&port), 0);
    if (eager->fd >= 0)
        memory_close(eager->fd);
    memory_close(far);
    service_terms_release(eager->terms);
    free(eager);
    finish();
}
END_TEST

START_TEST(the_session_key_makes_the_server_of_a_session) {
    begin(answer_rightly);
    ck_assert_uint_eq(world.agents_idle, 1);
    ck_assert_uint_eq(world.agents_gone, 0);
    finish();
}
END_TEST

/* A REJECT proves nothing: the certificate alone may not end more than the link that it came on. */
START_TEST(a_reject_ends_its_data_link_alone) {
    begin(answer_rightly);
    world.answer = answer_with_reject;
    two_planes_add_link(&world.planes);
    ck_assert_uint_eq(world.rejects, 1);
    ck_assert_uint_eq(world.agents_gone, 1);
    ck_assert(!world.end.was_accepted && !world.end.is_control);
    world.answer = answer_rightly;
    two_planes_add_link(&world.planes);
    ck_assert_uint_eq(world.agents_idle, 2); /* the first, and the next */
    ck_assert_uint_eq(world.agents_gone, 1);
    finish();
}
END_TEST

static TCase *fallen_back(void) {
    TCase *group = tcase_create("fallen_back");
    tcase_add_loop_test(group, a_certificate_alone_does_not_make_the_server_of_a_session, 0,
                        sizeof impostors / sizeof impostors[0]);
    tcase_add_test(group, an_impostor_opens_nothing);
    tcase_add_test(group, a_reject_ends_its_data_link_alone);
    tcase_add_test(group, the_session_key_makes_the_server_of_a_session);
    return group;
}

UNIT_MAIN("relay/link/greeting", fallen_back)
