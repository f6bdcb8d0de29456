/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_state: a mark and words for each state. */
#include "config.h"

#include "ctl/top/state.h"

#include "ctl/top/fixture.h"
#include "ctl/top/grid.h"
#include "unit.h"

#include <stdlib.h>
#include <time.h>

enum { NOW = 1795950260 /* 2026-11-29T11:04:20Z */ };

typedef unsigned writer(char *text, size_t size, const json_t *item, double now);

static void expect(writer *write, const char *json, const char *wanted, unsigned style) {
    json_t *item = fixture_json(json);
    char text[128];

    ck_assert_uint_eq(write(text, sizeof text, item, NOW), style);
    ck_assert_str_eq(text, wanted);
    json_decref(item);
}

START_TEST(services) {
    expect(state_of_service, "{'state': 'ok', 'paused_by': null}", "● reachable", STYLE_OK);
    expect(state_of_service, "{'state': 'limited'}", "▲ limited", STYLE_WARN);
    expect(state_of_service, "{'state': 'unreachable'}", "◆ unreachable", STYLE_BAD);
    expect(state_of_service, "{'state': 'paused', 'paused_by': 'mira'}", "‖ paused by mira", STYLE_PLAIN);
    expect(state_of_service, "{'state': 'of a newer server'}", "  of a newer server", STYLE_PLAIN);
}
END_TEST

START_TEST(agents) {
    setenv("TZ", "UTC", 1);
    tzset();
    expect(state_of_agent, "{'state': 'connected', 'relays': 4}", "● connected", STYLE_OK);
    expect(state_of_agent, "{'state': 'draining', 'relays': 14}", "◐ draining, 14 left", STYLE_PLAIN);
    expect(state_of_agent, "{'state': 'offline', 'since': '2026-11-29T10:42:17.000Z'}", "◆ offline since 10:42",
           STYLE_BAD);
    expect(state_of_agent, "{'state': 'offline', 'since': null}", "○ not seen yet", STYLE_FAINT);
}
END_TEST

START_TEST(relays) {
    expect(state_of_relay, "{'state': 'open', 'carrier': 'exclusive'}", "● exclusive", STYLE_OK);
    expect(state_of_relay, "{'state': 'opening', 'carrier': null}", "○ opening", STYLE_PLAIN);
    expect(state_of_relay, "{'state': 'suspended', 'suspended': '2026-11-29T11:04:17.000Z'}", "▲ suspended 3s",
           STYLE_WARN);
    expect(state_of_relay, "{'state': 'ended', 'ended': '2026-11-29T11:02:17.000Z'}", "· ended 2m 3s ago", STYLE_FAINT);
}
END_TEST

static int weight(const char *json) {
    json_t *item = fixture_json(json);
    int of = state_weight(item);

    json_decref(item);
    return of;
}

START_TEST(worst_has_the_most_weight) {
    int bad = weight("{'state': 'unreachable'}"), warn = weight("{'state': 'limited'}");
    int ok = weight("{'state': 'ok'}"), never_seen = weight("{'state': 'offline', 'since': null}");

    ck_assert_int_gt(bad, warn);
    ck_assert_int_gt(warn, ok);
    ck_assert_int_gt(ok, never_seen);
}
END_TEST

static TCase *states(void) {
    TCase *group = tcase_create("states");
    tcase_add_test(group, services);
    tcase_add_test(group, agents);
    tcase_add_test(group, relays);
    tcase_add_test(group, worst_has_the_most_weight);
    return group;
}

UNIT_MAIN("ctl/top/state", states)
