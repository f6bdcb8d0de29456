/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_values: times, texts and rates as answers have them.
 */
#include "config.h"

#include "server/admin/values.h"

#include "unit.h"

#include <string.h>

static void expect(json_t *json, const char *text) {
    char *got = json_dumps(json, JSON_ENCODE_ANY | JSON_COMPACT);

    ck_assert_str_eq(got, text);
    free(got);
    json_decref(json);
}

START_TEST(times_are_rfc_3339_in_utc) {
    expect(value_time(1795969871009), "\"2026-11-29T16:31:11.009Z\"");
    expect(value_time(0), "null");
    expect(value_time_of(0), "null");
}
END_TEST

/* A text that a peer has sent makes no answer fail. */
START_TEST(text_that_is_no_utf8_is_shown_all_the_same) {
    expect(value_text("caf\xc3\xa9"), "\"caf\xc3\xa9\"");
    expect(value_text("a\xff\xfe"
                      "b"),
           "\"a??b\"");
    expect(value_text("cut\xc3"), "\"cut?\"");
    expect(value_text(NULL), "null");
}
END_TEST

START_TEST(span_of_what_did_not_happen_is_null) {
    expect(value_span_ms(1000, 3500), "2.5");
    expect(value_span_ms(1000, 0), "null");
    expect(value_span_ms(0, 1000), "null");
    expect(value_ms(0), "null");
}
END_TEST

START_TEST(rates_are_means_of_what_is_known) {
    uint64_t values[HISTORY_SERVICE_SERIES] = {0};
    struct history *history = history_new(HISTORY_SERVICE_SERIES);

    ck_assert_ptr_nonnull(history);
    values[HISTORY_IN] = 4;
    history_add(history, 100, values);
    values[HISTORY_IN] = 2;
    history_add(history, 101, values);
    json_t *rates = value_rates(history, HISTORY_IN, VALUE_KILOBYTE);
    ck_assert(json_real_value(json_object_get(rates, "s1")) == 2000);
    ck_assert(json_real_value(json_object_get(rates, "s10")) == 3000);
    json_decref(rates);
    history_free(history);
    expect(value_rates(NULL, HISTORY_IN, 1), "{\"s1\":0.0,\"s10\":0.0,\"s60\":0.0}");
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");

    tcase_add_test(group, times_are_rfc_3339_in_utc);
    tcase_add_test(group, text_that_is_no_utf8_is_shown_all_the_same);
    tcase_add_test(group, span_of_what_did_not_happen_is_null);
    tcase_add_test(group, rates_are_means_of_what_is_known);
    return group;
}

UNIT_MAIN("server/admin/values", all)
