/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* test_cells: what stands in a cell, of members that are there, null, or of another kind. */
#include "config.h"

#include "ctl/top/cells.h"

#include "ctl/top/fixture.h"
#include "ctl/top/grid.h"
#include "unit.h"

static const struct top_look look = {1795950260 /* 2026-11-29T11:04:20Z */, TABLE_10S};

static void expect(cell_writer *write, const char *json, const char *wanted, unsigned style) {
    json_t *item = fixture_json(json);
    struct top_cell cell;

    write(&cell, item, "m", &look);
    ck_assert_str_eq(cell.text, wanted);
    ck_assert_uint_eq(cell.style, style);
    json_decref(item);
}

START_TEST(zero_and_nothing_are_faint) {
    expect(cell_count, "{'m': 0}", "0", STYLE_FAINT);
    expect(cell_count, "{'m': null}", "-", STYLE_FAINT);
    expect(cell_count, "{'m': 12345}", "12,345", STYLE_PLAIN);
    expect(cell_rate, "{}", "-", STYLE_FAINT);
    expect(cell_bytes, "{'m': 18400000}", "18.4 MB", STYLE_PLAIN);
    expect(cell_ms, "{'m': 'text'}", "-", STYLE_FAINT);
    expect(cell_per_s, "{'m': 18.4}", "18.4", STYLE_PLAIN);
    expect(cell_text, "{'m': null}", "-", STYLE_FAINT);
    expect(cell_texts, "{'m': []}", "-", STYLE_FAINT);
    expect(cell_texts, "{'m': ['web', 'db']}", "web, db", STYLE_PLAIN);
    expect(cell_places, "{'m': [':53'], 'protocol': 'tcp'}", ":53", STYLE_PLAIN);
    expect(cell_places, "{'m': [':53', '[::]:53'], 'protocol': 'udp'}", ":53, [::]:53 udp", STYLE_PLAIN);
    expect(cell_places, "{'m': [], 'visitors': ['office'], 'protocol': 'tcp'}", "visitors: office", STYLE_PLAIN);
}
END_TEST

START_TEST(times) {
    expect(cell_age, "{'m': '2026-11-29T10:49:31.000Z'}", "14m 49s", STYLE_PLAIN);
    expect(cell_age, "{'m': '2026-11-29T11:04:21.000Z'}", "0s", STYLE_PLAIN); /* clocks */
    expect(cell_age, "{'m': null}", "-", STYLE_FAINT);
    expect(cell_life, "{'m': '2026-11-29T10:49:31.000Z', 'ended': null}", "14m 49s", STYLE_PLAIN);
    expect(cell_life, "{'m': '2026-11-29T10:49:31.000Z', 'ended': '2026-11-29T10:49:41.000Z'}", "10s", STYLE_PLAIN);
    expect(cell_until, "{'m': null}", "never", STYLE_FAINT);
    expect(cell_until, "{'m': '2026-12-01T11:04:20Z'}", "2d", STYLE_WARN);
    expect(cell_until, "{'m': '2026-11-01T11:04:20Z'}", "expired", STYLE_BAD);
    expect(cell_until, "{'m': '2027-11-29T11:04:20Z'}", "365d", STYLE_PLAIN);
}
END_TEST

START_TEST(pairs_and_sums) {
    expect(cell_able, "{'able': 2, 'known': 3}", "2/3", STYLE_WARN);
    expect(cell_able, "{'able': 0, 'known': 1}", "0/1", STYLE_BAD);
    expect(cell_links, "{'links': {'shared': 2, 'exclusive': 4}}", "2+4", STYLE_PLAIN);
    expect(cell_refused, "{'m': {'no_agent': 12, 'limit': 1}}", "13", STYLE_PLAIN);
    expect(cell_times, "{'m': 1}", "", STYLE_FAINT);
    expect(cell_times, "{'m': 38}", "38 times", STYLE_FAINT);
    expect(cell_severity, "{'m': 'bad'}", "◆", STYLE_BAD);
}
END_TEST

static TCase *cells(void) {
    TCase *group = tcase_create("cells");
    tcase_add_test(group, zero_and_nothing_are_faint);
    tcase_add_test(group, times);
    tcase_add_test(group, pairs_and_sums);
    return group;
}

UNIT_MAIN("ctl/top/cells", cells)
