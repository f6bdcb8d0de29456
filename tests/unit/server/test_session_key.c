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
#include "server/stage.h"
#include "unit.h"

#include <string.h>

static const char *const any[] = {NULL};

/* A handshake of a data link with the server's context of now: was it by the session's key? */
static bool comes_by_key(const struct stage *stage, const struct stage_agent *agent) {
    SSL_CTX *context = stage->server->tls;
    uint8_t key[SECRET_SIZE];
    char identity[SESSION_IDENTITY_SIZE];
    struct pair pair;
    bool by_key;

    SSL_CTX_up_ref(context);
    pair_join(&pair, context, pair_client_context(pair_client_options()), "localhost");
    ck_assert_int_eq(session_key_for_tls(key, agent->key), 0);
    session_key_identify(identity, agent->session, 1);
    ck_assert_int_eq(tls_offer_key(pair.client, identity, key), 0);
    pair_shake(&pair);
    pair_check_words("the client", &pair.client_why, NULL);
    pair_check_words("the server", &pair.server_why, NULL);
    ck_assert(pair.client_done && pair.server_done);
    by_key = tls_came_by_key(pair.client);
    ck_assert_int_eq(tls_came_by_key(pair.server), by_key);
    pair_part(&pair);
    return by_key;
}

START_TEST(a_data_link_shakes_hands_by_the_key_of_its_session) {
    struct stage stage;

    stage_set(&stage, any, 1);
    stage_open(&stage);
    struct stage_agent a = stage_join(&stage, "a", ""), b = stage_join(&stage, "b", "");
    ck_assert_str_ne(a.session, b.session);
    ck_assert_mem_ne(a.key, b.key, SECRET_SIZE);
    ck_assert(comes_by_key(&stage, &a));
    ck_assert(comes_by_key(&stage, &b));
    stage_clear(&stage);
}
END_TEST

START_TEST(renewed_certificates_change_no_key) {
    struct stage stage;

    stage_set(&stage, any, 1);
    stage_open(&stage);
    struct stage_agent agent = stage_join(&stage, "a", "");
    const SSL_CTX *old = stage.server->tls;
    pair_make(PKI_SERVER, "localhost", 9, server_pem, server_key);
    reload_look(stage.server->reload);
    ck_assert_ptr_ne(stage.server->tls, old);
    ck_assert(comes_by_key(&stage, &agent));
    stage_clear(&stage);
}
END_TEST

START_TEST(a_restarted_server_shows_its_certificate) {
    struct stage stage;

    stage_set(&stage, any, 1);
    stage_open(&stage);
    struct stage_agent agent = stage_join(&stage, "a", "");
    stage_clear(&stage);
    stage_set(&stage, any, 1);
    stage_open(&stage);
    ck_assert(!comes_by_key(&stage, &agent));
    stage_clear(&stage);
}
END_TEST

/* ---- what is said of such a link ---- */

static void expect_let_in(struct stage *stage, const struct stage_agent *agent, uint64_t number) {
    char identity[SESSION_IDENTITY_SIZE];
    struct fake_order order;

    session_key_identify(identity, agent->session, number);
    struct link_ref link = stage_greet_known(stage, identity);
    ck_assert_msg(fake_take(FAKE_ACCEPT, &order), "%s was not let in", identity);
    ck_assert(link_ref_same(order.link, link) && !order.flag && order.tag == agent->tag);
    ck_assert_uint_eq(fake_count(FAKE_REJECT), 0);
    stage_idle(stage, agent, link);
}

static void expect_turned_away(struct stage *stage, const char *identity, const char *code, const char *words) {
    unsigned long long before = stage->server->greetings_refused;
    struct fake_order order;
    struct link_ref link = stage_greet_known(stage, identity);

    ck_assert_msg(fake_take(FAKE_REJECT, &order), "%s was not turned away", identity);
    ck_assert(link_ref_same(order.link, link));
    ck_assert_msg(strstr(order.text, code) && strstr(order.text, words), "%s: %s", identity, order.text);
    ck_assert_uint_eq(fake_count(FAKE_ACCEPT), 0);
    ck_assert_uint_eq(stage->server->greetings_refused, before + 1);
}

