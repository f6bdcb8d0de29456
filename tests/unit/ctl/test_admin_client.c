/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_admin_client: which program is asked, by admin_socket_exists() and admin_socket_list(), and what a person is
 * told to do if none can be.
 */
#include "config.h"

#include "ctl/admin_client.h"
#include "lib/base/file.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void set_up(void) {
    unsetenv("MUNNEL_SOCKET");
}

static void make(const char *name) {
    static const char *const folders[] = {"run/munnel", "run/munnel-agent"};

    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(file_make_folder(unit_path(folders[i]), 0700, NULL), 0);
    (void)unit_text_file(name, "");
}

static void expect(const char *given, const char *path) {
    char socket[64];
    struct admin_place place = {NULL};
    struct error error = {{0}};

    if (given) {
        snprintf(socket, sizeof socket, "%s", given);
        place.socket = socket;
    }
    char *got = admin_find_socket(&place, ADMIN_ANY, unit_folder(), &error);
    ck_assert_msg(got, "%s", error.text);
    ck_assert_str_eq(got, path);
    free(got);
}

START_TEST(the_option_goes_before_the_environment_and_that_before_what_is_there) {
    make("run/munnel/munneld.sock");
    make("run/munnel-agent/munnel-agent.sock");
    expect(NULL, unit_path("run/munnel/munneld.sock"));
    setenv("MUNNEL_SOCKET", "", 1);
    expect(NULL, unit_path("run/munnel/munneld.sock"));
    setenv("MUNNEL_SOCKET", "/by/environment", 1);
    expect(NULL, "/by/environment");
    expect("/by/option", "/by/option");
}
END_TEST

START_TEST(an_agent_alone_is_found_also_as_a_named_unit) {
    make("run/munnel-agent/berlin.sock");
    expect(NULL, unit_path("run/munnel-agent/berlin.sock"));
    make("run/munnel-agent/munnel-agent.sock");
    expect(NULL, unit_path("run/munnel-agent/munnel-agent.sock"));
}
END_TEST

static void expect_error(const char *part) {
    struct admin_place place = {NULL};
    struct error error = {{0}};

    ck_assert_ptr_null(admin_find_socket(&place, ADMIN_ANY, unit_folder(), &error));
    ck_assert_msg(strstr(error.text, part), "%s", error.text);
    ck_assert_msg(strstr(error.text, "--socket"), "%s", error.text);
}

START_TEST(of_several_agents_one_has_to_be_named) {
    make("run/munnel-agent/berlin.sock");
    make("run/munnel-agent/tokyo.sock");
    expect_error("2 agents run here");
}
END_TEST

START_TEST(without_any_program_the_error_tells_where_it_was_looked_for) {
    expect_error("/run/munnel/munneld.sock");
}
END_TEST

START_TEST(names_are_encoded_as_one_segment) {
    char target[ADMIN_TARGET], name[ADMIN_TARGET];
    struct error error = {{0}};

    ck_assert(admin_target(target, "/v1/services/", "a?b c", "/pause", &error));
    ck_assert_str_eq(target, "/v1/services/a%3Fb%20c/pause");
    ck_assert(admin_target(target, "/v1/relays?service=", "a/b", "", &error));
    ck_assert_str_eq(target, "/v1/relays?service=a%2Fb");
    memset(name, 'x', sizeof name - 1);
    name[sizeof name - 1] = '\0';
    ck_assert(!admin_target(target, "/v1/services/", name, "", &error));
    ck_assert_ptr_nonnull(strstr(error.text, "too long"));
    name[sizeof name - 20] = '\0';
    ck_assert(!admin_target(target, "/v1/services/", name, "/disconnect", &error));
}
END_TEST

START_TEST(what_can_be_no_segment_is_not_sent) {
    static const char *const names[] = {"", ".", "..", "a/b", "../x"};
    char target[ADMIN_TARGET];

    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct error error = {{0}};
        ck_assert(!admin_target(target, "/v1/services/", names[i], "", &error));
        ck_assert_msg(strstr(error.text, "can be no name here"), "%s", error.text);
    }
}
END_TEST

START_TEST(a_socket_without_a_program_is_explained) {
    struct admin_place place = {NULL};
    struct error error = {{0}};
    struct http_reply reply = {0};
    char path[256];

    snprintf(path, sizeof path, "%s", unit_path("no.sock"));
    place.socket = path;
    struct http_client *client = admin_connect(&place, ADMIN_WAIT_MS, &error);
    ck_assert_ptr_nonnull(client);
    ck_assert_int_eq(admin_call(client, "GET", "/v1/status", &reply, &error), -1);
    ck_assert_msg(strstr(error.text, "no.sock") && strstr(error.text, "is it running"), "%s", error.text);
    http_reply_done(&reply);
    http_client_free(client);
}
END_TEST

static TCase *sockets(void) {
    TCase *group = tcase_create("sockets");
    tcase_add_checked_fixture(group, set_up, NULL);
    tcase_add_test(group, the_option_goes_before_the_environment_and_that_before_what_is_there);
    tcase_add_test(group, an_agent_alone_is_found_also_as_a_named_unit);
    tcase_add_test(group, of_several_agents_one_has_to_be_named);
    tcase_add_test(group, without_any_program_the_error_tells_where_it_was_looked_for);
    tcase_add_test(group, names_are_encoded_as_one_segment);
    tcase_add_test(group, what_can_be_no_segment_is_not_sent);
    tcase_add_test(group, a_socket_without_a_program_is_explained);
    return group;
}

UNIT_MAIN("ctl/admin_client", sockets)
