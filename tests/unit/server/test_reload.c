/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reload: files that change while the server runs (trust_files_check), and sessions that were authenticated by
 * their former content.
 */
#include "config.h"

#include "conf/credentials.h"
#include "lib/base/clock.h"
#include "lib/base/file.h"
#include "lib/net/sock.h"
#include "server/reload.h"
#include "server/server_fixture.h"
#include "server/session/session.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { YEAR_S = 365 * 24 * 3600 };

static const char *const any[] = {NULL};
static const char *const web[] = {"web"};

static void open_fixture(struct server_fixture *server_fixture, const char *const *groups) {
    server_fixture_set(server_fixture, groups, 1);
    server_fixture_open(server_fixture);
}

static size_t agents_of(const struct server_fixture *server_fixture) {
    return session_table_count(server_fixture->server->sessions);
}

/* Changes the agents file by `change` and lets the server look. */
static void change_agents(struct server_fixture *server_fixture, void (*change)(struct credentials *credentials)) {
    struct error error;
    const char *path = server_fixture->conf->agents.tokens;
    struct credentials *credentials = credentials_read(path, &error);

    ck_assert_msg(credentials, "%s", error.text);
    change(credentials);
    ck_assert_msg(credentials_write(credentials, path, &error) == 0, "%s", error.text);
    credentials_free(credentials);
    reload_check(server_fixture->server->reload);
}

static struct credential *only_one(struct credentials *credentials) {
    return (struct credential *)credentials_at(credentials, 0);
}

static void revoke(struct credentials *credentials) {
    ck_assert(credentials_remove(credentials, only_one(credentials)->name));
}

static void make_new_token(struct credentials *credentials) {
    only_one(credentials)->keys[0].key[0] ^= 1;
}

static void rotate(struct credentials *credentials) { /* old and new side by side */
    struct credential *credential = only_one(credentials);

    credential->keys[1] = credential->keys[0];
    credential->keys[1].until = time(NULL) + 3600;
    credential->keys[0].key[0] ^= 1;
    credential->key_count = 2;
}

static void take_web_away(struct credentials *credentials) {
    strlist_done(&only_one(credentials)->groups);
    ck_assert_int_eq(strlist_add(&only_one(credentials)->groups, "mail"), 0);
}

static void expire(struct credentials *credentials) {
    only_one(credentials)->expires = time(NULL) + 2;
}

static void expire_in_a_year(struct credentials *credentials) {
    only_one(credentials)->expires = time(NULL) + YEAR_S;
}

static void touch(struct credentials *credentials) {
    (void)credentials;
}

START_TEST(revoked_credential_ends_all_links_of_its_agents) {
    struct server_fixture server_fixture;
    struct fake_order order;

    open_fixture(&server_fixture, any);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    change_agents(&server_fixture, revoke);
    ck_assert_uint_eq(agents_of(&server_fixture), 0);
    ck_assert(fake_take(FAKE_CONTROL, &order)); /* before its link is closed, so that the agent can say why */
    ck_assert(link_ref_same(order.link, agent.control));
    ck_assert_ptr_nonnull(strstr(order.text, "\"bye\""));
    ck_assert_ptr_nonnull(strstr(order.text, "its credential was revoked"));
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, agent.tag);
    ck_assert_str_eq(order.text, "its credential was revoked");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(unchanged_credentials_end_no_session) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    server_fixture_join(&server_fixture, "a", "");
    change_agents(&server_fixture, touch);
    change_agents(&server_fixture, rotate);
    ck_assert_uint_eq(agents_of(&server_fixture), 1);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Revoked and added again between two checks: the name is there, but a session by the old token must end. */
