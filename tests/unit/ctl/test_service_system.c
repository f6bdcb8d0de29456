/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_system: words for services of the system are told from those for services of a running server.
 */
#include "config.h"

#include "conf/capture.h"
#include "ctl/service_system.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

static struct capture printed;

static void forget(void) {
    capture_done(&printed);
}

/* Its exit code; -1: these words are not for the system. */
static int run(const char *word, const char *what) {
    char self[] = "munnel", service[] = "service", words[2][32] = {"", ""};
    char *argv[] = {service, words[0], what ? words[1] : NULL, NULL};
    int code = -1;

    snprintf(words[0], sizeof words[0], "%s", word);
    snprintf(words[1], sizeof words[1], "%s", what ? what : "");
    capture_begin(&printed);
    bool is_taken = service_system_run(self, what ? 3 : 2, argv, &code);
    capture_end(&printed);
    return is_taken ? code : -1;
}

START_TEST(services_of_the_server_are_left_to_others) {
    static const char *const words[] = {"list", "show", "add", "remove", "pause", "resume", "instal"};

    ck_assert_int_eq(run(words[_i], "ssh"), -1);
    ck_assert_str_eq(printed.text[0], "");
    ck_assert_str_eq(printed.text[1], "");
}
END_TEST

#ifdef _WIN32
START_TEST(a_service_is_named) {
    static const char *const words[] = {"install", "uninstall", "start", "stop"};

    ck_assert_int_eq(run(words[_i], NULL), CMDLINE_USAGE_ERROR);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "munnel-agent, or munneld"));
    capture_done(&printed);
    ck_assert_int_eq(run(words[_i], "ssh"), CMDLINE_USAGE_ERROR);
}
END_TEST

START_TEST(one_that_is_not_installed_is_said_to_be_so) {
    ck_assert_int_eq(run("start", "munneld"), SUBCOMMAND_FAILED);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "munnel service install munneld"));
    capture_done(&printed);
    ck_assert_int_eq(run("remove", "munneld"), SUBCOMMAND_FAILED); /* also by this word */
    ck_assert_ptr_nonnull(strstr(printed.text[1], "is not installed"));
    capture_done(&printed);
    ck_assert_int_eq(run("status", NULL), SUBCOMMAND_FAILED);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "munnel-agent: "));
}
END_TEST
#else
START_TEST(elsewhere_the_systems_own_command_is_named) {
    static const char *const words[] = {"install", "uninstall", "start", "stop", "status"};
    static const char *const commands[] = {"systemctl enable --now munnel-agent", "systemctl disable --now",
                                           "systemctl start", "systemctl stop", "systemctl status"};

    ck_assert_int_eq(run(words[_i], NULL), CMDLINE_USAGE_ERROR);
    ck_assert_ptr_nonnull(strstr(printed.text[1], commands[_i]));
    ck_assert_uint_eq(service_system_table.count, 0);
}
END_TEST
#endif

static TCase *words(void) {
    TCase *group = tcase_create("words");

    tcase_add_checked_fixture(group, NULL, forget);
    tcase_add_loop_test(group, services_of_the_server_are_left_to_others, 0, 7);
#ifdef _WIN32
    tcase_add_loop_test(group, a_service_is_named, 0, 4);
    tcase_add_test(group, one_that_is_not_installed_is_said_to_be_so);
#else
    tcase_add_loop_test(group, elsewhere_the_systems_own_command_is_named, 0, 5);
#endif
    return group;
}

UNIT_MAIN("ctl/service_system", words)
