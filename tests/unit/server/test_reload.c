/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_reload: files that change under a server, and those who were let in by what they said before.
 */
#include "config.h"

#include "conf/credentials.h"
#include "lib/clock.h"
#include "lib/file.h"
#include "lib/sock.h"
#include "server/reload.h"
#include "server/session.h"
#include "server/stage.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { YEAR_S = 365 * 24 * 3600 };

static const char *const any[] = {NULL};
static const char *const web[] = {"web"};

static void open_stage(struct stage *stage, const char *const *groups) {
    stage_set(stage, groups, 1);
    stage_open(stage);
}

static size_t agents_of(const struct stage *stage) {
    return agents_count(stage->server->agents);
}

/* Changes the agents file by `change` and lets the server look. */
static void change_agents(struct stage *stage, void (*change)(struct credentials *credentials)) {
    struct error error;
    const char *path = stage->conf->agents.tokens;
    struct credentials *credentials = credentials_read(path, &error);

    ck_assert_msg(credentials != NULL, "%s", error.text);
    change(credentials);
    ck_assert_msg(credentials_write(credentials, path, &error) == 0, "%s", error.text);
    credentials_free(credentials);
    reload_look(stage->server->reload);
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
    conf_list_done(&only_one(credentials)->groups);
    ck_assert_int_eq(conf_list_add(&only_one(credentials)->groups, "mail"), 0);
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
    struct stage stage;
    struct fake_order order;

    open_stage(&stage, any);
    struct stage_agent agent = stage_join(&stage, "a", "");
    change_agents(&stage, revoke);
    ck_assert_uint_eq(agents_of(&stage), 0);
    ck_assert(fake_take(FAKE_TELL, &order)); /* before its link is closed, so that the agent can say why */
    ck_assert(link_ref_same(order.link, agent.control));
    ck_assert_ptr_nonnull(strstr(order.text, "\"bye\""));
    ck_assert_ptr_nonnull(strstr(order.text, "its credential was revoked"));
    ck_assert(fake_take(FAKE_EXPEL, &order));
    ck_assert_uint_eq(order.tag, agent.tag);
    ck_assert_str_eq(order.text, "its credential was revoked");
    stage_clear(&stage);
}
END_TEST

START_TEST(file_that_says_the_same_costs_nobody_his_link) {
    struct stage stage;

    open_stage(&stage, any);
    stage_join(&stage, "a", "");
    change_agents(&stage, touch);
    change_agents(&stage, rotate);
    ck_assert_uint_eq(agents_of(&stage), 1);
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 0);
    stage_clear(&stage);
}
END_TEST

/* Revoked and added again between two looks: the name is there, but he who holds the old token must go. */
START_TEST(same_name_with_a_new_token_is_somebody_else) {
    struct stage stage;

    open_stage(&stage, any);
    stage_join(&stage, "a", "");
    change_agents(&stage, make_new_token);
    ck_assert_uint_eq(agents_of(&stage), 0);
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 1);
    stage_clear(&stage);
}
END_TEST

START_TEST(group_that_was_taken_away_ends_who_serves_it) {
    struct stage stage;

    open_stage(&stage, web);
    stage_join(&stage, "a", "web");
    change_agents(&stage, take_web_away);
    ck_assert_uint_eq(agents_of(&stage), 0);
    stage_clear(&stage);
}
END_TEST

static bool is_alone(void *context) {
    struct stage *stage = context;

    reload_look(stage->server->reload);
    return agents_of(stage) == 0;
}

START_TEST(expired_credential_ends_its_links_when_its_time_comes) {
    struct stage stage;

    open_stage(&stage, any);
    stage_join(&stage, "a", "");
    change_agents(&stage, expire);
    ck_assert_uint_eq(agents_of(&stage), 1);
    ck_assert(unit_run_until(loop_base(stage.server->loop), is_alone, &stage, 5000));
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 1);
    stage_clear(&stage);
}
END_TEST

