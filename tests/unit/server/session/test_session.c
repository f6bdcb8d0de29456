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

static const uint8_t key[SECRET_SIZE] = {1}, other_key[SECRET_SIZE] = {2};

static struct session_options options_of(const uint8_t *token_key, const struct strlist *groups) {
    static const struct addr peer;

    return (struct session_options){.name = "web1",
                                    .instance = "00112233445566778899aabbccddeeff",
                                    .credential = "web",
                                    .key = token_key,
                                    .serves_all = !groups,
                                    .groups = groups,
                                    .threads = 2,
                                    .peer = &peer};
}

static struct session *make(const uint8_t *token_key, const struct strlist *groups) {
    const struct session_options options = options_of(token_key, groups);
    struct session *session = session_new(&options);

    ck_assert_ptr_nonnull(session);
    return session;
}

static void add_link(struct session *session, unsigned thread, bool is_exclusive) {
    const struct carrier_role role = {0, thread, is_exclusive};

    carriers_accepted(session_carriers(session), &role);
    carriers_added(session_carriers(session), &role);
}

static void remove_link(struct session *session, unsigned thread, bool is_exclusive) {
    carriers_removed(session_carriers(session), &(struct carrier_role){0, thread, is_exclusive});
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

START_TEST(sessions_have_keys_of_their_own) {
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

START_TEST(client_goes_to_each_thread_with_a_shared_link_in_turn) {
    struct session *session = make(NULL, NULL);

    ck_assert(!session_can_take(session, S));
    add_link(session, 0, true);
    ck_assert(!session_can_take(session, S)); /* OPEN goes by shared ones only */
    add_link(session, 1, false);
    ck_assert(session_can_take(session, S));
    ck_assert_uint_eq(session_take_client(session), 1);
    ck_assert_uint_eq(session_take_client(session), 1);
    add_link(session, 0, false);
    for (unsigned i = 0; i < 4; i++)
        ck_assert_uint_eq(session_take_client(session), i % 2);
    ck_assert_uint_eq(session_client_count(session), 6);
    remove_link(session, 1, false);
    ck_assert_uint_eq(session_take_client(session), 0);
    ck_assert_uint_eq(session_take_client(session), 0);
    remove_link(session, 0, false);
    ck_assert(!session_can_take(session, S));
    session_free(session);
}
END_TEST

START_TEST(backoff_keeps_clients_from_the_agent) {
    struct session *session = make(NULL, NULL);

    add_link(session, 0, false);
    session_back_off(session, 2 * S);
    ck_assert(!session_can_take(session, 2 * S - 1));
    ck_assert(session_can_take(session, 2 * S));
    session_take_client(session);
    session_client_left(session);
    session_client_left(session); /* not below none */
    ck_assert_uint_eq(session_client_count(session), 0);
    session_free(session);
}
END_TEST

START_TEST(suspended_session_takes_no_clients_until_it_is_resumed) {
    struct session *session = make(key, NULL);
    struct session_options again = options_of(other_key, NULL);
    const struct link_ref old = {.slot = 1, .generation = 1};

    again.control = (struct link_ref){.slot = 2, .generation = 1};
    add_link(session, 0, false);
    session_announcement(session)->answered_id = 7;
    session_liveness(session)->is_silent = true;
    session_suspend(session, 0);
    ck_assert(!session_is_connected(session) && !session_can_take(session, S));
    ck_assert(!link_ref_same(session_control(session), old));
    ck_assert(!session_is_silent(session));
    ck_assert(session_resume(session, &again));
    ck_assert(session_is_connected(session) && session_can_take(session, S));
    ck_assert(link_ref_same(session_control(session), again.control));
    ck_assert_uint_eq(session_announcement(session)->answered_id, 0);
    ck_assert(session_has_token_key(session, other_key) && !session_has_token_key(session, key));
    session_free(session);
}
END_TEST

/* The process of the agent is the same, and it ends. */
START_TEST(session_that_was_drained_here_is_undrained_by_its_next_connection) {
    struct session *session = make(NULL, NULL);
    const struct session_options again = options_of(NULL, NULL);

    add_link(session, 0, false);
    session_drain_here(session);
    ck_assert(session_is_draining(session) && session_is_drained_here(session));
    session_undrain(session);
    session_suspend(session, 0);
    ck_assert(session_resume(session, &again));
    ck_assert(!session_is_draining(session) && session_can_take(session, S));
    ck_assert(!session_announcement(session)->is_over);
    session_drain_here(session);
    session_drain(session); /* its agent drains, too: it would not take clients */
    ck_assert(!session_is_drained_here(session));
    session_free(session);
}
END_TEST

START_TEST(draining_session_is_resumed_as_one) {
    struct session *session = make(NULL, NULL);
    const struct session_options again = options_of(NULL, NULL);

    add_link(session, 0, false);
    session_suspend(session, 0);
    session_drain(session);
    ck_assert(session_is_draining(session) && !session_is_connected(session));
    ck_assert(session_resume(session, &again));
    ck_assert(session_is_draining(session) && session_is_connected(session) && !session_can_take(session, S));
    ck_assert(session_announcement(session)->is_over);
    session_free(session);
}
END_TEST

START_TEST(suspended_session_is_abandoned_when_its_time_is_over_and_nothing_goes_on) {
    struct session *session = make(NULL, NULL);

    add_link(session, 0, true);
    add_link(session, 0, false);
    ck_assert(!session_is_abandoned(session, UINT64_MAX)); /* it is connected */
    session_take_client(session);
    session_suspend(session, 2 * S);
    ck_assert(!session_is_abandoned(session, 2 * S)); /* its client goes on */
    remove_link(session, 0, false);
    ck_assert(!session_is_abandoned(session, 2 * S));
    remove_link(session, 0, true);
    ck_assert(!session_is_abandoned(session, 2 * S - 1));
    ck_assert(session_is_abandoned(session, 2 * S));
    add_link(session, 0, false);
    session_client_left(session);
    ck_assert(session_is_abandoned(session, 2 * S));
    session_retire(session);
    ck_assert(!session_is_abandoned(session, 2 * S));
    session_free(session);
}
END_TEST

START_TEST(session_is_of_the_same_agent_with_the_same_rights_only) {
    char web[] = "web", db[] = "db", *both[] = {web, db}, *turned[] = {db, web};
    const struct strlist groups = {both, 2}, same = {turned, 2}, fewer = {both, 1};
    struct session *session = make(NULL, &groups);
    struct session_options options = options_of(NULL, &same);

    ck_assert(session_is_of(session, &options));
    options.groups = &fewer;
    ck_assert(!session_is_of(session, &options));
    options = options_of(NULL, NULL);
    ck_assert(!session_is_of(session, &options));
    options = options_of(NULL, &groups);
    options.name = "web2";
    ck_assert(!session_is_of(session, &options));
    options = options_of(NULL, &groups);
    options.credential = "db";
    ck_assert(!session_is_of(session, &options));
    options = options_of(NULL, &groups);
    options.instance = "00112233445566778899aabbccddeef0";
    ck_assert(!session_is_of(session, &options));
    session_free(session);
}
END_TEST

START_TEST(retired_session_is_never_live_again) {
    struct session *session = make(NULL, NULL);
    const struct session_options again = options_of(NULL, NULL);

    session_suspend(session, 0);
    session_retire(session);
    session_resume(session, &again); /* aborts: SIGABRT is expected */
    session_free(session);
}
END_TEST

static TCase *session_cases(void) {
    TCase *group = tcase_create("session");

    tcase_add_test(group, token_key_is_recognised_without_being_kept);
    tcase_add_test(group, sessions_have_keys_of_their_own);
    tcase_add_test(group, groups_decide_what_it_serves);
    tcase_add_test(group, client_goes_to_each_thread_with_a_shared_link_in_turn);
    tcase_add_test(group, backoff_keeps_clients_from_the_agent);
    return group;
}

static TCase *suspended(void) {
    TCase *group = tcase_create("suspended");

    tcase_add_test(group, suspended_session_takes_no_clients_until_it_is_resumed);
    tcase_add_test(group, session_that_was_drained_here_is_undrained_by_its_next_connection);
    tcase_add_test(group, draining_session_is_resumed_as_one);
    tcase_add_test(group, suspended_session_is_abandoned_when_its_time_is_over_and_nothing_goes_on);
    tcase_add_test(group, session_is_of_the_same_agent_with_the_same_rights_only);
    if (!getenv("CK_FORK")) /* without a process of its own the signal would end this one */
        tcase_add_test_raise_signal(group, retired_session_is_never_live_again, SIGABRT);
    return group;
}

UNIT_MAIN("server/session/session", session_cases, suspended)
