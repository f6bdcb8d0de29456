/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_key: what WELCOME gives an agent, and the handshakes of its data links, agree with the server's context;
 * and such a handshake lets in one link, once.
 */
#include "config.h"

#include "lib/tls_pair.h"
#include "proto/session_key.h"
#include "server/reload.h"
#include "server/server_fixture.h"
#include "unit.h"

#include <string.h>

static const char *const any[] = {NULL};

/* A handshake of a data link with the server's context of now: was it by the session's key? */
static bool comes_by_key(const struct server_fixture *server_fixture, const struct server_fixture_agent *agent) {
    SSL_CTX *context = server_fixture->server->policy.tls;
    uint8_t key[SECRET_SIZE];
    char identity[SESSION_IDENTITY_SIZE];
    struct pair pair;
    bool by_key;

    SSL_CTX_up_ref(context);
    pair_join(&pair, context, pair_client_context(pair_client_options()), "localhost");
    ck_assert_int_eq(session_key_for_tls(key, agent->key), 0);
    session_key_identify(identity, agent->session, 1);
    ck_assert_int_eq(tls_offer_psk(pair.client, identity, key), 0);
    pair_shake(&pair);
    pair_check_error("the client", &pair.client_error, NULL);
    pair_check_error("the server", &pair.server_error, NULL);
    ck_assert(pair.client_done && pair.server_done);
    by_key = tls_used_psk(pair.client);
    ck_assert_int_eq(tls_used_psk(pair.server), by_key);
    pair_part(&pair);
    return by_key;
}

START_TEST(a_data_link_shakes_hands_by_the_key_of_its_session) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", ""),
                                b = server_fixture_join(&server_fixture, "b", "");
    ck_assert_str_ne(a.session, b.session);
    ck_assert_mem_ne(a.key, b.key, SECRET_SIZE);
    ck_assert(comes_by_key(&server_fixture, &a));
    ck_assert(comes_by_key(&server_fixture, &b));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(renewed_certificates_change_no_key) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    const SSL_CTX *old = server_fixture.server->policy.tls;
    pair_make(CERT_SERVER, "localhost", 9, server_pem, server_key);
    reload_check(server_fixture.server->reload);
    ck_assert_ptr_ne(server_fixture.server->policy.tls, old);
    ck_assert(comes_by_key(&server_fixture, &agent));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(a_restarted_server_shows_its_certificate) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    server_fixture_clear(&server_fixture);
    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    ck_assert(!comes_by_key(&server_fixture, &agent));
    server_fixture_clear(&server_fixture);
}
END_TEST

/* ---- which links are accepted ---- */

static void expect_let_in(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                          uint64_t number) {
    char identity[SESSION_IDENTITY_SIZE];
    struct fake_order order;

    session_key_identify(identity, agent->session, number);
    struct link_ref link = server_fixture_greet_known(server_fixture, identity);
    ck_assert_msg(fake_take(FAKE_ACCEPT, &order), "%s was not accepted", identity);
    ck_assert(link_ref_same(order.link, link) && !order.flag && order.tag == agent->tag);
    ck_assert_uint_eq(fake_count(FAKE_REJECT), 0);
    server_fixture_idle(server_fixture, agent, link);
}

static void expect_turned_away(struct server_fixture *server_fixture, const char *identity, const char *code,
                               const char *words) {
    unsigned long long before = handshake_refused(server_fixture->server->handshake);
    struct fake_order order;
    struct link_ref link = server_fixture_greet_known(server_fixture, identity);

    ck_assert_msg(fake_take(FAKE_REJECT, &order), "%s was not rejected", identity);
    ck_assert(link_ref_same(order.link, link));
    ck_assert_msg(strstr(order.text, code) && strstr(order.text, words), "%s: %s", identity, order.text);
    ck_assert_uint_eq(fake_count(FAKE_ACCEPT), 0);
    ck_assert_uint_eq(handshake_refused(server_fixture->server->handshake), before + 1);
}

