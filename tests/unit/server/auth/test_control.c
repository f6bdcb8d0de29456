/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_control: an agent that says what the server does not understand is answered, a bounded number of times.
 */
#include "config.h"

#include "server/server_fixture.h"
#include "unit.h"

#include <string.h>

enum { BOUND = 110, MANY = 200 };

static const char *const nonsense[] = {
    "{\"op\":\"dance\"}",                  /* unknown */
    "{\"op\":\"notice\"}",                 /* only a server says it */
    "{\"op\":\"error\",\"reason\":\"r\"}", /* never answered */
    "[]",                                  /* no message */
};

START_TEST(nonsense_without_end_ends_the_session) {
    struct server_fixture server_fixture;
    struct fake_order order;
    size_t said = 0;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    fake_forget(FAKE_TELL);
    fake_forget(FAKE_CLOSE);
    while (said < MANY && fake_count(FAKE_CLOSE) == 0) {
        server_fixture_tell(&server_fixture, &agent, nonsense[_i]);
        said++;
    }
    ck_assert_uint_gt(said, 20); /* a newer agent may have a word or two that are new */
    ck_assert_uint_le(said, BOUND);
    ck_assert_uint_le(fake_count(FAKE_TELL), BOUND);
    ck_assert(fake_take(FAKE_CLOSE, &order));
    ck_assert_msg(strstr(order.text, "more than 100 messages in a minute") != NULL, "%s", order.text);
    ck_assert(link_ref_same(order.link, agent.control));
    server_fixture_clear(&server_fixture);
}
END_TEST

START_TEST(what_is_unknown_is_answered) {
    struct server_fixture server_fixture;
    struct fake_order order;

    server_fixture_begin(&server_fixture);
    struct server_fixture_agent agent = server_fixture_join(&server_fixture, "a", "");
    fake_forget(FAKE_TELL);
    server_fixture_tell(&server_fixture, &agent, "{\"op\":\"dance\"}");
    ck_assert(fake_take(FAKE_TELL, &order));
    ck_assert_msg(strstr(order.text, "\"error\"") && strstr(order.text, "does not know that op"), "%s", order.text);
    server_fixture_clear(&server_fixture);
}
END_TEST

static TCase *understanding(void) {
    TCase *group = tcase_create("understanding");
    tcase_add_loop_test(group, nonsense_without_end_ends_the_session, 0, sizeof nonsense / sizeof nonsense[0]);
    tcase_add_test(group, what_is_unknown_is_answered);
    return group;
}

UNIT_MAIN("server/told", understanding)
