/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_places: where state and configurations are; test_server_cmdline.c has the files that are looked for.
 */
#include "config.h"

#include "conf/places.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void check_state(const char *expected) {
    char *folder = places_state_folder(NULL);
    ck_assert_str_eq(folder, expected);
    free(folder);
}

static void check_no_state(const char *part) {
    struct error error = {""};
    ck_assert_ptr_null(places_state_folder(&error));
    ck_assert_msg(strstr(error.text, part), "\"%s\" says nothing of %s", error.text, part);
}

/* Keys landed in ./.local of wherever a program was started. */
START_TEST(a_relative_state_folder_is_an_error) {
    unit_set_environment("STATE_DIRECTORY", "state");
    check_no_state("STATE_DIRECTORY is \"state\", which is not an absolute path");
    unit_set_environment("STATE_DIRECTORY", NULL);
}
END_TEST

#ifdef _WIN32

START_TEST(the_state_folder_is_found) {
    unit_set_environment("STATE_DIRECTORY", "C:\\state");
    check_state("C:\\state");
    unit_set_environment("STATE_DIRECTORY", NULL);
    char *folder = places_state_folder(NULL);
    ck_assert_msg(folder && strstr(folder, "\\Munnel"), "%s", folder);
    free(folder);
}
END_TEST

START_TEST(the_folder_of_configurations_is_known_by_each_of_its_names) {
    ck_assert(places_is_configuration(PLACES_FOLDER));
    ck_assert(places_is_configuration("c:/programdata/munnel/"));
    ck_assert(!places_is_configuration(PLACES_FOLDER "\\munneld"));
    ck_assert(!places_is_configuration(PLACES_FOLDER "2"));
}
END_TEST

#else

START_TEST(without_a_home_there_is_no_state_folder) {
    unit_set_environment("XDG_STATE_HOME", NULL);
    unit_set_environment("HOME", NULL);
    unit_set_environment("STATE_DIRECTORY", NULL);
    if (geteuid() == 0)
        ck_assert_int_eq(seteuid(4242), 0);
    check_no_state("set HOME, or STATE_DIRECTORY");
    unit_set_environment("HOME", "");
    check_no_state("set HOME, or STATE_DIRECTORY");
    unit_set_environment("HOME", "home/x");
    check_no_state("HOME is \"home/x\"");
    unit_set_environment("HOME", "/home/x");
    unit_set_environment("XDG_STATE_HOME", ".");
    check_no_state("XDG_STATE_HOME is \".\"");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(the_state_folder_is_found) {
    unit_set_environment("STATE_DIRECTORY", "/var/lib/one:/var/lib/two");
    check_state("/var/lib/one");
    unit_set_environment("STATE_DIRECTORY", NULL);
    unit_set_environment("XDG_STATE_HOME", "/home/x/state");
    unit_set_environment("HOME", "/home/x");
    if (geteuid() == 0) {
        check_state("/var/lib/munnel");
        ck_assert_int_eq(seteuid(4242), 0);
    }
    check_state("/home/x/state/munnel");
    unit_set_environment("XDG_STATE_HOME", NULL);
    check_state("/home/x/.local/state/munnel");
    if (getuid() == 0)
        ck_assert_int_eq(seteuid(0), 0);
}
END_TEST

START_TEST(the_folder_of_configurations_is_known_by_each_of_its_names) {
    ck_assert(places_is_configuration(PLACES_FOLDER));
    ck_assert(places_is_configuration("/usr/local/etc/munnel/"));
    ck_assert(!places_is_configuration("/etcetera"));
}
END_TEST

#endif

static TCase *state(void) {
    TCase *group = tcase_create("state");
    tcase_add_test(group, a_relative_state_folder_is_an_error);
    tcase_add_test(group, the_state_folder_is_found);
#ifndef _WIN32
    tcase_add_test(group, without_a_home_there_is_no_state_folder);
#endif
    return group;
}

static TCase *configuration(void) {
    TCase *group = tcase_create("configuration");
    tcase_add_test(group, the_folder_of_configurations_is_known_by_each_of_its_names);
    return group;
}

UNIT_MAIN("conf/places", state, configuration)