START_TEST(broken_agents_file_changes_nothing) {
    struct stage stage;

    open_stage(&stage, any);
    stage_join(&stage, "a", "");
    const struct credentials *before = stage.server->credentials;
    unit_text_file("agents.json", "{ not JSON");
    for (int i = 0; i < 3; i++)
        reload_look(stage.server->reload);
    ck_assert_uint_eq(agents_of(&stage), 1);
    ck_assert_ptr_eq(stage.server->credentials, before);
    stage_clear(&stage);
}
END_TEST

START_TEST(certificates_are_replaced_only_by_ones_that_fit) {
    struct stage stage;

    open_stage(&stage, any);
    const SSL_CTX *before = stage.server->tls;
    char *key = unit_read(unit_path("server.key"), NULL);
    unit_text_file("server.key", "no key");
    reload_look(stage.server->reload);
    reload_look(stage.server->reload);
    ck_assert_ptr_eq(stage.server->tls, before);
    ck_assert_uint_eq(stage.server->tls_settled_us, 0); /* there was none before it */
    unit_text_file("server.key", key);
    reload_look(stage.server->reload);
    ck_assert_ptr_ne(stage.server->tls, before);
    ck_assert_uint_gt(stage.server->tls_settled_us, clock_us());
    before = stage.server->tls;
    ck_assert_int_eq(chmod(unit_path("server.key"), 0644), 0);
    reload_look(stage.server->reload);
    reload_look(stage.server->reload);
    ck_assert_ptr_eq(stage.server->tls, before);
    free(key);
    stage_clear(&stage);
}
END_TEST

static bool has_read(void *context) {
    struct stage *stage = context;

    return credentials_count(stage->server->credentials) == 0;
}

START_TEST(many_signals_are_one) {
    struct stage stage;

    open_stage(&stage, any);
    const SSL_CTX *first = stage.server->tls;
    for (int i = 0; i < 1000; i++)
        server_reload(stage.server);
    unit_text_file("agents.json", "{\"agents\":[]}");
    ck_assert(unit_run_until(loop_base(stage.server->loop), has_read, &stage, 3000));
    const SSL_CTX *second = stage.server->tls;
    ck_assert_ptr_ne(second, first);
    for (int i = 0; i < 1000; i++)
        server_reload(stage.server);
    stage_run(&stage); /* not at once: a second must pass first */
    ck_assert_ptr_eq(stage.server->tls, second);
    stage_clear(&stage);
}
END_TEST

/* Its control link is gone; `count` clients of it run on. */
static struct stage_agent lose_with_clients(struct stage *stage, struct fake_order *served, int *fds, size_t count) {
    struct stage_agent agent = stage_join_with(stage, "a", count);

    for (size_t i = 0; i < count; i++)
        fds[i] = stage_client(stage, 0, &served[i]);
    stage_lose(stage, &agent);
    ck_assert_uint_eq(agents_of(stage), 0);
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 0);
    return agent;
}

static void end_client(struct stage_agent *agent, const struct fake_order *served, int fd) {
    fake_give_back(served, CLIENT_ENDED, agent->tag);
    sock_close(fd);
}

START_TEST(revoked_credential_ends_relays_whose_session_has_lost_its_control_link) {
    struct stage stage;
    struct fake_order served[2], order;
    int fds[2];

    open_stage(&stage, any);
    struct stage_agent agent = lose_with_clients(&stage, served, fds, 2);
    end_client(&agent, &served[0], fds[0]);
    fake_forget(FAKE_TELL);
    change_agents(&stage, revoke);
    ck_assert(fake_take(FAKE_EXPEL, &order));
    ck_assert_uint_eq(order.tag, agent.tag);
    ck_assert_str_eq(order.text, "its credential was revoked");
    ck_assert_uint_eq(fake_count(FAKE_TELL), 0); /* there is no control link to say good-bye on */
    reload_look(stage.server->reload);
    change_agents(&stage, touch); /* once is enough */
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 0);
    end_client(&agent, &served[1], fds[1]);
    stage_clear(&stage);
}
END_TEST