/* Closed without a word: who repeats what he saw could not read it. */
static void expect_used(struct stage *stage, const struct stage_agent *agent, uint64_t number) {
    unsigned long long before = stage->server->greetings_refused;
    char identity[SESSION_IDENTITY_SIZE];
    struct fake_order order;

    session_key_identify(identity, agent->session, number);
    struct link_ref link = stage_greet_known(stage, identity);
    ck_assert_msg(fake_take(FAKE_CLOSE, &order), "%s was not closed", identity);
    ck_assert(link_ref_same(order.link, link));
    ck_assert_uint_eq(fake_count(FAKE_ACCEPT) + fake_count(FAKE_REJECT), 0);
    ck_assert_uint_eq(stage->server->greetings_refused, before + 1);
}

START_TEST(a_handshake_lets_in_one_link_once) {
    struct stage stage;

    stage_set(&stage, any, 1);
    stage_open(&stage);
    struct stage_agent a = stage_join(&stage, "a", ""), b = stage_join(&stage, "b", "");
    stage_run(&stage); /* it is asked for links */
    expect_let_in(&stage, &a, 1);
    expect_used(&stage, &a, 1);
    expect_let_in(&stage, &b, 1); /* each session counts for itself */
    expect_let_in(&stage, &a, 3);
    expect_let_in(&stage, &a, 2);
    expect_used(&stage, &a, 2);
    expect_used(&stage, &a, 3);
    expect_let_in(&stage, &a, 5000);
    expect_used(&stage, &a, 904); /* too old to be known as new */
    ck_assert_uint_eq(stage.server->data_links, 5);
    stage_clear(&stage);
}
END_TEST

START_TEST(a_session_that_is_over_lets_in_none) {
    struct stage stage;
    char identity[SESSION_IDENTITY_SIZE];

    stage_set(&stage, any, 1);
    stage_open(&stage);
    struct stage_agent agent = stage_join(&stage, "a", "");
    stage_run(&stage); /* it is asked for links */
    session_key_identify(identity, agent.session, 1);
    stage_lose(&stage, &agent);
    expect_turned_away(&stage, identity, "\"session\"", "no such session");
    expect_turned_away(&stage, agent.session, "\"session\"", "no such session");
    ck_assert_uint_eq(stage.server->data_links, 0);
    stage_clear(&stage);
}
END_TEST

START_TEST(a_session_that_leaves_lets_in_none) {
    struct stage stage;
    char identity[SESSION_IDENTITY_SIZE];

    stage_set(&stage, any, 1);
    stage_open(&stage);
    struct stage_agent agent = stage_join(&stage, "a", "");
    stage_run(&stage); /* it is asked for links */
    stage_tell(&stage, &agent, "{\"op\":\"drain\"}");
    session_key_identify(identity, agent.session, 1);
    expect_turned_away(&stage, identity, "\"session\"", "gets no more clients");
    stage_clear(&stage);
}
END_TEST

START_TEST(a_link_that_nobody_asked_for_is_turned_away) {
    struct stage stage;
    char identity[SESSION_IDENTITY_SIZE];

    stage_set(&stage, any, 1);
    stage.conf->agents.idle_min = 2;
    stage.conf->agents.idle_max = 2;
    stage_open(&stage);
    struct stage_agent agent = stage_join(&stage, "a", "");
    stage_run(&stage); /* it is asked for links */
    expect_let_in(&stage, &agent, 1);
    expect_let_in(&stage, &agent, 2);
    session_key_identify(identity, agent.session, 3);
    expect_turned_away(&stage, identity, "\"busy\"", "no link was asked for");
    stage_clear(&stage);
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
    tcase_add_test(group, a_handshake_lets_in_one_link_once);
    tcase_add_test(group, a_session_that_is_over_lets_in_none);
    tcase_add_test(group, a_session_that_leaves_lets_in_none);
    tcase_add_test(group, a_link_that_nobody_asked_for_is_turned_away);
    return group;
}

UNIT_MAIN("server/session_key", keys, known)