/* Closed without REJECT: the replayer could not decrypt it. */
static void expect_used(struct server_fixture *server_fixture, const struct server_fixture_agent *agent,
                        uint64_t number) {
    unsigned long long before = handshake_refused(server_fixture->server->handshake);
    char identity[SESSION_IDENTITY_SIZE];
    struct fake_order order;

    session_key_identify(identity, agent->session, number);
    struct link_ref link = server_fixture_greet_known(server_fixture, identity);
    ck_assert_msg(fake_take(FAKE_CLOSE, &order), "%s was not closed", identity);
    ck_assert(link_ref_same(order.link, link));
    ck_assert_uint_eq(fake_count(FAKE_ACCEPT) + fake_count(FAKE_REJECT), 0);
    ck_assert_uint_eq(handshake_refused(server_fixture->server->handshake), before + 1);
}

START_TEST(one_handshake_is_accepted_once) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", ""),
                                b = server_fixture_join(&server_fixture, "b", "");
    server_fixture_run(&server_fixture); /* it is asked for links */
    expect_let_in(&server_fixture, &a, 1);
    expect_used(&server_fixture, &a, 1);
    expect_let_in(&server_fixture, &b, 1); /* each session counts for itself */
    expect_let_in(&server_fixture, &a, 3);
    expect_let_in(&server_fixture, &a, 2);
    expect_used(&server_fixture, &a, 2);
    expect_used(&server_fixture, &a, 3);
    expect_let_in(&server_fixture, &a, 5000);
    expect_used(&server_fixture, &a, 904); /* too old to be known as new */
    ck_assert_uint_eq(supply_count(server_fixture.server->supply), 5);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(a_session_that_is_over_accepts_no_link) {
    struct server_fixture server_fixture;
    char identity[SESSION_IDENTITY_SIZE];

    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    server_fixture_run(&server_fixture); /* it is asked for links */
    session_key_identify(identity, agent.session, 1);
    server_fixture_lose(&server_fixture, &agent);
    expect_turned_away(&server_fixture, identity, "\"session\"", "no such session");
    expect_turned_away(&server_fixture, agent.session, "\"session\"", "no such session");
    ck_assert_uint_eq(supply_count(server_fixture.server->supply), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(a_session_that_drains_accepts_no_link) {
    struct server_fixture server_fixture;
    char identity[SESSION_IDENTITY_SIZE];

    server_fixture_set(&server_fixture, any, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    server_fixture_run(&server_fixture); /* it is asked for links */
    server_fixture_send_control(&server_fixture, &agent, "{\"op\":\"drain\"}");
    session_key_identify(identity, agent.session, 1);
    expect_turned_away(&server_fixture, identity, "\"session\"", "is draining");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(an_unordered_link_is_rejected) {
    struct server_fixture server_fixture;
    char identity[SESSION_IDENTITY_SIZE];

    server_fixture_set(&server_fixture, any, 1);
    server_fixture.conf->agents.idle_min = 2;
    server_fixture.conf->agents.idle_max = 2;
    server_fixture_open(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    server_fixture_run(&server_fixture); /* it is asked for links */
    expect_let_in(&server_fixture, &agent, 1);
    expect_let_in(&server_fixture, &agent, 2);
    session_key_identify(identity, agent.session, 3);
    expect_turned_away(&server_fixture, identity, "\"busy\"", "no data link was ordered");
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, a_data_link_shakes_hands_by_the_key_of_its_session);
    tcase_add_test(group, renewed_certificates_change_no_key);
    tcase_add_test(group, a_restarted_server_shows_its_certificate);
    return group;
}

static TCase *known(void) {
    TCase *group = tcase_create("known");
    tcase_add_test(group, one_handshake_is_accepted_once);
    tcase_add_test(group, a_session_that_is_over_accepts_no_link);
    tcase_add_test(group, a_session_that_drains_accepts_no_link);
    tcase_add_test(group, an_unordered_link_is_rejected);
    return group;
}

UNIT_MAIN("server/session/session_key", keys, known)
