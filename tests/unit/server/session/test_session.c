/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_session: what a session serves, whose token it has, and which of its states follow each other.
 */
#include "config.h"

#include "server/session/session.h"
#include "unit.h"

#include <signal.h>
#include <stdlib.h>

#define S 1000000ull

static const uint8_t secret[SECRET_SIZE] = {7}, key[SECRET_SIZE] = {1}, other_key[SECRET_SIZE] = {2};

static struct session *make(const uint8_t *token_key, const struct strlist *groups) {
    static const struct addr peer;
    const struct session_options options = {.name = "web1",
                                            .instance = "00112233445566778899aabbccddeeff",
                                            .credential = "web",
                                            .secret = secret,
                                            .key = token_key,
                                            .serves_all = !groups,
                                            .groups = groups,
                                            .peer = &peer};
    struct session *session = session_new(&options);

    ck_assert_ptr_nonnull(session);
    return session;
}

START_TEST(token_key_is_recognised_without_being_kept) {
    struct session *with = make(key, NULL), *without = make(NULL, NULL);
    static const uint8_t none[SECRET_SIZE];

    ck_assert(session_has_token(with) && session_has_token_key(with, key));
    ck_assert(!session_has_token_key(with, other_key));
    ck_assert(!session_has_token(without) && !session_has_token_key(without, none));
    session_free(with);
    session_free(without);
}
END_TEST

START_TEST(sessions_of_one_secret_have_keys_of_their_own) {
    struct session *a = make(NULL, NULL), *b = make(NULL, NULL);

    ck_assert_str_ne(session_id(a), session_id(b));
    ck_assert_mem_ne(session_key(a), session_key(b), SECRET_SIZE);
    session_free(a);
    session_free(b);
}
END_TEST

START_TEST(groups_decide_what_it_serves) {
    char web[] = "web", db[] = "db", star[] = "*", *both[] = {web, db}, *one[] = {web}, *another[] = {db},
         *all[] = {star};
    const struct strlist groups = {one, 1}, wider = {both, 2}, foreign = {another, 1}, any = {all, 1}, none = {0};
    struct session *web_only = make(NULL, &groups), *everything = make(NULL, NULL);

    ck_assert(session_serves(web_only, &groups) && session_serves(web_only, &wider) && session_serves(web_only, &none));
    ck_assert(!session_serves(web_only, &foreign));
    ck_assert(session_serves(everything, &foreign));
    ck_assert(session_is_within(web_only, &wider) && session_is_within(web_only, &any));
    ck_assert(!session_is_within(web_only, &foreign));
    ck_assert(session_is_within(everything, &any) && !session_is_within(everything, &wider));
    session_free(web_only);
    session_free(everything);
}
END_TEST

START_TEST(retired_session_forgets_its_key) {
    struct session *session = make(NULL, NULL);
    static const uint8_t wiped[SECRET_SIZE];

    ck_assert(!session_is_draining(session) && !session_is_retired(session));
    session_drain(session);
    ck_assert(session_is_draining(session) && !session_is_retired(session));
    session_retire(session);
    ck_assert(session_is_retired(session));
    ck_assert_mem_eq(session_key(session), wiped, SECRET_SIZE);
    session_free(session);
}
END_TEST

START_TEST(retired_session_is_never_live_again) {
    struct session *session = make(NULL, NULL);

    session_retire(session);
    session_drain(session); /* aborts: SIGABRT is expected */
    session_free(session);
}
END_TEST

START_TEST(backoff_keeps_clients_from_idle_links) {
    struct session *session = make(NULL, NULL);
    struct link_ref link = {.slot = 3, .generation = 1};

    ck_assert(!session_can_take(session, S)); /* no link */
    ck_assert(link_pool_put(session_pool(session), link, S));
    session_back_off(session, 2 * S);
    ck_assert(!session_can_take(session, 2 * S - 1));
    ck_assert(session_can_take(session, 2 * S));
    ck_assert(session_take_link(session, &link, 2 * S));
    ck_assert(!session_take_link(session, &link, 2 * S));
    ck_assert_uint_eq(session_client_count(session), 1);
    session_client_left(session);
    session_client_left(session); /* not below none */
    ck_assert_uint_eq(session_client_count(session), 0);
    session_free(session);
}
END_TEST

START_TEST(deficit_is_taken_once) {
    struct session *session = make(NULL, NULL);

    session_add_deficit(session, 2);
    session_add_deficit(session, 3);
    ck_assert_uint_eq(session_take_deficit(session), 5);
    ck_assert_uint_eq(session_take_deficit(session), 0);
    ck_assert(!session_mark(session, true));
    ck_assert(session_mark(session, false));
    session_free(session);
}
END_TEST

START_TEST(spare_target_is_twice_the_peak_within_its_bounds) {
    struct session *session = make(NULL, NULL);
    struct link_ref link;

    for (uint32_t i = 0; i < 10; i++) {
        ck_assert(link_pool_put(session_pool(session), (struct link_ref){.slot = i, .generation = 1}, S));
        ck_assert(session_take_link(session, &link, S));
    }
    ck_assert_uint_eq(session_spare_target(session, 4, 50, S), 20);
    ck_assert_uint_eq(session_spare_target(session, 30, 50, S), 30);
    ck_assert_uint_eq(session_spare_target(session, 4, 12, S), 12);
    session_free(session);
}
END_TEST

static TCase *session_cases(void) {
    TCase *group = tcase_create("session");

    tcase_add_test(group, token_key_is_recognised_without_being_kept);
    tcase_add_test(group, sessions_of_one_secret_have_keys_of_their_own);
    tcase_add_test(group, groups_decide_what_it_serves);
    tcase_add_test(group, retired_session_forgets_its_key);
    if (!getenv("CK_FORK")) /* without a process of its own the signal would end this one */
        tcase_add_test_raise_signal(group, retired_session_is_never_live_again, SIGABRT);
    tcase_add_test(group, backoff_keeps_clients_from_idle_links);
    tcase_add_test(group, deficit_is_taken_once);
    tcase_add_test(group, spare_target_is_twice_the_peak_within_its_bounds);
    return group;
}

UNIT_MAIN("server/session/session", session_cases)
