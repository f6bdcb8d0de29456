/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_values: rates as answers have them.
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

    tcase_add_test(group, rates_are_means_of_what_is_known);
    return group;
}

UNIT_MAIN("server/admin/values", all)
