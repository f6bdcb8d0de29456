/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_head: the state as a sentence. */
#include "config.h"

#include "ctl/top/head.h"

#include "ctl/top/fixture.h"
#include "ctl/top/grid.h"
#include "unit.h"

enum { NOW = 1795950260 /* 2026-11-29T11:04:20Z */ };

static void expect(const char *json, const char *wanted, unsigned style) {
    json_t *status = *json ? fixture_json(json) : NULL;
    char text[HEAD_TEXT];

    ck_assert_uint_eq(head_lead(text, sizeof text, status, NOW), style);
    ck_assert_str_eq(text, wanted);
    json_decref(status);
}

#define SERVICES(count, reachable, limited, unreachable)                                                               \
    "'services': {'count': " #count ", 'reachable': " #reachable ", 'limited': " #limited                              \
    ", 'unreachable': " #unreachable ", 'paused': 0}"
#define WARNING "{'severity': 'warn', 'what': 'agent web5 does not answer'}"

START_TEST(well) {
    expect("{'state': 'ok', 'problems': [], " SERVICES(3, 2, 1, 0) "}", "● All 3 services reachable", STYLE_OK);
    expect("{'state': 'ok', 'problems': [], " SERVICES(1, 1, 0, 0) "}", "● The service is reachable", STYLE_OK);
    expect("{'state': 'ok', 'problems': [], " SERVICES(0, 0, 0, 0) "}", "● Ready: no service yet", STYLE_OK);
}
END_TEST

START_TEST(warnings_are_counted) {
    expect("{'state': 'ok', 'problems': [" WARNING ", " WARNING "], " SERVICES(3, 3, 0, 0) "}",
           "▲ All 3 services reachable, 2 warnings", STYLE_WARN);
}
END_TEST

START_TEST(the_worst_leads) {
    expect("{'state': 'down', 'problems': [{'severity': 'bad', 'what': 'ssh is unreachable', 'since': null}, " WARNING
           "], " SERVICES(2, 1, 0, 1) "}",
           "◆ ssh is unreachable", STYLE_BAD);
    expect("{'state': 'down', 'problems': [{'severity': 'bad', 'what': 'ssh is unreachable'}], " SERVICES(3, 1, 0,
                                                                                                          2) "}",
           "◆ 2 services are unreachable", STYLE_BAD);
}
END_TEST

START_TEST(unknown_and_stopping) {
    expect("", "○ No answer yet", STYLE_FAINT);
    expect("{'stopping': true, 'program': 'munneld'}", "◐ munneld is stopping", STYLE_WARN);
}
END_TEST

START_TEST(an_agent_has_its_visits_and_what_it_publishes) {
    json_t *status = fixture_json("{'services': {'count': 3, 'permitted': 2}, 'visits': [{'state': 'open'}, "
                                  "{'state': 'closed'}], 'published': {'count': 3, 'published': 1}}"),
           *none = fixture_json("{'services': {'count': 3, 'permitted': 2}, 'visits': [], 'published': {'count': 0}}");
    char text[HEAD_TEXT];

    ck_assert(head_piece(text, sizeof text, 1, status, 0));
    ck_assert_str_eq(text, "2 of 3 services permitted, 1 of 2 visits open, 1 of 3 published");
    ck_assert(head_piece(text, sizeof text, 1, none, 0));
    ck_assert_str_eq(text, "2 of 3 services permitted");
    json_decref(status);
    json_decref(none);
}
END_TEST

START_TEST(totals_have_the_span_that_is_chosen) {
    json_t *status = fixture_json("{'relays': {'now': 1, 'peak': 1688}, 'in_rate': {'s1': 125000, 's10': 250000}}");
    char text[HEAD_TEXT];

    ck_assert(head_total(text, sizeof text, 0, status, TABLE_1S, false));
    ck_assert_str_eq(text, "1 relay, most 1,688");
    ck_assert(head_total(text, sizeof text, 1, status, TABLE_1S, false));
    ck_assert_str_eq(text, "in 1.0 Mbit/s");
    ck_assert(head_total(text, sizeof text, 1, status, TABLE_10S, true));
    ck_assert_str_eq(text, "in 1.0, 2.0, - Mbit/s");
    ck_assert(!head_total(text, sizeof text, 0, NULL, TABLE_1S, false));
    json_decref(status);
}
END_TEST

static TCase *sentences(void) {
    TCase *group = tcase_create("sentences");
    tcase_add_test(group, well);
    tcase_add_test(group, warnings_are_counted);
    tcase_add_test(group, the_worst_leads);
    tcase_add_test(group, unknown_and_stopping);
    tcase_add_test(group, an_agent_has_its_visits_and_what_it_publishes);
    tcase_add_test(group, totals_have_the_span_that_is_chosen);
    return group;
}

UNIT_MAIN("ctl/top/head", sentences)
