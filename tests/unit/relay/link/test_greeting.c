/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_greeting: what may come as the first frame of a link; and a data link whose other end has a certificate that is
 * valid: whether it is the server of the session, only its WELCOME can prove.
 */
#include "config.h"

#include "proto/hello.h"
#include "relay/relayed.h"

#include "lib/tls/tls.h"
#include "proto/auth_proof.h"
#include "relay/link/link_priv.h"

#include <event2/buffer.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t session_key[SECRET_SIZE] = {4, 5, 6}, other_key[SECRET_SIZE] = {7};

/* What the other end sends, made of the agent's HELLO and this channel; malloc'ed. */
typedef char *(*answer_maker)(const struct greeting *greeting);

static struct world {
    struct two_planes planes;
    answer_maker answer;
    struct link_ref link; /* the server's */
    unsigned greetings, carriers, agents_carriers, agents_gone, rejects;
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
    struct carrier_role role = two_planes_role_of(greeting);
    plane_accept_data(world.planes.server, greeting->link, &role, json, "agent test", 0);
    free(json);
}

static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    world.carriers++;
}

/* As the agent's control plane does it. */
static void on_agents_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    world.rejects++;
    plane_reject(world.planes.agent, greeting->link, NULL);
}

static void on_agents_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context, (void)tag, (void)role;
    world.agents_carriers++;
}

static void on_agents_gone(void *context, const struct link_end *end) {
    (void)context;
    world.agents_gone++;
    world.end = *end;
}

static const struct plane_events server_events = {.on_greeting = on_greeting,
                                                  .on_carrier = on_carrier,
                                                  .on_client_back = relayed_on_client_back};
static const struct plane_events agent_events = {.on_greeting = on_agents_greeting,
                                                 .on_carrier = on_agents_carrier,
                                                 .on_gone = on_agents_gone};

/* ---- the world ---- */

static void begin(answer_maker answer) {
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, MUCH, &server_events, &agent_events);
    world.answer = answer;
    two_planes_add_link(&world.planes);
    ck_assert_uint_eq(world.greetings, 1);
    ck_assert_uint_eq(world.carriers, 1); /* for its own end, the other one takes the link for made */
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

/* That is the last of the agent's HELLO. */
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
    ck_assert_uint_eq(world.agents_carriers, 0);
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
static void on_eager_greeting(void *context, const struct greeting *greeting) {
    on_greeting(context, greeting);
    relayed_serve(&world.planes, &(struct service_terms_plan){0});
}

START_TEST(an_impostor_opens_nothing) {
    static const struct plane_events eager_events = {.on_greeting = on_eager_greeting,
                                                     .on_carrier = on_carrier,
                                                     .on_client_back = relayed_on_client_back};
    unsigned port;
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, MUCH, &eager_events, &agent_events);
    world.answer = answer_without_proof;
    two_planes_add_link(&world.planes);
    expect_refused(MISSING);
    ck_assert_int_lt(memory_accepted(&port), 0);
    relayed_close_all();
    finish();
}
END_TEST

START_TEST(the_session_key_makes_the_server_of_a_session) {
    begin(answer_rightly);
    ck_assert_uint_eq(world.agents_carriers, 1);
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
    ck_assert_uint_eq(world.agents_carriers, 2); /* the first, and the next */
    ck_assert_uint_eq(world.agents_gone, 1);
    finish();
}
END_TEST

static TCase *impersonation(void) {
    TCase *group = tcase_create("impersonation");
    tcase_add_loop_test(group, a_certificate_alone_does_not_make_the_server_of_a_session, 0,
                        sizeof impostors / sizeof impostors[0]);
    tcase_add_test(group, an_impostor_opens_nothing);
    tcase_add_test(group, a_reject_ends_its_data_link_alone);
    tcase_add_test(group, the_session_key_makes_the_server_of_a_session);
    return group;
}

/* ---- the first frame ---- */

static struct link_end servers_end;

static void on_servers_gone(void *context, const struct link_end *end) {
    (void)context;
    servers_end = *end;
}

