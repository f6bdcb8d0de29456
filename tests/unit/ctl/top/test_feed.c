/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_feed: what is asked for, and what the answers change. */
#include "config.h"

#include "ctl/top/feed.h"

#include "ctl/answer.h"
#include "ctl/top/fixture.h"
#include "ctl/top/keys.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

enum { LOCAL = 1796000000 };
static struct top top;

static void set_up(void) {
    fixture_begin(&top);
}

static void tear_down(void) {
    fixture_end(&top);
}

static void expect(const char *const *targets) {
    struct ask_round round = feed_wanted(&top, 0);

    for (unsigned i = 0; i < round.count; i++)
        ck_assert_str_eq(round.asks[i].target, targets[i]);
    ck_assert_ptr_null(targets[round.count]);
}
#define EXPECT(...) expect((const char *const[]){__VA_ARGS__, NULL})

static struct ask_round answered(enum ask_kind kind, unsigned status, const char *why) {
    struct ask_round round = {.generation = top.generation, .count = 1};

    round.asks[0] = (struct ask){.kind = kind, .status = status};
    error_set(&round.asks[0].error, "%s", why);
    return round;
}

START_TEST(only_the_shown_tab_is_asked_for) {
    EXPECT("/v1/status", "/v1/services");
    top_show(&top, TABLE_EVENTS);
    EXPECT("/v1/status", "/v1/events?limit=1000");
}
END_TEST

START_TEST(the_status_alone_tells_whose_tables_there_are) {
    struct top first;

    top_begin(&first, false);
    struct ask_round round = feed_wanted(&first, 0);
    ck_assert_uint_eq(round.count, 1);
    ck_assert_str_eq(round.asks[0].target, "/v1/status");
    top_done(&first);
}
END_TEST

START_TEST(servers_of_an_agent_are_in_its_status) {
    fixture_end(&top);
    fixture_begin_agent(&top);
    top_show(&top, TABLE_AGENTS);
    EXPECT("/v1/status");
    fixture_answer(&top);
    ck_assert_uint_eq(top.tabs[TABLE_AGENTS].rows.count, 2);
    (void)keys_press(&top, TOP_KEY_OPEN); /* all of it is there, and is followed */
    EXPECT("/v1/status");
    json_object_set_new(top.detail, "state", json_string("as it was"));
    fixture_answer(&top);
    ck_assert_str_eq(answer_text(top.detail, "state", ""), "lost");
}
END_TEST

START_TEST(no_more_relays_than_are_shown) {
    top_show(&top, TABLE_RELAYS);
    fixture_answer(&top);
    free(fixture_draw(&top, 80, 24));
    EXPECT("/v1/status", "/v1/relays?sort=-rate&limit=13");
    free(fixture_draw(&top, 80, 50));
    EXPECT("/v1/status", "/v1/relays?sort=-rate&limit=37");
    fixture_press(&top, "s");
    EXPECT("/v1/status", "/v1/relays?sort=-bytes&limit=37");
}
END_TEST

/* Most of the rows that are held are among the first few hundred. */
START_TEST(held_relays_are_looked_for_among_more) {
    top_show(&top, TABLE_RELAYS);
    fixture_answer(&top);
    free(fixture_draw(&top, 80, 24));
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    EXPECT("/v1/status", "/v1/relays?sort=-rate&limit=213");
}
END_TEST

