/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session_key: what WELCOME gives an agent, and the handshakes of its data links, agree with the server's context.
 */
#include "config.h"

#include "lib/tls_pair.h"
#include "proto/session_key.h"
#include "server/reload.h"
#include "server/stage.h"
#include "unit.h"

static const char *const any[] = {NULL};

/* A handshake of a data link with the server's context of now: was it by the session's key? */
static bool comes_by_key(const struct stage *stage, const struct stage_agent *agent) {
    SSL_CTX *context = stage->server->tls;
    uint8_t key[SECRET_SIZE];
    struct pair pair;
    bool by_key;

    SSL_CTX_up_ref(context);
    pair_join(&pair, context, pair_client_context(pair_client_options()), "localhost");
    ck_assert_int_eq(session_key_for_tls(key, agent->key), 0);
    ck_assert_int_eq(tls_offer_key(pair.client, agent->session, key), 0);
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

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, a_data_link_shakes_hands_by_the_key_of_its_session);
    tcase_add_test(group, renewed_certificates_change_no_key);
    tcase_add_test(group, a_restarted_server_shows_its_certificate);
    return group;
}

UNIT_MAIN("server/session_key", keys)