static const struct {
    uint8_t bytes[FRAME_HEADER + 8]; /* its payload never comes, or is all zero */
    size_t length;
    const char *detail;
} first_frames[] = {
    {{FRAME_CONTROL, 0, 0x20, 0}, FRAME_HEADER, "first frame longer than a greeting (4096 bytes)"},
    {{FRAME_HELLO, 0xff, 0xff, 0xff}, FRAME_HEADER, "malformed frame: HELLO of 16777215 bytes on stream 0"},
    {{FRAME_HELLO, 0, 0, 9, 0, 0, 0, 1}, FRAME_HEADER, "malformed frame: HELLO of 9 bytes on stream 1"},
    {{FRAME_WELCOME, 0, 0, 2}, FRAME_HEADER + 2, "expected a greeting, got WELCOME"},
    {{FRAME_PING, 0, 0, 8}, FRAME_HEADER + 8, "expected a greeting, got PING"},
    {{FRAME_FIN, 0, 0, 0, 0, 0, 0, 1}, FRAME_HEADER, "expected a greeting, got FIN"},
    {{0xfe, 0, 0, 0}, FRAME_HEADER, "expected a greeting, got a frame of a type that is not known here"},
};

enum { NONE = -1, PING_BEHIND = -2 };
static int replacement = NONE; /* of HELLO: number in first_frames */

bool __real_link_put_frame(struct link *link, enum frame_type type, const void *payload, size_t length);
bool __wrap_link_put_frame(struct link *link, enum frame_type type, const void *payload, size_t length);
bool __wrap_link_put_frame(struct link *link, enum frame_type type, const void *payload, size_t length) {
    if (replacement == PING_BEHIND) {
        replacement = NONE;
        return __real_link_put_frame(link, type, payload, length) &&
               __real_link_put_frame(link, FRAME_PING, "12345678", FRAME_PING_SIZE);
    }
    if (replacement == NONE)
        return __real_link_put_frame(link, type, payload, length);
    struct evbuffer *output = bufferevent_get_output(link->stream);
    return evbuffer_add(output, first_frames[replacement].bytes, first_frames[replacement].length) == 0;
}

START_TEST(a_link_that_begins_without_HELLO_is_reset) {
    static const struct plane_events events = {.on_greeting = on_greeting, .on_gone = on_servers_gone};
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, MUCH, &events, &agent_events);
    world.answer = answer_rightly;
    replacement = _i;
    two_planes_add_link(&world.planes);
    replacement = NONE;
    ck_assert_uint_eq(world.greetings, 0);
    ck_assert_str_eq(servers_end.detail, first_frames[_i].detail);
    ck_assert(servers_end.no_hello && !servers_end.was_accepted);
    ck_assert_uint_eq(world.agents_gone, 1);
    finish();
}
END_TEST

/* It would be a frame of a link that is not accepted yet, whether of data or of control. */
START_TEST(a_link_that_brings_more_than_HELLO_before_WELCOME_is_reset) {
    static const struct plane_events events = {.on_greeting = on_greeting,
                                               .on_carrier = on_carrier,
                                               .on_gone = on_servers_gone};
    memset(&world, 0, sizeof world);
    two_planes_begin(&world.planes, &world, MUCH, &events, &agent_events);
    world.answer = answer_rightly;
    replacement = PING_BEHIND;
    if (_i)
        two_planes_add_control(&world.planes);
    else
        two_planes_add_link(&world.planes);
    ck_assert_uint_eq(world.greetings, 0);
    ck_assert_uint_eq(world.carriers + world.agents_carriers, 0);
    ck_assert_str_eq(servers_end.detail, "more than HELLO before WELCOME");
    ck_assert(servers_end.misbehaved && !servers_end.was_accepted);
    finish();
}
END_TEST

static TCase *beginnings(void) {
    TCase *group = tcase_create("beginnings");
    tcase_add_loop_test(group, a_link_that_begins_without_HELLO_is_reset, 0,
                        sizeof first_frames / sizeof *first_frames);
    tcase_add_loop_test(group, a_link_that_brings_more_than_HELLO_before_WELCOME_is_reset, 0, 2);
    return group;
}

UNIT_MAIN("relay/link/greeting", beginnings, impersonation)
