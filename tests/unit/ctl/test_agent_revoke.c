/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agent_revoke: "munnel agent revoke": who is out, who stays, and what is printed.
 */
#include "config.h"

#include "unit.h"

#include "ctl/tool.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

START_TEST(a_revoked_agent_is_out_and_the_others_stay) {
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    struct join_code code = tool_code();
    ck_assert_int_eq(tool_run(agent_add_run, "web2", NULL), 0);
    struct join_code other = tool_code();
    ck_assert_int_eq(tool_run(agent_revoke_run, "web1", NULL), 0);
    ck_assert_str_eq(printed.text[0], "web1 may no longer join\n");
    ck_assert(!tool_admits(&code, time(NULL), ""));
    ck_assert(tool_admits(&other, time(NULL), ""));
}
END_TEST

START_TEST(a_name_that_is_not_there_changes_nothing) {
    char *before = unit_read(unit_path("s/agents.json"), NULL);
    ck_assert_int_eq(tool_run(agent_revoke_run, "web1", NULL), 1);
    ck_assert_str_eq(printed.text[0], "");
    ck_assert_ptr_nonnull(strstr(printed.text[1], "munnel agent revoke: there is no agent web1"));
    char *after = unit_read(unit_path("s/agents.json"), NULL);
    ck_assert_str_eq(before, after);
    free(before);
    free(after);
}
END_TEST

/* A script that reads the output must not take silence for success. */
START_TEST(output_that_cannot_be_written_is_an_error_that_names_what_was_done) {
    int full = open("/dev/full", O_WRONLY), saved = dup(1);
    struct join_code code;
    if (full < 0) {
        close(saved);
        return; /* this system has none */
    }
    ck_assert_int_eq(tool_run(agent_add_run, "web1", NULL), 0);
    code = tool_code();
    char name[] = "revoke", agents[] = "--agents", web1[] = "web1", *path = strdup(unit_path("s/agents.json"));
    char *argv[] = {name, agents, path, web1, NULL};
    fflush(stdout);
    dup2(full, 1);
    int result = agent_revoke_run("munnel", 4, argv);
    dup2(saved, 1);
    close(saved);
    close(full);
    free(path);
    ck_assert_int_eq(result, 1);
    ck_assert(!tool_admits(&code, time(NULL), ""));
}
END_TEST

static TCase *revoking(void) {
    TCase *group = tcase_create("revoking");
    tcase_add_checked_fixture(group, tool_set_up, tool_forget);
    tcase_add_test(group, a_revoked_agent_is_out_and_the_others_stay);
    tcase_add_test(group, a_name_that_is_not_there_changes_nothing);
    tcase_add_test(group, output_that_cannot_be_written_is_an_error_that_names_what_was_done);
    return group;
}

UNIT_MAIN("ctl/agent_revoke", revoking)
