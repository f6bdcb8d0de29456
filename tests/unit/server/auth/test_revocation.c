/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_revocation: which sessions a review ends, and when the next one is due.
 */
#include "config.h"

#include "server/auth/revocation.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <string.h>

enum { NOW = 2000000000, REVIEW_S = 60 };

/* A server with one agent, by a token of `credential`, whose times a test sets. */
struct reviewed {
    struct server_fixture server_fixture;
    struct server_fixture_agent agent;
    struct auth_policy policy;
    struct credential *credential;
    bool trust_is_new;
};

static void begin(struct reviewed *reviewed) {
    server_fixture_begin(&reviewed->server_fixture);
    reviewed->agent = server_fixture_join(&reviewed->server_fixture, "a", "");
    reviewed->policy = reviewed->server_fixture.server->policy;
    reviewed->credential = (struct credential *)credentials_at(reviewed->policy.credentials, 0);
    reviewed->trust_is_new = false;
    fake_forget(FAKE_CONTROL);
}

static void end(struct reviewed *reviewed) {
    server_fixture_clear(&reviewed->server_fixture);
}

static time_t review(struct reviewed *reviewed, time_t now) {
    const struct server *server = reviewed->server_fixture.server;

    return revocation_review(&reviewed->policy, server->sessions, server->registry, now, &reviewed->trust_is_new);
}

static bool is_connected(const struct reviewed *reviewed) {
    return session_table_find(reviewed->server_fixture.server->sessions, reviewed->agent.tag);
}

static void expect_disconnected(struct reviewed *reviewed, const char *detail) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, reviewed->agent.tag);
    ck_assert_str_eq(order.text, detail);
    ck_assert(!is_connected(reviewed));
}

START_TEST(without_expiry_the_next_review_is_in_a_minute) {
    struct reviewed reviewed;

    begin(&reviewed);
    ck_assert_int_eq(review(&reviewed, NOW), NOW + REVIEW_S);
    ck_assert(is_connected(&reviewed));
    end(&reviewed);
}
END_TEST

START_TEST(next_review_is_at_the_first_expiry_to_come) {
    struct reviewed reviewed;

    begin(&reviewed);
    reviewed.credential->expires = NOW + 20;
    ck_assert_int_eq(review(&reviewed, NOW), NOW + 20);
    reviewed.credential->key_count = 2;
    reviewed.credential->keys[1].until = NOW + 10;
    ck_assert_int_eq(review(&reviewed, NOW), NOW + 10);
    reviewed.credential->keys[1].until = NOW - 10;
    ck_assert_int_eq(review(&reviewed, NOW), NOW + 20);
    reviewed.credential->expires = NOW + REVIEW_S + 1;
    ck_assert_int_eq(review(&reviewed, NOW), NOW + REVIEW_S);
    ck_assert(is_connected(&reviewed));
    end(&reviewed);
}
END_TEST

START_TEST(credential_ends_its_session_in_the_second_of_its_expiry) {
    struct reviewed reviewed;

    begin(&reviewed);
    reviewed.credential->expires = NOW + 1;
    review(&reviewed, NOW);
    ck_assert(is_connected(&reviewed));
    review(&reviewed, NOW + 1);
    expect_disconnected(&reviewed, "its credential has expired");
    end(&reviewed);
}
END_TEST

START_TEST(rotated_token_is_valid_until_its_time_is_over) {
    struct reviewed reviewed;

    begin(&reviewed);
    reviewed.credential->keys[1] = reviewed.credential->keys[0];
    reviewed.credential->keys[1].until = NOW + 10;
    reviewed.credential->keys[0].key[0] ^= 1;
    reviewed.credential->key_count = 2;
    review(&reviewed, NOW + 9);
    ck_assert(is_connected(&reviewed));
    review(&reviewed, NOW + 10);
    expect_disconnected(&reviewed, "its token is no longer valid");
    end(&reviewed);
}
END_TEST

START_TEST(removed_credential_ends_its_session_and_tells_the_agent) {
    struct reviewed reviewed;
    struct fake_order bye;

    begin(&reviewed);
    ck_assert(credentials_remove(reviewed.policy.credentials, reviewed.credential->name));
    review(&reviewed, NOW);
    expect_disconnected(&reviewed, "its credential was revoked");
    ck_assert(fake_take(FAKE_CONTROL, &bye));
    ck_assert_ptr_nonnull(strstr(bye.text, "its credential was revoked"));
    end(&reviewed);
}
END_TEST

START_TEST(token_does_not_suffice_once_a_certificate_is_required) {
    struct reviewed reviewed;

    begin(&reviewed);
    reviewed.server_fixture.conf->agents.require = CONFIG_REQUIRE_BOTH;
    review(&reviewed, NOW);
    expect_disconnected(&reviewed, "its certificate is no longer that of its credential");
    end(&reviewed);
}
END_TEST

START_TEST(without_authentication_no_session_is_revoked) {
    struct reviewed reviewed;

    begin(&reviewed);
    reviewed.policy.credentials = NULL;
    ck_assert_int_eq(review(&reviewed, NOW), NOW + REVIEW_S);
    ck_assert(is_connected(&reviewed));
    end(&reviewed);
}
END_TEST

/* The session is kept, since its tag is what the next review names to the plane. */
START_TEST(review_that_lacked_memory_is_repeated_a_second_later) {
    struct reviewed reviewed;

    begin(&reviewed);
    reviewed.credential->expires = NOW;
    reviewed.trust_is_new = true;
    fake_fail(FAKE_DISCONNECT, true);
    ck_assert_int_eq(review(&reviewed, NOW), NOW + 1);
    ck_assert(is_connected(&reviewed));
    ck_assert(reviewed.trust_is_new);
    fake_fail(FAKE_DISCONNECT, false);
    ck_assert_int_eq(review(&reviewed, NOW + 1), NOW + 1 + REVIEW_S);
    expect_disconnected(&reviewed, "its credential has expired");
    ck_assert(!reviewed.trust_is_new);
    end(&reviewed);
}
END_TEST

static TCase *revocation_cases(void) {
    TCase *group = tcase_create("revocation");

    tcase_add_test(group, without_expiry_the_next_review_is_in_a_minute);
    tcase_add_test(group, next_review_is_at_the_first_expiry_to_come);
    tcase_add_test(group, credential_ends_its_session_in_the_second_of_its_expiry);
    tcase_add_test(group, rotated_token_is_valid_until_its_time_is_over);
    tcase_add_test(group, removed_credential_ends_its_session_and_tells_the_agent);
    tcase_add_test(group, token_does_not_suffice_once_a_certificate_is_required);
    tcase_add_test(group, without_authentication_no_session_is_revoked);
    tcase_add_test(group, review_that_lacked_memory_is_repeated_a_second_later);
    return group;
}

UNIT_MAIN("server/auth/revocation", revocation_cases)
