/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_agents_file: where it is, so that a running server may change it, and how a configuration names it.
 */
#include "config.h"

#include "unit.h"

#include "conf/agents_file.h"
#include "lib/base/file.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef _WIN32
#define ROOT              "C:"
#define OF_CONFIGURATIONS "C:/ProgramData/Munnel"
#else
#define ROOT              ""
#define OF_CONFIGURATIONS "/etc/of-no-package"
#endif

static const struct {
    const char *folder, *file;
} places[] = {
    {OF_CONFIGURATIONS, ROOT "/state/agents.json"},
    {OF_CONFIGURATIONS "/", ROOT "/state/agents.json"},
    {ROOT "/etcetera", ROOT "/etcetera/agents.json"},
    {ROOT "/srv/etc/munnel", ROOT "/srv/etc/munnel/agents.json"},
    {"state/", "state/agents.json"},
};

START_TEST(the_server_need_not_write_below_etc) {
    struct error error = {""};
    unit_set_environment("STATE_DIRECTORY", ROOT "/state");
    char *path = agents_file_for(places[_i].folder, &error);
    ck_assert_pstr_eq(path, places[_i].file);
    free(path);
}
END_TEST

START_TEST(a_link_to_a_folder_below_etc_is_one) {
    struct error error = {""};
    const char *link = unit_path("link");
    unit_set_environment("STATE_DIRECTORY", ROOT "/state");
    if (!unit_make_link("/etc/ssl", link)) /* one that is there wherever the tests are run */
        return;
    char *path = agents_file_for(link, &error);
    ck_assert_pstr_eq(path, access("/etc/ssl", F_OK) == 0 ? "/state/agents.json" : unit_path("link/agents.json"));
    free(path);
}
END_TEST

START_TEST(without_a_state_folder_it_is_an_error) {
    struct error error = {""};
    unit_set_environment("STATE_DIRECTORY", "relative");
    ck_assert_ptr_null(agents_file_for(OF_CONFIGURATIONS, &error));
    ck_assert_ptr_nonnull(strstr(error.text, "STATE_DIRECTORY"));
}
END_TEST

START_TEST(beside_the_configuration_its_name_is_enough) {
    static const struct {
        const char *path, *folder, *shown;
    } names[] = {
        {"/srv/m/agents.json", "/srv/m", "agents.json"},
        {"/srv/m/agents.json", "/srv/m//", "agents.json"},
        {"/srv/m/agents.json", "/srv", NULL},
        {"/srv/m/agents.json", "/srv/mm", NULL},
        {"/srv/mm/agents.json", "/srv/m", NULL},
        {"/var/lib/munnel/agents.json", "/etc/munnel", NULL},
        {"s/agents.json", "s", "agents.json"},
        {"agents.json", "s", NULL},
        {"/srv/m/mine.json", "/srv/m", "mine.json"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        ck_assert_str_eq(agents_file_shown(names[i].path, names[i].folder),
                         names[i].shown ? names[i].shown : names[i].path);
}
END_TEST

START_TEST(what_a_configuration_cannot_name_is_refused) {
    static const char *const wrong[] = {"agents.json", "", "/", "/srv/", "/a\"b", "/a\\b", "/a\nb", "/${HOME}/b"};
    struct error error;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        ck_assert_msg(agents_file_check(wrong[i], &error) == -1, "%s", wrong[i]);
    ck_assert_int_eq(agents_file_check(ROOT "/var/lib/a b/agents.json", &error), 0);
}
END_TEST

static TCase *placing(void) {
    TCase *group = tcase_create("placing");
    tcase_add_loop_test(group, the_server_need_not_write_below_etc, 0, sizeof places / sizeof *places);
    tcase_add_test(group, a_link_to_a_folder_below_etc_is_one);
    tcase_add_test(group, without_a_state_folder_it_is_an_error);
    return group;
}

static TCase *naming(void) {
    TCase *group = tcase_create("naming");
    tcase_add_test(group, beside_the_configuration_its_name_is_enough);
    tcase_add_test(group, what_a_configuration_cannot_name_is_refused);
    return group;
}

UNIT_MAIN("agents_file", placing, naming)