START_TEST(replaced_token_ends_the_session_of_the_old_one) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    server_fixture_join(&server_fixture, "a", "");
    change_agents(&server_fixture, make_new_token);
    ck_assert_uint_eq(agents_of(&server_fixture), 0);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(removed_group_ends_sessions_that_serve_it) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, web);
    server_fixture_join(&server_fixture, "a", "web");
    change_agents(&server_fixture, take_web_away);
    ck_assert_uint_eq(agents_of(&server_fixture), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

static bool is_alone(void *context) {
    struct server_fixture *server_fixture = context;

    reload_check(server_fixture->server->reload);
    return agents_of(server_fixture) == 0;
}

START_TEST(expired_credential_ends_its_links_when_its_time_comes) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    server_fixture_join(&server_fixture, "a", "");
    change_agents(&server_fixture, expire);
    ck_assert_uint_eq(agents_of(&server_fixture), 1);
    ck_assert(unit_run_until(loop_base(server_fixture.server->loop), is_alone, &server_fixture, 5000));
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(broken_agents_file_changes_nothing) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    server_fixture_join(&server_fixture, "a", "");
    const struct credentials *before = server_fixture.server->policy.credentials;
    unit_text_file("agents.json", "{ not JSON");
    for (int i = 0; i < 3; i++)
        reload_check(server_fixture.server->reload);
    ck_assert_uint_eq(agents_of(&server_fixture), 1);
    ck_assert_ptr_eq(server_fixture.server->policy.credentials, before);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(certificates_are_replaced_only_by_ones_that_fit) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    const SSL_CTX *before = server_fixture.server->policy.tls;
    char *key = unit_read(unit_path("server.key"), NULL);
    unit_text_file("server.key", "no key");
    reload_check(server_fixture.server->reload);
    reload_check(server_fixture.server->reload);
    ck_assert_ptr_eq(server_fixture.server->policy.tls, before);
    ck_assert_uint_eq(server_fixture.server->policy.tls_settled_us, 0); /* there was none before it */
    unit_text_file("server.key", key);
    reload_check(server_fixture.server->reload);
    ck_assert_ptr_ne(server_fixture.server->policy.tls, before);
    ck_assert_uint_gt(server_fixture.server->policy.tls_settled_us, clock_us());
    before = server_fixture.server->policy.tls;
    ck_assert_int_eq(chmod(unit_path("server.key"), 0644), 0);
    reload_check(server_fixture.server->reload);
    reload_check(server_fixture.server->reload);
    ck_assert_ptr_eq(server_fixture.server->policy.tls, before);
    free(key);
    server_fixture_clear(&server_fixture);
}
END_TEST

static bool has_read(void *context) {
    struct server_fixture *server_fixture = context;

    return credentials_count(server_fixture->server->policy.credentials) == 0;
}

START_TEST(many_signals_are_one) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    const SSL_CTX *first = server_fixture.server->policy.tls;
    for (int i = 0; i < 1000; i++)
        reload_request(server_fixture.server->reload);
    unit_text_file("agents.json", "{\"agents\":[]}");
    ck_assert(unit_run_until(loop_base(server_fixture.server->loop), has_read, &server_fixture, 3000));
    const SSL_CTX *second = server_fixture.server->policy.tls;
    ck_assert_ptr_ne(second, first);
    for (int i = 0; i < 1000; i++)
        reload_request(server_fixture.server->reload);
    server_fixture_run(&server_fixture); /* not at once: a second must pass first */
    ck_assert_ptr_eq(server_fixture.server->policy.tls, second);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* Its control link is gone; `count` clients of it run on. */
static struct server_fixture_agent lose_with_clients(struct server_fixture *server_fixture, struct fake_order *served,
                                                     int *fds, size_t count) {
    struct server_fixture_agent agent = server_fixture_join_ready(server_fixture, "a");

    for (size_t i = 0; i < count; i++)
        fds[i] = server_fixture_client(server_fixture, 0, &served[i]);
    server_fixture_lose(server_fixture, &agent);
    ck_assert_uint_eq(agents_of(server_fixture), 0);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    return agent;
}

static void end_client(const struct fake_order *served, int fd) {
    fake_give_back(served, CLIENT_ENDED);
    sock_close(fd);
}

