/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_status_parts: of a thousand services those that need attention are seen.
 */
#include "config.h"

#include "ctl/status.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static json_t *list_of(size_t count, size_t unreachable) {
    json_t *list = json_array();

    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:I,s:s}", "number", (json_int_t)i, "state",
                                              i == unreachable ? "unreachable" : "ok"));
    return list;
}

/* The numbers of the first and the last of the part, and what is printed behind it. */
static void expect(size_t count, size_t unreachable, json_int_t first, json_int_t last, const char *printed) {
    char *bytes = NULL;
    size_t size = 0;
    const struct display display = {.file = open_memstream(&bytes, &size)};
    json_t *list = list_of(count, unreachable), *part = status_part(list, "ok");

    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(part, 0), "number")), first);
    ck_assert_int_eq(json_integer_value(json_object_get(json_array_get(part, json_array_size(part) - 1), "number")),
                     last);
    status_done_part(&display, part, list, "munnel service list");
    fclose(display.file);
    ck_assert_str_eq(bytes, printed);
    free(bytes);
    json_decref(list);
}

START_TEST(what_is_not_well_comes_first_of_many) {
    expect(1030, 1029, 1029, STATUS_LISTED - 2, "1,000 more: munnel service list\n");
}
END_TEST

START_TEST(few_are_all_there) {
    expect(STATUS_LISTED, 7, 7, STATUS_LISTED - 1, "");
}
END_TEST

static TCase *parts(void) {
    TCase *group = tcase_create("parts");
    tcase_add_test(group, what_is_not_well_comes_first_of_many);
    tcase_add_test(group, few_are_all_there);
    return group;
}

UNIT_MAIN("ctl/status_parts", parts)
