/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resumption: which agent goes on with which session, and which gets a new one.
 */
#include "config.h"

#include "proto/auth_proof.h"
#include "proto/features.h"
#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const web[] = {"web"};

static void expect_new_session(struct server_fixture *server_fixture, const struct server_fixture_agent *before,
                               const struct server_fixture_agent *now) {
    ck_assert_uint_ne(now->tag, before->tag);
    ck_assert_str_ne(now->session, before->session);
    ck_assert_mem_ne(now->key, before->key, SECRET_SIZE);
    ck_assert_ptr_nonnull(session_table_find_any(server_fixture->server->sessions, before->tag));
}

START_TEST(session_is_not_resumed_with_other_groups) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    server_fixture_lose(&server_fixture, &a);
    struct server_fixture_agent other = server_fixture_resume(&server_fixture, &a, "");
    expect_new_session(&server_fixture, &a, &other);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* The id is no proof: it is not secret. */
START_TEST(session_is_not_resumed_by_another_agent) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web"), thief = a;
    server_fixture_lose(&server_fixture, &a);
    snprintf(thief.instance, sizeof thief.instance, "00112233445566778899aabbccddeeff");
    thief = server_fixture_resume(&server_fixture, &thief, "web");
    expect_new_session(&server_fixture, &a, &thief);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 0); /* the agent may still come */
    struct server_fixture_agent back = server_fixture_resume(&server_fixture, &a, "web");
    ck_assert_uint_eq(back.tag, a.tag);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(retired_session_is_not_resumed) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    server_fixture_lose(&server_fixture, &a);
    fake_clock_advance(server_fixture.conf->agents.resume_s * 1000);
    registry_tick(server_fixture.server->registry);
    struct server_fixture_agent late = server_fixture_resume(&server_fixture, &a, "web");
    expect_new_session(&server_fixture, &a, &late);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(session_that_is_resumed_is_logged_as_such) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    server_fixture_lose(&server_fixture, &a);
    server_fixture_resume(&server_fixture, &a, "web");
    server_fixture_clear(&server_fixture);
    char *text = unit_read(unit_path("log"), NULL);
    const char *lost = strstr(text, "agent a  connection lost"), *resumed = strstr(text, "agent a  resumed from=");
    ck_assert_msg(lost && resumed && lost < resumed, "%s", text);
    free(text);
}
END_TEST

/* Its links break, and its streams go on: it must not wait longer than they may. */
START_TEST(session_whose_control_link_breaks_again_and_again_is_resumed_each_time) {
    struct server_fixture server_fixture;

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    for (int i = 0; i < 50; i++) {
        uint64_t tag = a.tag;
        server_fixture_lose(&server_fixture, &a);
        fake_clock_advance(2000);
        a = server_fixture_resume(&server_fixture, &a, "web");
        ck_assert_uint_eq(a.tag, tag);
    }
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(session_is_not_resumed_without_a_pause) {
    struct server_fixture server_fixture;
    struct fake_order order;
    uint8_t key[SECRET_SIZE];

    server_fixture_set(&server_fixture, web, 1);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "web");
    server_fixture_lose(&server_fixture, &a);
    a = server_fixture_resume(&server_fixture, &a, "web");
    server_fixture_lose(&server_fixture, &a);
    struct hello hello = {.kind = HELLO_KIND_CONTROL,
                          .protocol = PROTO_VERSION,
                          .credential = server_fixture.token.name,
                          .name = a.name,
                          .group = "web",
                          .instance = a.instance,
                          .resume = a.session,
                          .session = "",
                          .features = FEATURES_ALL};
    auth_token_key(&server_fixture.token, key);
    server_fixture_greet(&server_fixture, &hello, key, AUTH_PROOF_AGENT);
    ck_assert(fake_take(FAKE_REJECT, &order));
    ck_assert_ptr_nonnull(strstr(order.text, "resumed a moment ago"));
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *resumption(void) {
    TCase *group = tcase_create("resumption");

    tcase_add_test(group, session_is_not_resumed_with_other_groups);
    tcase_add_test(group, session_is_not_resumed_by_another_agent);
    tcase_add_test(group, retired_session_is_not_resumed);
    tcase_add_test(group, session_that_is_resumed_is_logged_as_such);
    tcase_add_test(group, session_whose_control_link_breaks_again_and_again_is_resumed_each_time);
    tcase_add_test(group, session_is_not_resumed_without_a_pause);
    return group;
}

UNIT_MAIN("server/auth/resumption", resumption)