START_TEST(revoked_credential_ends_relays_whose_session_has_lost_its_control_link) {
    struct server_fixture server_fixture;
    struct fake_order served[2], order;
    int fds[2];

    open_fixture(&server_fixture, any);
    struct server_fixture_agent agent = lose_with_clients(&server_fixture, served, fds, 2);
    end_client(&served[0], fds[0]);
    fake_forget(FAKE_CONTROL);
    change_agents(&server_fixture, revoke);
    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, agent.tag);
    ck_assert_str_eq(order.text, "its credential was revoked");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0); /* there is no control link to say good-bye on */
    reload_check(server_fixture.server->reload);
    change_agents(&server_fixture, touch); /* once is enough */
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    end_client(&served[1], fds[1]);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(relays_of_a_session_that_was_replaced_end_with_its_credential) {
    struct server_fixture server_fixture;
    struct fake_order served, order;
    uint64_t tags[2];

    open_fixture(&server_fixture, any);
    struct server_fixture_agent agent = server_fixture_join_ready(&server_fixture, "a");
    int fd = server_fixture_client(&server_fixture, 0, &served);
    struct server_fixture_agent again = server_fixture_join_again(&server_fixture, &agent, "");
    ck_assert_uint_eq(agents_of(&server_fixture), 1);
    change_agents(&server_fixture, revoke);
    for (int i = 0; i < 2; i++) {
        ck_assert(fake_take(FAKE_DISCONNECT, &order));
        tags[i] = order.tag;
    }
    ck_assert(tags[0] == agent.tag || tags[1] == agent.tag);
    ck_assert(tags[0] == again.tag || tags[1] == again.tag);
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

START_TEST(session_that_is_over_is_not_reviewed_any_more) {
    struct server_fixture server_fixture;
    struct fake_order served;
    int fd;

    open_fixture(&server_fixture, any);
    struct server_fixture_agent agent = lose_with_clients(&server_fixture, &served, &fd, 1);
    end_client(&served, fd);
    fake_clock_advance(server_fixture.conf->agents.resume_s * 1000);
    registry_tick(server_fixture.server->registry);
    ck_assert_uint_eq(fake_count(FAKE_RETIRE), 1);
    fake_options()->events->on_session_over(fake_options()->context, agent.tag);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 1); /* the data link whose end was not reported */
    fake_forget(FAKE_DISCONNECT);
    change_agents(&server_fixture, revoke);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(expired_credential_ends_relays_without_a_control_link) {
    struct server_fixture server_fixture;
    struct fake_order served;
    int fd;

    open_fixture(&server_fixture, any);
    lose_with_clients(&server_fixture, &served, &fd, 1);
    change_agents(&server_fixture, expire);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 0);
    fake_wall_jump(2);
    reload_check(server_fixture.server->reload);
    ck_assert_uint_eq(fake_count(FAKE_DISCONNECT), 1);
    server_fixture_end(&server_fixture, fd, &served);
}
END_TEST

static TCase *agents_file(void) {
    TCase *group = tcase_create("agents file");

    tcase_add_test(group, revoked_credential_ends_all_links_of_its_agents);
    tcase_add_test(group, unchanged_credentials_end_no_session);
    tcase_add_test(group, replaced_token_ends_the_session_of_the_old_one);
    tcase_add_test(group, removed_group_ends_sessions_that_serve_it);
    tcase_add_test(group, expired_credential_ends_its_links_when_its_time_comes);
    tcase_add_test(group, broken_agents_file_changes_nothing);
    return group;
}

static TCase *sessions_that_are_over(void) {
    TCase *group = tcase_create("sessions that are over");

    tcase_add_test(group, revoked_credential_ends_relays_whose_session_has_lost_its_control_link);
    tcase_add_test(group, relays_of_a_session_that_was_replaced_end_with_its_credential);
    tcase_add_test(group, session_that_is_over_is_not_reviewed_any_more);
    tcase_add_test(group, expired_credential_ends_relays_without_a_control_link);
    return group;
}

/* A clock that ran ahead, then is set right: what expires meanwhile must be noticed all the same. */
START_TEST(clock_that_is_set_back_delays_no_review) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    fake_wall_jump(10 * YEAR_S);
    server_fixture_join(&server_fixture, "a", "");
    reload_check(server_fixture.server->reload);
    fake_wall_jump(-10 * YEAR_S);
    struct credential *credential = only_one(server_fixture.server->policy.credentials);
    credential->expires = time(NULL) - 1; /* as if a review had been due */
    fake_clock_advance(61 * 1000);
    reload_check(server_fixture.server->reload);
    ck_assert_uint_eq(agents_of(&server_fixture), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(clock_that_is_set_forward_ends_what_has_expired_at_once) {
    struct server_fixture server_fixture;

    open_fixture(&server_fixture, any);
    server_fixture_join(&server_fixture, "a", "");
    change_agents(&server_fixture, expire_in_a_year);
    reload_check(server_fixture.server->reload);
    ck_assert_uint_eq(agents_of(&server_fixture), 1);
    fake_wall_jump(2 * YEAR_S); /* a suspended machine wakes up: its monotonic clock stood still */
    reload_check(server_fixture.server->reload);
    ck_assert_uint_eq(agents_of(&server_fixture), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *review_time(void) {
    TCase *group = tcase_create("time of the review");

    tcase_add_test(group, clock_that_is_set_back_delays_no_review);
    tcase_add_test(group, clock_that_is_set_forward_ends_what_has_expired_at_once);
    return group;
}

static TCase *certificates(void) {
    TCase *group = tcase_create("certificates");

    tcase_add_test(group, certificates_are_replaced_only_by_ones_that_fit);
    tcase_add_test(group, many_signals_are_one);
    return group;
}

UNIT_MAIN("server/reload", agents_file, sessions_that_are_over, review_time, certificates)
