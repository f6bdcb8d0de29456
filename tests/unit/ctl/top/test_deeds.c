/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_deeds: each asks first, for one that it applies to. */
#include "config.h"

#include "ctl/top/deeds.h"

#include "ctl/top/fixture.h"
#include "ctl/top/keys.h"
#include "unit.h"

#include <string.h>

static struct top top;

static void set_up(void) {
    fixture_begin(&top);
}

static void tear_down(void) {
    fixture_end(&top);
}

/* The cursor on the row `index` of a tab. */
static void choose(enum table_kind kind, unsigned index) {
    top_show(&top, kind);
    fixture_answer(&top);
    for (unsigned i = 0; i <= index; i++)
        (void)keys_press(&top, TOP_KEY_CURSOR_DOWN);
}

static void expect(int key, const char *method, const char *target, const char *part) {
    deeds_prepare(&top, key);
    ck_assert_str_eq(top.deed.method, method);
    ck_assert_str_eq(top.deed.target, target);
    ck_assert_msg(strstr(top.deed.question, part), "%s", top.deed.question);
    ck_assert_str_ne(top.deed.done, "");
    top.deed = (struct top_deed){.method = ""};
}

static void expect_none(int key, const char *why) {
    deeds_prepare(&top, key);
    ck_assert_str_eq(top.deed.question, "");
    ck_assert_str_eq(top.message.text, why);
    ck_assert(top.is_fault);
}

START_TEST(each_names_what_ends) {
    choose(TABLE_RELAYS, 0);
    expect('e', "DELETE", "/v1/relays/8c41f2aa-1", "End relay 8c41f2aa-1, client 198.51.100.2:50001 of web?");
    choose(TABLE_AGENTS, 2);
    expect('x', "POST", "/v1/agents/web4/disconnect", "its 14 relays end now");
    expect('u', "POST", "/v1/agents/web4/undrain", "Undrain agent web4?");
    choose(TABLE_AGENTS, 3);
    expect('d', "POST", "/v1/agents/web3/drain", "its 385 relays go on");
    choose(TABLE_SERVICES, 1);
    expect('P', "POST", "/v1/services/web/pause", "its 402 relays go on");
    choose(TABLE_SERVICES, 2);
    expect('P', "POST", "/v1/services/build-cache/resume", "Resume service build-cache?");
}
END_TEST

START_TEST(nothing_is_done_to_what_is_not_chosen) {
    expect_none('P', "Key P is for one service: choose it in its table with ↑ and ↓ first");
    choose(TABLE_SERVICES, 0);
    expect_none('e', "Key e is for one relay: choose it in its table with ↑ and ↓ first");
}
END_TEST

START_TEST(what_does_not_apply_is_told) {
    choose(TABLE_AGENTS, 0);
    expect_none('d', "bastion-1 is offline");
    choose(TABLE_AGENTS, 2);
    expect_none('d', "web4 is draining");
}
END_TEST

START_TEST(one_after_the_other) {
    choose(TABLE_AGENTS, 3);
    deeds_prepare(&top, 'd');
    ck_assert_int_eq(keys_press(&top, 'y'), KEYS_DEED);
    expect_none('x', "The server has not answered yet: wait");
    ck_assert_str_eq(top.doing.target, "/v1/agents/web3/drain");
}
END_TEST

START_TEST(an_agent_cannot_pause_services) {
    fixture_end(&top);
    fixture_begin_agent(&top);
    choose(TABLE_SERVICES, 0);
    expect_none('P', "An agent ends relays only: change its services and agents on the server");
    choose(TABLE_RELAYS, 0);
    expect('e', "DELETE", "/v1/relays/8c41f2aa-1", "End relay 8c41f2aa-1");
}
END_TEST

START_TEST(keys_of_deeds) {
    ck_assert(deeds_has('e') && deeds_has('d') && deeds_has('u') && deeds_has('x') && deeds_has('P'));
    ck_assert(!deeds_has('y') && !deeds_has('p'));
}
END_TEST

static TCase *asking(void) {
    TCase *group = tcase_create("asking");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, each_names_what_ends);
    tcase_add_test(group, nothing_is_done_to_what_is_not_chosen);
    tcase_add_test(group, what_does_not_apply_is_told);
    tcase_add_test(group, one_after_the_other);
    tcase_add_test(group, an_agent_cannot_pause_services);
    tcase_add_test(group, keys_of_deeds);
    return group;
}

UNIT_MAIN("ctl/top/deeds", asking)
