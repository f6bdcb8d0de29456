/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_permit: "munnel agent permit": what a known agent may publish then, and that it is the same agent else.
 */
#include "config.h"

#include "unit.h"

#include "ctl/tool.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

static bool file_has(const char *text) {
    char *file = unit_read(unit_path("s/agents.json"), NULL);
    bool has = strstr(file, text);

    free(file);
    return has;
}

START_TEST(known_agent_gets_a_permit_and_loses_it) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    ck_assert(!file_has("20000-20099"));
    ck_assert_int_eq(tool_run(agent_permit_run, "web1", "--publish-ports", "20000-20099", "--publish-hosts",
                              "*.dev.example.org", NULL),
                     0);
    ck_assert_str_eq(printed.text[0], "web1 may publish by 20000-20099, *.dev.example.org\n");
    ck_assert(file_has("20000-20099") && file_has("*.dev.example.org"));
    ck_assert_int_eq(tool_run(agent_permit_run, "web1", "--publish-ports", "20017", NULL), 0);
    ck_assert(file_has("20017") && !file_has("20000-20099") && !file_has("*.dev.example.org"));
    ck_assert_int_eq(tool_run(agent_permit_run, "web1", "--none", NULL), 0);
    ck_assert_str_eq(printed.text[0], "web1 may publish nothing\n");
    ck_assert(!file_has("20017"));
    ck_assert(tool_admits(&code, time(NULL), ""));
}
END_TEST

START_TEST(what_is_not_clear_changes_nothing) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    ck_assert_int_ne(tool_run(agent_permit_run, "web1", NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "or write --none"));
    ck_assert_int_ne(tool_run(agent_permit_run, "web1", "--none", "--publish-ports", "20017", NULL), 0);
    ck_assert_int_ne(tool_run(agent_permit_run, "web1", "--publish-ports", "20099-20000", NULL), 0);
    ck_assert_int_ne(tool_run(agent_permit_run, "web2", "--publish-ports", "20017", NULL), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "there is no agent web2"));
    ck_assert(!file_has("20017"));
}
END_TEST

static TCase *permitting(void) {
    TCase *group = tcase_create("permitting");

    tcase_add_checked_fixture(group, tool_set_up, tool_forget);
    tcase_add_test(group, known_agent_gets_a_permit_and_loses_it);
    tcase_add_test(group, what_is_not_clear_changes_nothing);
    return group;
}

UNIT_MAIN("ctl/agent_permit", permitting)