START_TEST(relays_of_a_session_that_was_replaced_end_with_its_credential) {
    struct stage stage;
    struct fake_order served, order;
    uint64_t tags[2];

    open_stage(&stage, any);
    struct stage_agent agent = stage_join_with(&stage, "a", 1);
    int fd = stage_client(&stage, 0, &served);
    struct stage_agent again = stage_join_again(&stage, &agent, "");
    ck_assert_uint_eq(agents_of(&stage), 1);
    change_agents(&stage, revoke);
    for (int i = 0; i < 2; i++) {
        ck_assert(fake_take(FAKE_EXPEL, &order));
        tags[i] = order.tag;
    }
    ck_assert(tags[0] == agent.tag || tags[1] == agent.tag);
    ck_assert(tags[0] == again.tag || tags[1] == again.tag);
    stage_end(&stage, fd, &served, agent.tag);
}
END_TEST

START_TEST(session_is_forgotten_with_its_last_relay) {
    struct stage stage;
    struct fake_order served[2];
    int fds[2];

    open_stage(&stage, any);
    struct stage_agent agent = lose_with_clients(&stage, served, fds, 2);
    end_client(&agent, &served[0], fds[0]);
    ck_assert_ptr_nonnull(agents_first_reviewed(stage.server->agents));
    end_client(&agent, &served[1], fds[1]);
    ck_assert_ptr_null(agents_first_reviewed(stage.server->agents));
    change_agents(&stage, revoke);
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 0);
    stage_clear(&stage);
}
END_TEST

START_TEST(expired_credential_ends_relays_without_a_control_link) {
    struct stage stage;
    struct fake_order served;
    int fd;

    open_stage(&stage, any);
    struct stage_agent agent = lose_with_clients(&stage, &served, &fd, 1);
    change_agents(&stage, expire);
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 0);
    fake_wall_jump(2);
    reload_look(stage.server->reload);
    ck_assert_uint_eq(fake_count(FAKE_EXPEL), 1);
    stage_end(&stage, fd, &served, agent.tag);
}
END_TEST

static TCase *agents_file(void) {
    TCase *group = tcase_create("agents file");

    tcase_add_test(group, revoked_credential_ends_all_links_of_its_agents);
    tcase_add_test(group, file_that_says_the_same_costs_nobody_his_link);
    tcase_add_test(group, same_name_with_a_new_token_is_somebody_else);
    tcase_add_test(group, group_that_was_taken_away_ends_who_serves_it);
    tcase_add_test(group, expired_credential_ends_its_links_when_its_time_comes);
    tcase_add_test(group, broken_agents_file_changes_nothing);
    return group;
}

static TCase *sessions_that_are_over(void) {
    TCase *group = tcase_create("sessions that are over");

    tcase_add_test(group, revoked_credential_ends_relays_whose_session_has_lost_its_control_link);
    tcase_add_test(group, relays_of_a_session_that_was_replaced_end_with_its_credential);
    tcase_add_test(group, session_is_forgotten_with_its_last_relay);
    tcase_add_test(group, expired_credential_ends_relays_without_a_control_link);
    return group;
}

/* A clock that ran ahead, then is set right: what expires meanwhile must be noticed all the same. */
START_TEST(clock_that_is_set_back_delays_no_review) {
    struct stage stage;

    open_stage(&stage, any);
    fake_wall_jump(10 * YEAR_S);
    stage_join(&stage, "a", "");
    reload_look(stage.server->reload);
    fake_wall_jump(-10 * YEAR_S);
    struct credential *credential = only_one(stage.server->credentials);
    credential->expires = time(NULL) - 1; /* as if a review had been due */
    fake_clock_advance(61 * 1000);
    reload_look(stage.server->reload);
    ck_assert_uint_eq(agents_of(&stage), 0);
    stage_clear(&stage);
}
END_TEST

START_TEST(clock_that_is_set_forward_ends_what_has_expired_at_once) {
    struct stage stage;

    open_stage(&stage, any);
    stage_join(&stage, "a", "");
    change_agents(&stage, expire_in_a_year);
    reload_look(stage.server->reload);
    ck_assert_uint_eq(agents_of(&stage), 1);
    fake_wall_jump(2 * YEAR_S); /* a suspended machine wakes up: its monotonic clock stood still */
    reload_look(stage.server->reload);
    ck_assert_uint_eq(agents_of(&stage), 0);
    stage_clear(&stage);
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
