/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_rates: means of what the data plane has counted, of as many seconds as are known.
 */
#include "config.h"

#include "agent/admin/rates.h"
#include "agent/fake_plane.h"
#include "unit.h"

static struct rates rates;

static void add(uint64_t bytes) {
    counter_add(&fake_plane()->part.bytes.in, bytes);
    rates_add(&rates, fake_plane());
}

static void expect(const char *span, double wanted) {
    json_t *json = rates_json(&rates, RATES_OUT); /* what comes from destinations */
    double got = json_real_value(json_object_get(json, span));

    ck_assert_msg(got > wanted - 0.01 && got < wanted + 0.01, "%s: %f", span, got);
    json_decref(json);
}

START_TEST(rates_are_means_of_what_is_known) {
    expect("s1", 0);
    add(5);
    expect("s1", 0);
    add(10);
    expect("s1", 10);
    expect("s60", 10);
    add(30);
    expect("s1", 30);
    expect("s10", 20);
    for (unsigned i = 0; i < 100; i++)
        add(7);
    expect("s1", 7);
    expect("s60", 7);
    add(67);
    expect("s60", 8);
    fake_plane_forget();
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");

    tcase_add_test(group, rates_are_means_of_what_is_known);
    return group;
}

UNIT_MAIN("agent/admin/rates", all)