START_TEST(held_relay_under_the_cursor_is_asked_for_by_itself) {
    top_show(&top, TABLE_RELAYS);
    fixture_answer(&top);
    (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
    fixture_answer_with(&top, fixture_relays(1, 40, 1), 411);
    struct ask_round round = feed_wanted(&top, 0);
    ck_assert_uint_eq(round.count, 3);
    ck_assert_str_eq(round.asks[2].target, "/v1/relays/8c41f2aa-1");
    ck_assert(top.tabs[TABLE_RELAYS].rows.items[0].is_gone);
    json_t *one = fixture_relays(1, 1, 0);
    round.asks[2].json = json_incref(json_array_get(one, 0));
    json_decref(one);
    for (unsigned i = 0; i < 3; i++)
        round.asks[i].status = i == 2 ? 200 : 503;
    feed_apply(&top, &round, LOCAL);
    ck_assert(!top.tabs[TABLE_RELAYS].rows.items[0].is_gone);
}
END_TEST

START_TEST(words_with_a_member_are_filtered_by_the_server) {
    top_show(&top, TABLE_RELAYS);
    top.page_rows = 10;
    snprintf(top.tabs[TABLE_RELAYS].filter, TOP_FILTER, "service:web client:2001:db8::1 state:suspended");
    EXPECT("/v1/status", "/v1/relays?sort=-rate&service=web&client=2001%3Adb8%3A%3A1&state=suspended&limit=10");
    snprintf(top.tabs[TABLE_RELAYS].filter, TOP_FILTER, "agent:web1 8443"); /* 8443 may be anywhere */
    EXPECT("/v1/status", "/v1/relays?sort=-rate&agent=web1&limit=1000");
}
END_TEST

START_TEST(names_are_encoded) {
    char target[ASK_TARGET];

    ck_assert(feed_path(target, tables[TABLE_AGENTS], "web#1/..", "/drain"));
    ck_assert_str_eq(target, "/v1/agents/web%231%2F../drain");
    ck_assert(!feed_path(target, tables[TABLE_AGENTS], "", ""));
}
END_TEST

START_TEST(what_is_open_is_asked_for) {
    (void)keys_press(&top, TOP_KEY_OPEN);
    EXPECT("/v1/status", "/v1/services", "/v1/services/ssh");
}
END_TEST

START_TEST(answers_to_an_older_question_are_dropped) {
    struct ask_round round = feed_wanted(&top, 0);

    top_show(&top, TABLE_AGENTS);
    for (unsigned i = 0; i < round.count; i++)
        round.asks[i].status = 200, round.asks[i].json = json_object();
    feed_apply(&top, &round, LOCAL);
    ck_assert_str_eq(answer_text(top.status, "host", ""), "relay1"); /* not the empty one */
}
END_TEST

START_TEST(a_round_without_an_answer_is_a_loss_until_the_next) {
    struct ask_round round = answered(ASK_STATUS, 0, "cannot connect");

    feed_apply(&top, &round, LOCAL + 7);
    ck_assert_double_eq(top.lost_since, LOCAL); /* of the last answer */
    ck_assert_str_eq(top.lost_why.text, "cannot connect");
    ck_assert_uint_eq(top.tabs[0].rows.count, 4); /* they stay to be seen */
    fixture_answer(&top);
    ck_assert_double_eq(top.lost_since, 0);
}
END_TEST

START_TEST(a_silent_server_is_noted) {
    feed_note_silence(&top, LOCAL + 9);
    ck_assert_double_eq(top.lost_since, LOCAL);
    feed_note_silence(&top, LOCAL + 99);
    ck_assert_double_eq(top.lost_since, LOCAL);
}
END_TEST

START_TEST(a_refusal_is_an_error_in_the_last_line) {
    struct ask_round round = answered(ASK_DEED, 403, "the role view may not do this");

    feed_apply(&top, &round, LOCAL);
    ck_assert_str_eq(top.message.text, "the role view may not do this");
    ck_assert(top.is_fault);
    ck_assert_double_eq(top.lost_since, 0);
}
END_TEST

START_TEST(rows_of_another_question_are_no_answer) {
    struct ask_round refused = answered(ASK_LIST, 400, "client: not an IP address: x"),
                     busy = answered(ASK_LIST, 503, "the relay threads are asked by others already");

    feed_apply(&top, &busy, LOCAL);
    ck_assert_uint_eq(top.tabs[0].rows.count, 4);
    feed_apply(&top, &refused, LOCAL);
    ck_assert_uint_eq(top.tabs[0].rows.count, 0);
    ck_assert_str_eq(top.message.text, "client: not an IP address: x");
    fixture_answer(&top); /* once it is right the error goes */
    ck_assert_uint_eq(top.tabs[0].rows.count, 4);
    ck_assert_str_eq(top.message.text, "");
}
END_TEST

START_TEST(a_deed_that_is_done_is_told) {
    struct ask_round round = answered(ASK_DEED, 204, "");

    snprintf(top.doing.done, sizeof top.doing.done, "Agent web4 drains");
    snprintf(top.doing.method, sizeof top.doing.method, "POST");
    top.must_ask = false;
    feed_apply(&top, &round, LOCAL);
    ck_assert_str_eq(top.message.text, "Agent web4 drains");
    ck_assert(!top.is_fault);
    ck_assert_str_eq(top.doing.method, "");
    ck_assert(top.must_ask);
}
END_TEST

START_TEST(a_relay_that_is_over_stays_to_be_seen) {
    top_show(&top, TABLE_RELAYS);
    fixture_answer(&top);
    (void)keys_press(&top, TOP_KEY_OPEN);
    struct ask_round round = answered(ASK_DETAIL, 404, "there is no relay, or it is over");
    feed_apply(&top, &round, LOCAL);
    ck_assert_str_eq(top.detail_fault.text, "there is no relay, or it is over");
    ck_assert_str_eq(answer_text(top.detail, "id", ""), "8c41f2aa-1");
}
END_TEST

START_TEST(a_server_that_was_started_anew_is_told) {
    json_object_set_new(top.status, "instance", json_string("another"));
    fixture_answer(&top);
    ck_assert_str_eq(top.message.text, "munneld was started anew");
}
END_TEST

static TCase *questions(void) {
    TCase *group = tcase_create("questions");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, only_the_shown_tab_is_asked_for);
    tcase_add_test(group, the_status_alone_tells_whose_tables_there_are);
    tcase_add_test(group, servers_of_an_agent_are_in_its_status);
    tcase_add_test(group, no_more_relays_than_are_shown);
    tcase_add_test(group, held_relays_are_looked_for_among_more);
    tcase_add_test(group, held_relay_under_the_cursor_is_asked_for_by_itself);
    tcase_add_test(group, words_with_a_member_are_filtered_by_the_server);
    tcase_add_test(group, names_are_encoded);
    tcase_add_test(group, what_is_open_is_asked_for);
    return group;
}

static TCase *answers(void) {
    TCase *group = tcase_create("answers");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, answers_to_an_older_question_are_dropped);
    tcase_add_test(group, a_round_without_an_answer_is_a_loss_until_the_next);
    tcase_add_test(group, a_silent_server_is_noted);
    tcase_add_test(group, a_refusal_is_an_error_in_the_last_line);
    tcase_add_test(group, rows_of_another_question_are_no_answer);
    tcase_add_test(group, a_deed_that_is_done_is_told);
    tcase_add_test(group, a_relay_that_is_over_stays_to_be_seen);
    tcase_add_test(group, a_server_that_was_started_anew_is_told);
    return group;
}

UNIT_MAIN("ctl/top/feed", questions, answers)
