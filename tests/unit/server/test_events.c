/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_events: which session an event of the plane belongs to, and what becomes of one that belongs to none.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "server/server_fixture.h"
#include "unit.h"
#include "unit_log.h"

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

static void expect_disconnected(uint64_t tag) {
    struct fake_order order;

    ck_assert(fake_take(FAKE_DISCONNECT, &order));
    ck_assert_uint_eq(order.tag, tag);
    ck_assert_str_eq(order.text, "its session is over");
}

/* It was handed to its thread while that ended the session. */
START_TEST(data_link_that_comes_after_the_end_of_its_session_is_closed) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref link = server_fixture_accept_link(&server_fixture, &a, 0, false);
    ck_assert(registry_disconnect(server_fixture.server->registry, session_of(&server_fixture, &a), REASON_DENIED,
                                  "revoked"));
    fake_forget(FAKE_DISCONNECT);
    server_fixture_carry(&server_fixture, &a, 0, false);
    expect_disconnected(a.tag);
    ck_assert_uint_eq(server_fixture.server->links.count, 1);
    server_fixture_lose_link(&server_fixture, &a, link, 0, false);
    ck_assert_uint_eq(server_fixture.server->links.count, 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(data_link_of_a_session_that_is_over_is_closed) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    fake_options()->events->on_session_over(fake_options()->context, a.tag); /* it was not asked for */
    ck_assert_ptr_nonnull(session_of(&server_fixture, &a));
    registry_retire(server_fixture.server->registry, session_of(&server_fixture, &a), "replaced", "");
    fake_options()->events->on_session_over(fake_options()->context, a.tag);
    expect_disconnected(a.tag);
    ck_assert_ptr_null(session_table_first_any(server_fixture.server->sessions));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(agent_is_asked_for_the_links_that_streams_want) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    const struct carrier_role role = {a.tag, 0, true};
    fake_forget(FAKE_CONTROL);
    for (int i = 0; i < 3; i++) /* it is wanted each second, and asked for once in three */
        events()->on_want_carriers(fake_options()->context, &role, 2);
    ck_assert(fake_take(FAKE_CONTROL, &order));
    ck_assert(link_ref_same(order.link, a.control));
    ck_assert_str_eq(order.text, "{\"op\":\"links\",\"count\":2,\"thread\":0,\"exclusive\":true}");
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 0);
    fake_clock_advance(CARRIERS_EXPIRE_MS);
    events()->on_want_carriers(fake_options()->context, &role, 2);
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 1);
    server_fixture_lose(&server_fixture, &a);
    fake_clock_advance(CARRIERS_EXPIRE_MS);
    events()->on_want_carriers(fake_options()->context, &role, 2); /* there is no link to ask by */
    ck_assert_uint_eq(fake_count(FAKE_CONTROL), 1);
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(agent_is_not_asked_for_links_that_descriptors_do_not_allow) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    server_fixture.server->links.limit = 3;
    struct server_fixture_agent a = server_fixture_join_ready(&server_fixture, "a");
    const struct carrier_role role = {a.tag, 0, true};
    fake_forget(FAKE_CONTROL);
    events()->on_want_carriers(fake_options()->context, &role, 5);
    ck_assert(fake_take_with(FAKE_CONTROL, "\"count\":2", &order));
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

START_TEST(lost_data_link_leaves_the_session_and_lost_control_link_suspends_it) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref shared = server_fixture_bring_link(&server_fixture, &a);
    struct link_ref bulk = server_fixture_bring_link_to(&server_fixture, &a, 0, true);
    struct session *session = session_of(&server_fixture, &a);
    ck_assert_uint_eq(server_fixture.server->links.count, 2);
    server_fixture_lose_link(&server_fixture, &a, shared, 0, false);
    ck_assert(!session_can_take(session, clock_us()));
    ck_assert_uint_eq(session_carriers(session)->count, 1);
    server_fixture_lose_link(&server_fixture, &a, bulk, 0, true);
    ck_assert_uint_eq(session_carriers(session)->count, 0);
    ck_assert_uint_eq(server_fixture.server->links.count, 0);
    ck_assert(session_is_connected(session));
    server_fixture_lose(&server_fixture, &a);
    ck_assert_ptr_eq(session_of(&server_fixture, &a), session);
    ck_assert(!session_is_connected(session));
    server_fixture_lose(&server_fixture, &a); /* once is enough */
    ck_assert_uint_eq(session_table_count(server_fixture.server->sessions), 0);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* As many as a flapping agent brings: they are no longer counted, however many others are accepted meanwhile. */
