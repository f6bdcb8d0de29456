/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_difference: what a change of the configuration does, in lines that are aligned.
 */
#include "config.h"

#include "ctl/difference.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>

static void expect(const char *json, const char *lines) {
    char *bytes = NULL;
    size_t size = 0;
    struct display display = {.file = open_memstream(&bytes, &size)};
    struct error error = {{0}};
    json_t *difference = json_loads(json, 0, NULL);

    ck_assert_ptr_nonnull(difference);
    ck_assert_int_eq(difference_print(&display, difference, &error), 0);
    fclose(display.file);
    ck_assert_str_eq(bytes, lines);
    free(bytes);
    json_decref(difference);
}

START_TEST(each_change_is_a_line_with_its_mark) {
    expect("{\"added\":[\"web\"],\"removed\":[\"old\"],"
           "\"changed\":[{\"service\":\"ssh\",\"fields\":[{\"name\":\"listen\",\"from\":[\":2222\"],"
           "\"to\":[\":2223\",\":2224\"]},{\"name\":\"max_clients\",\"from\":0,\"to\":100}]}],"
           "\"options\":[{\"name\":\"log.level\",\"from\":\"info\",\"to\":null}],\"needs_restart\":[\"threads\"]}",
           "+  service web              is new\n"
           "~  service ssh listen       :2222 -> :2223, :2224\n"
           "~  service ssh max_clients  0 -> 100\n"
           "~  log.level                info -> nothing\n"
           "-  service old              takes no more clients; its relays finish\n"
           "!  threads                  stays as it is until munneld is started again\n");
}
END_TEST

START_TEST(nothing_different_is_a_line_too) {
    expect("{\"added\":[],\"removed\":[],\"changed\":[],\"options\":[],\"needs_restart\":[]}",
           "Nothing is different.\n");
    expect("{}", "Nothing is different.\n");
}
END_TEST

static TCase *differences(void) {
    TCase *group = tcase_create("differences");
    tcase_add_test(group, each_change_is_a_line_with_its_mark);
    tcase_add_test(group, nothing_different_is_a_line_too);
    return group;
}

UNIT_MAIN("ctl/difference", differences)
