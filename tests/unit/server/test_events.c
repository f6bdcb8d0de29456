/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_events: which session an event of the plane belongs to, and what becomes of one that belongs to none.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct plane_events *events(void) {
    return fake_options()->events;
}

static void lose(struct link_end end) {
    events()->on_gone(fake_options()->context, &end);
}

static struct session *session_of(const struct server_fixture *server_fixture,
                                  const struct server_fixture_agent *agent) {
    return session_table_find(server_fixture->server->sessions, agent->tag);
}

static size_t idle_links(const struct server_fixture *server_fixture, const struct server_fixture_agent *agent) {
    return link_pool_count(session_pool(session_of(server_fixture, agent)));
}

static void expect_closed(struct link_ref link, const char *detail) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_CLOSE, &order));
    ck_assert(link_ref_same(order.link, link));
    ck_assert_str_eq(order.text, detail);
}

START_TEST(idle_link_of_a_session_that_is_over_is_closed) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref link = server_fixture_accept_link(&server_fixture, &a);
    server_fixture_lose(&server_fixture, &a);
    fake_forget(FAKE_CLOSE);
    server_fixture_idle(&server_fixture, &a, link);
    expect_closed(link, "its session is over");
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(idle_link_of_a_draining_session_is_closed) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref link = server_fixture_accept_link(&server_fixture, &a);
    server_fixture_send_control(&server_fixture, &a, "{\"op\":\"drain\"}");
    fake_forget(FAKE_CLOSE);
    server_fixture_idle(&server_fixture, &a, link);
    expect_closed(link, "its session is over");
    ck_assert_uint_eq(idle_links(&server_fixture, &a), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* A data link has its session's tag, too. */
START_TEST(only_the_control_link_speaks_for_its_session) {
    static const char bye[] = "{\"op\":\"bye\",\"reason\":\"x\"}";
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref link = server_fixture_bring_link(&server_fixture, &a);
    const struct liveness_state *state = session_liveness(session_of(&server_fixture, &a));
    ck_assert_uint_ne(state->pinged_us, 0);
    events()->on_pong(fake_options()->context, link, a.tag, state->pinged_us);
    ck_assert_uint_ne(state->pinged_us, 0);
    events()->on_pong(fake_options()->context, a.control, a.tag, state->pinged_us);
    ck_assert_uint_eq(state->pinged_us, 0);
    events()->on_control(fake_options()->context, link, a.tag, bye, strlen(bye));
    ck_assert_ptr_nonnull(session_of(&server_fixture, &a));
    events()->on_control(fake_options()->context, a.control, a.tag, bye, strlen(bye));
    ck_assert_ptr_null(session_of(&server_fixture, &a));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(lost_data_link_leaves_the_session_and_lost_control_link_ends_it) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref idle = server_fixture_bring_link(&server_fixture, &a);
    struct link_ref arriving = server_fixture_accept_link(&server_fixture, &a);
    struct session *session = session_of(&server_fixture, &a);
    ck_assert_uint_eq(supply_count(server_fixture.server->supply), 2);
    lose((struct link_end){.link = idle, .tag = a.tag, .was_accepted = true});
    ck_assert_uint_eq(idle_links(&server_fixture, &a), 0);
    ck_assert_uint_eq(link_pool_count(session_arriving(session)), 1);
    lose((struct link_end){.link = arriving, .tag = a.tag, .was_accepted = true});
    ck_assert_uint_eq(link_pool_count(session_arriving(session)), 0);
    ck_assert_uint_eq(supply_count(server_fixture.server->supply), 0);
    ck_assert_ptr_eq(session_of(&server_fixture, &a), session);
    lose((struct link_end){.link = a.control, .tag = a.tag, .was_accepted = true, .is_control = true});
    ck_assert_ptr_null(session_of(&server_fixture, &a));
    server_fixture_clear(&server_fixture);
}
END_TEST

/* The plane knows it by its first tag only. */
START_TEST(data_link_that_is_lost_before_its_acceptance_does_not_stay_on_its_way) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct server_fixture_agent b = server_fixture_join(&server_fixture, "b", "");
    struct link_ref of_a = server_fixture_accept_link(&server_fixture, &a);
    struct link_ref of_b = server_fixture_accept_link(&server_fixture, &b);
    lose((struct link_end){.link = of_b, .tag = 12345});
    ck_assert_uint_eq(link_pool_count(session_arriving(session_of(&server_fixture, &b))), 0);
    ck_assert_uint_eq(link_pool_count(session_arriving(session_of(&server_fixture, &a))), 1);
    lose((struct link_end){.link = of_a, .tag = 0});
    ck_assert_uint_eq(link_pool_count(session_arriving(session_of(&server_fixture, &a))), 0);
    ck_assert_uint_eq(session_table_count(server_fixture.server->sessions), 2);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(protocol_violation_is_logged_for_data_links_only) {
    struct server_fixture server_fixture;
    struct error error;

    server_fixture_set_any(&server_fixture);
    server_fixture.log = log_new(LOG_FORMAT_TEXT, LOG_LEVEL_WARNING, unit_path("log"), &error);
    ck_assert_msg(server_fixture.log, "%s", error.text);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref good = server_fixture_bring_link(&server_fixture, &a);
    struct link_ref bad = server_fixture_bring_link(&server_fixture, &a);
    lose((struct link_end){.link = good, .tag = a.tag, .was_accepted = true, .detail = "link closed"});
    lose((struct link_end){
        .link = bad, .tag = a.tag, .was_accepted = true, .misbehaved = true, .detail = "a frame of 65 MiB"});
    server_fixture_clear(&server_fixture);
    char *text = unit_read(unit_path("log"), NULL);
    const char *line = strstr(text, "agent a");
    ck_assert_msg(line && strstr(line, "data link closed: protocol violation") && strstr(line, "a frame of 65 MiB"),
                  "%s", text);
    ck_assert_ptr_null(strstr(text, "link closed\n"));
    free(text);
}
END_TEST

START_TEST(agent_that_is_responsive_again_gets_links_ordered) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    server_fixture_run(&server_fixture);
    struct session *session = session_of(&server_fixture, &a);
    struct liveness_state *state = session_liveness(session);
    ck_assert(!session_mark(session, false));
    state->is_silent = true;
    events()->on_pong(fake_options()->context, a.control, a.tag, state->pinged_us);
    ck_assert(!state->is_silent);
    ck_assert(session_mark(session, true));
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *events_cases(void) {
    TCase *group = tcase_create("events");

    tcase_add_test(group, idle_link_of_a_session_that_is_over_is_closed);
    tcase_add_test(group, idle_link_of_a_draining_session_is_closed);
    tcase_add_test(group, only_the_control_link_speaks_for_its_session);
    tcase_add_test(group, lost_data_link_leaves_the_session_and_lost_control_link_ends_it);
    tcase_add_test(group, data_link_that_is_lost_before_its_acceptance_does_not_stay_on_its_way);
    tcase_add_test(group, protocol_violation_is_logged_for_data_links_only);
    tcase_add_test(group, agent_that_is_responsive_again_gets_links_ordered);
    return group;
}

UNIT_MAIN("server/events", events_cases)