START_TEST(data_link_that_is_lost_before_it_carries_is_forgotten) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    const struct carrier_role role = {a.tag, 0, false};
    server_fixture.server->links.limit = 2;
    server_fixture_accept_link(&server_fixture, &a, 0, false);
    for (int i = 0; i < 2 * CARRIERS_SHARED_MAX; i++) {
        struct link_ref link = server_fixture_accept_link(&server_fixture, &a, 0, false);
        ck_assert_uint_eq(link_count_room(&server_fixture.server->links), 0);
        if (i % 2)
            lose((struct link_end){.link = link, .tag = 12345}); /* before the verdict: the plane knows no session */
        else
            lose((struct link_end){.link = link, .tag = a.tag, .was_accepted = true});
        events()->on_accept_failed(fake_options()->context, &role);
        ck_assert_uint_eq(link_count_room(&server_fixture.server->links), 1);
    }
    ck_assert(registry_disconnect(server_fixture.server->registry, session_of(&server_fixture, &a), REASON_DENIED,
                                  "revoked"));
    events()->on_accept_failed(fake_options()->context, &role);
    ck_assert_uint_eq(link_count_room(&server_fixture.server->links), 2);
    server_fixture_clear(&server_fixture);
}
END_TEST

/* It broke while the verdict was under way: the plane knows it by its first tag only. */
START_TEST(control_link_that_is_lost_before_the_verdict_suspends_its_session) {
    struct server_fixture server_fixture;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct server_fixture_agent b = server_fixture_join(&server_fixture, "b", "");
    lose((struct link_end){.link = a.control, .tag = 12345});
    ck_assert(!session_is_connected(session_of(&server_fixture, &a)));
    ck_assert(session_is_connected(session_of(&server_fixture, &b)));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(protocol_violation_is_logged_for_data_links_only) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.log = unit_log(LOG_LEVEL_WARNING);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    struct link_ref good = server_fixture_bring_link(&server_fixture, &a);
    struct link_ref bad = server_fixture_accept_link(&server_fixture, &a, 0, false);
    server_fixture_lose_link(&server_fixture, &a, good, 0, false);
    lose((struct link_end){
        .link = bad, .tag = a.tag, .was_accepted = true, .misbehaved = true, .detail = "a frame of 65 MiB"});
    server_fixture_clear(&server_fixture);
    char *text = unit_read(unit_path("log"), NULL);
    const char *line = strstr(text, "agent a");
    ck_assert_msg(line && strstr(line, "data link closed: protocol violation") && strstr(line, "a frame of 65 MiB"),
                  "%s", text);
    ck_assert_ptr_null(strstr(text, "it broke"));
    free(text);
}
END_TEST

/* It has no control link that it could be; nor has a connection that never became a link. */
START_TEST(end_of_another_connection_is_none_of_a_suspended_session) {
    struct server_fixture server_fixture;

    server_fixture_set_any(&server_fixture);
    server_fixture.log = unit_log(LOG_LEVEL_INFO);
    server_fixture_open(&server_fixture);
    struct server_fixture_agent a = server_fixture_join(&server_fixture, "a", "");
    server_fixture_lose(&server_fixture, &a);
    lose((struct link_end){.tag = 12345, .detail = "another broke"});
    server_fixture_clear(&server_fixture);
    char *text = unit_read(unit_path("log"), NULL);
    ck_assert_ptr_nonnull(strstr(text, "it broke"));
    ck_assert_ptr_null(strstr(text, "another broke"));
    free(text);
}
END_TEST

static TCase *data_links(void) {
    TCase *group = tcase_create("data links");

    tcase_add_test(group, data_link_that_comes_after_the_end_of_its_session_is_closed);
    tcase_add_test(group, data_link_of_a_session_that_is_over_is_closed);
    tcase_add_test(group, agent_is_asked_for_the_links_that_streams_want);
    tcase_add_test(group, agent_is_not_asked_for_links_that_descriptors_do_not_allow);
    tcase_add_test(group, data_link_that_is_lost_before_it_carries_is_forgotten);
    tcase_add_test(group, protocol_violation_is_logged_for_data_links_only);
    return group;
}

static TCase *control_links(void) {
    TCase *group = tcase_create("control links");

    tcase_add_test(group, only_the_control_link_speaks_for_its_session);
    tcase_add_test(group, lost_data_link_leaves_the_session_and_lost_control_link_suspends_it);
    tcase_add_test(group, control_link_that_is_lost_before_the_verdict_suspends_its_session);
    tcase_add_test(group, end_of_another_connection_is_none_of_a_suspended_session);
    return group;
}

UNIT_MAIN("server/events", data_links, control_links)
