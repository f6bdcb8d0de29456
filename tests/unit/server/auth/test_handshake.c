/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_handshake: which agents join, which session is retired for one, and how a link is rejected.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define INSTANCE "00112233445566778899aabbccddeeff"

static const char *const web[] = {"web"};

static struct hello hello_of(const struct server_fixture *server_fixture) {
    return (struct hello){.kind = HELLO_KIND_CONTROL,
                          .protocol = PROTO_VERSION,
                          .credential = server_fixture->token.name,
                          .name = "a",
                          .group = "",
                          .instance = INSTANCE,
                          .session = "",
                          .features = FEATURES_ALL};
}

static void expect_reject(enum reject_code code, const char *detail) {
    struct reject reject;
    struct fake_order order;
    struct error error;

    ck_assert_uint_eq(fake_count(FAKE_ACCEPT), 0);
    ck_assert(fake_take(FAKE_REJECT, &order));
    ck_assert_int_eq(reject_parse(&reject, order.text, strlen(order.text), &error), 0);
    ck_assert_int_eq(reject.code, code);
    ck_assert_msg(strstr(reject.reason, detail), "\"%s\" lacks \"%s\"", reject.reason, detail);
    reject_done(&reject);
}

START_TEST(wrong_token_is_rejected) {
    struct server_fixture server_fixture;
    uint8_t key[SECRET_SIZE] = {1};

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    expect_reject(REJECT_CREDENTIAL, "token");
    server_fixture_greet(&server_fixture, &hello, NULL, AUTH_PROOF_AGENT);
    expect_reject(REJECT_CREDENTIAL, "no token");
    auth_token_key(&server_fixture.token, key);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_DATA); /* made for something else */
    expect_reject(REJECT_CREDENTIAL, "token");
    hello.credential = "nobody";
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    expect_reject(REJECT_CREDENTIAL, "token");
    ck_assert_uint_eq(session_table_count(server_fixture.server->sessions), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(no_agent_joins_a_server_that_stops) {
    struct server_fixture server_fixture;
    uint8_t key[SECRET_SIZE];

    server_fixture_begin(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    auth_token_key(&server_fixture.token, key);
    housekeeping_stop(server_fixture.server);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    expect_reject(REJECT_STOPPING, "the server is stopping");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(other_protocol_is_rejected) {
    struct server_fixture server_fixture;
    uint8_t key[SECRET_SIZE];

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    hello.protocol = 1;
    auth_token_key(&server_fixture.token, key);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    expect_reject(REJECT_PROTOCOL, "the agent speaks protocol 1 and this server 2");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(agent_without_services_is_rejected_as_too_old) {
    struct server_fixture server_fixture;
    uint8_t key[SECRET_SIZE];

    server_fixture_begin(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    hello.features = 0;
    auth_token_key(&server_fixture.token, key);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    expect_reject(REJECT_PROTOCOL, "the agent is too old: it does not know \"services\"");
    ck_assert_uint_eq(session_table_count(server_fixture.server->sessions), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(malformed_hello_is_rejected) {
    struct server_fixture server_fixture;
    struct addr peer = {0};
    struct greeting greeting = {.link = fake_link(), .text = "{\"kind\":", .length = 8, .peer = &peer};

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    fake_options()->events->on_greeting(fake_options()->context, &greeting);
    expect_reject(REJECT_MALFORMED, "");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(group_that_the_token_lacks_is_refused) {
    struct server_fixture server_fixture;
    struct auth_token token;
    struct error error;
    char mail[] = "mail", news[] = "news", few[] = "few", *groups[] = {mail, news};
    struct credential credential = {.name = few, .key_count = 1, .groups = {groups, 2}};

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    ck_assert_int_eq(auth_token_make(&token, "few"), 0);
    auth_token_key(&token, credential.keys[0].key);
    ck_assert_int_eq(credentials_put(server_fixture.server->policy.credentials, &credential, &error), 0);
    struct hello hello = hello_of(&server_fixture);
    hello.credential = "few";
    hello.group = "web";
    server_fixture_greet(&server_fixture, &hello, credential.keys[0].key, AUTH_PROOF_AGENT);
    expect_reject(REJECT_GROUP, "web");
    hello.group = ""; /* all that it carries, but that is not all */
    server_fixture_greet(&server_fixture, &hello, credential.keys[0].key, AUTH_PROOF_AGENT);
    struct fake_order accepted;
    ck_assert(fake_take(FAKE_ACCEPT, &accepted));
    const struct session *session = session_table_find(server_fixture.server->sessions, accepted.tag);
    ck_assert(!session_serves(session, &server_fixture.conf->services[0].groups));
    ck_assert(session_serves(session, &credential.groups));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(without_auth_every_agent_joins) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture.conf->agents.auth_none = true;
    server_fixture_open(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    hello.credential = "";
    server_fixture_greet(&server_fixture, &hello, NULL, AUTH_PROOF_AGENT);
    ck_assert_uint_eq(fake_count(FAKE_ACCEPT), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(what_an_agent_does_not_have_is_not_logged) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    server_fixture_join(&server_fixture, "a", "web");
    server_fixture_clear(&server_fixture);
    char *text = unit_read(unit_path("log"), NULL), *joined = strstr(text, "agent a  joined from=");
    ck_assert_ptr_nonnull(joined);
    joined[strcspn(joined, "\n")] = '\0';
    ck_assert_msg(strstr(joined, " groups=web credential=") && strstr(joined, " agents=1"), "%s", joined);
    ck_assert_msg(!strstr(joined, "certificate="), "%s", joined);
    free(text);
}
END_TEST

START_TEST(only_the_same_instance_retires_a_session) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web"),
                                twin = server_fixture_join(&server_fixture, "a", "web");
    ck_assert_uint_eq(session_table_count(server_fixture.server->sessions), 2);
    struct server_fixture_agent again = server_fixture_join_again(&server_fixture, &a, "web");
    ck_assert_uint_eq(session_table_count(server_fixture.server->sessions), 2);
    ck_assert_ptr_null(session_table_find(server_fixture.server->sessions, a.tag));
    ck_assert_ptr_nonnull(session_table_find(server_fixture.server->sessions, twin.tag));
    ck_assert_ptr_nonnull(session_table_find(server_fixture.server->sessions, again.tag));
    ck_assert(fake_take(FAKE_RETIRE, &order));
    ck_assert_uint_eq(order.tag, a.tag);
    ck_assert_str_ne(again.session, a.session);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(welcome_tells_threads_and_resumption) {
    struct server_fixture server_fixture;
    struct fake_order order;
    struct welcome welcome;
    struct error error;
    uint8_t key[SECRET_SIZE];

    server_fixture_set(&server_fixture, web, 1);
    server_fixture.conf->threads = 3;
    server_fixture.conf->agents.resume_s = 17;
    server_fixture_open(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    auth_token_key(&server_fixture.token, key);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(fake_take(FAKE_ACCEPT, &order));
    ck_assert_int_eq(welcome_parse(&welcome, order.text, strlen(order.text), &error), 0);
    ck_assert_uint_eq(welcome.threads, 3);
    ck_assert_uint_eq(welcome.resume_s, 17);
    welcome_done(&welcome);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* --- data links --- */

START_TEST(foreign_data_link_is_rejected) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    struct hello hello = hello_of(&server_fixture);
    uint8_t wrong[SECRET_SIZE] = {7};
    hello.kind = HELLO_KIND_DATA;
    hello.session = a.session;
    server_fixture_greet(&server_fixture, &hello, wrong, AUTH_PROOF_DATA);
    expect_reject(REJECT_SESSION, "session");
    hello.session = INSTANCE;
    server_fixture_greet(&server_fixture, &hello, a.key, AUTH_PROOF_DATA);
    expect_reject(REJECT_SESSION, "session");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(data_link_of_a_thread_that_the_server_lacks_is_rejected) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture.conf->threads = 2;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    server_fixture_bring_link_to(&server_fixture, &a, 1, false);
    server_fixture_greet_data(&server_fixture, &a, 2, false);
    expect_reject(REJECT_SESSION, "\"thread\" is 2, and this server has 2");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(data_links_beyond_their_number_are_rejected) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    for (int i = 0; i < CARRIERS_SHARED_MAX + 1; i++) /* the plane closes one of them */
        server_fixture_bring_link(&server_fixture, &a);
    server_fixture_greet_data(&server_fixture, &a, 0, false);
    expect_reject(REJECT_BUSY, "the session has enough data links of this kind");
    server_fixture_bring_link_to(&server_fixture, &a, 0, true);
    server_fixture.server->links.limit = CARRIERS_SHARED_MAX + 2;
    server_fixture_greet_data(&server_fixture, &a, 0, true);
    expect_reject(REJECT_BUSY, "the server has no descriptors for more links");
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Draining, suspended, retired: its streams may need it. */
START_TEST(data_link_of_a_session_without_new_clients_is_accepted) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture.conf->agents.resume_s = 17;
    server_fixture_open(&server_fixture);
    struct server *server = server_fixture.server;
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    registry_drain(server->registry, session_table_find(server->sessions, a.tag));
    server_fixture_accept_link(&server_fixture, &a, 0, false);
    server_fixture_lose(&server_fixture, &a);
    server_fixture_accept_link(&server_fixture, &a, 0, false);
    registry_retire(server->registry, session_table_find(server->sessions, a.tag), "session over", "");
    server_fixture_greet_data(&server_fixture, &a, 0, true);
    struct fake_order order;
    ck_assert(fake_take(FAKE_ACCEPT, &order));
    ck_assert_uint_eq(order.resume_ms, 17000);
    fake_options()->events->on_session_over(fake_options()->context, a.tag);
    server_fixture_greet_data(&server_fixture, &a, 0, false);
    expect_reject(REJECT_SESSION, "no such session");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(flapping_agent_has_to_wait) {
    struct server_fixture server_fixture;
    struct fake_order order;
    struct reject reject;
    struct error error;
    uint8_t key[SECRET_SIZE];
    int cycles = 0;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct hello hello = hello_of(&server_fixture);
    auth_token_key(&server_fixture.token, key);
    for (; server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT), fake_take(FAKE_ACCEPT, &order);
         cycles++) {
        ck_assert_int_lt(cycles, 100);
        struct link_end end = {
            .link = order.link, .tag = order.tag, .is_control = true, .was_accepted = true, .detail = "it broke"};
        fake_clock_advance(100);
        fake_options()->events->on_gone(fake_options()->context, &end);
    }
    ck_assert_int_gt(cycles, 10); /* a few restarts are no crime */
    ck_assert(fake_take(FAKE_REJECT, &order));
    ck_assert_int_eq(reject_parse(&reject, order.text, strlen(order.text), &error), 0);
    ck_assert_int_eq(reject.code, REJECT_BUSY);
    ck_assert_uint_eq(reject.retry_after_s, 5);
    reject_done(&reject);
    hello.name = "b"; /* another agent does not suffer for it */
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(fake_take(FAKE_ACCEPT, &order));
    fake_clock_advance(5000);
    hello.name = "a";
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(fake_take(FAKE_ACCEPT, &order));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(group_that_no_service_names_is_warned_of) {
    static const char *const groups[] = {"web", "mail", "web"};
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, groups, 3);
    server_fixture.log = unit_log(LOG_LEVEL_WARNING);
    server_fixture_open(&server_fixture);
    server_fixture_join(&server_fixture, "right", "mail");
    struct fake_order order;
    ck_assert(!fake_take(FAKE_CONTROL, &order));
    server_fixture_join(&server_fixture, "wrong", "wbe");
    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert_ptr_nonnull(strstr(order.text, "\"op\":\"notice\""));
    ck_assert_ptr_nonnull(strstr(order.text, "no service of this server has the group wbe"));
    ck_assert_ptr_null(strstr(order.text, "mail")); /* whose groups there are is not for it */
    server_fixture_clear(&server_fixture);
    char *text = unit_read(unit_path("log"), NULL);
    ck_assert_ptr_nonnull(
        strstr(text, "serves no service: no service has the group wbe; groups of services: web, mail\n"));
    ck_assert_ptr_null(strstr(text, "agent right"));
    free(text);
}
END_TEST

START_TEST(agent_that_may_publish_need_not_serve_anything) {
    struct server_fixture server_fixture;
    struct auth_token token;
    struct error error;
    char name[] = "devs", ports[] = "20000-20009", *groups[] = {name}, *permitted[] = {ports};
    struct credential credential = {.name = name,
                                    .key_count = 1,
                                    .groups = {groups, 1},
                                    .publish = {.ports = {permitted, 0}}};

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    ck_assert_int_eq(auth_token_make(&token, name), 0);
    auth_token_key(&token, credential.keys[0].key);
    for (unsigned i = 0; i < 2; i++) {
        struct fake_order order;
        credential.publish.ports.count = i;
        ck_assert_int_eq(credentials_put(server_fixture.server->policy.credentials, &credential, &error), 0);
        struct hello hello = hello_of(&server_fixture);
        hello.credential = name;
        hello.name = i ? "publishes" : "idle";
        hello.group = "";
        server_fixture_greet(&server_fixture, &hello, credential.keys[0].key, AUTH_PROOF_AGENT);
        ck_assert(fake_take(FAKE_ACCEPT, &order));
        ck_assert_int_eq(fake_take(FAKE_CONTROL, &order), !i);
    }
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *control_links(void) {
    TCase *group = tcase_create("control links");

    tcase_add_test(group, wrong_token_is_rejected);
    tcase_add_test(group, no_agent_joins_a_server_that_stops);
    tcase_add_test(group, other_protocol_is_rejected);
    tcase_add_test(group, agent_without_services_is_rejected_as_too_old);
    tcase_add_test(group, malformed_hello_is_rejected);
    tcase_add_test(group, group_that_the_token_lacks_is_refused);
    tcase_add_test(group, without_auth_every_agent_joins);
    tcase_add_test(group, group_that_no_service_names_is_warned_of);
    tcase_add_test(group, agent_that_may_publish_need_not_serve_anything);
    tcase_add_test(group, what_an_agent_does_not_have_is_not_logged);
    tcase_add_test(group, only_the_same_instance_retires_a_session);
    tcase_add_test(group, welcome_tells_threads_and_resumption);
    tcase_add_test(group, flapping_agent_has_to_wait);
    return group;
}

static TCase *data_links(void) {
    TCase *group = tcase_create("data links");

    tcase_add_test(group, foreign_data_link_is_rejected);
    tcase_add_test(group, data_link_of_a_thread_that_the_server_lacks_is_rejected);
    tcase_add_test(group, data_links_beyond_their_number_are_rejected);
    tcase_add_test(group, data_link_of_a_session_without_new_clients_is_accepted);
    return group;
}

UNIT_MAIN("server/auth/handshake", control_links, data_links)
