/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_operations: where a program listens for munnel, and where it does without.
 */
#include "config.h"

#include "admin/operations.h"

#include "lib/base/file.h"
#include "unit.h"
#include "unit_log.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct event_base *base;
static struct http_server *http;
static struct log *logged;
static struct error error;

static void set_up(void) {
    static const struct http_options options = {.routes = NULL};

    base = event_base_new();
    http = http_server_new(base, &options, &error);
    logged = unit_log(LOG_LEVEL_DEBUG);
    ck_assert_ptr_nonnull(http);
}

static void tear_down(void) {
    http_server_free(http);
    log_free(logged);
    event_base_free(base);
}

static int listen_at(const char *path, const char *preset) {
    const struct operations_socket at = {.path = path, .preset = preset, .program = "munneld"};

    return operations_listen(http, logged, &at, &error);
}

static char *what_was_logged(void) {
    log_free(logged);
    logged = NULL;
    return unit_read(unit_path("log"), NULL);
}

/* Every start outside of a service manager warned of it. */
START_TEST(default_without_its_folder_is_a_line_for_debugging) {
    ck_assert_int_eq(listen_at(unit_path("run/x.sock"), unit_path("run/x.sock")), 0);
    char *lines = what_was_logged();
    ck_assert_ptr_nonnull(strstr(lines, "the folder of its socket is not there"));
    ck_assert_ptr_null(strstr(lines, "warning"));
    free(lines);
}
END_TEST

START_TEST(default_that_cannot_be_made_is_a_warning) {
    unit_text_file("x.sock", "a file in its place");
    ck_assert_int_eq(listen_at(unit_path("x.sock"), unit_path("x.sock")), 0);
    char *lines = what_was_logged();
    ck_assert_ptr_nonnull(strstr(lines, "warning"));
    ck_assert_ptr_nonnull(strstr(lines, "its socket cannot be made"));
    free(lines);
}
END_TEST

START_TEST(named_path_that_cannot_be_made_is_an_error) {
    ck_assert_int_eq(listen_at(unit_path("run/y.sock"), unit_path("run/x.sock")), -1);
    ck_assert_ptr_nonnull(strstr(error.text, "run/y.sock"));
}
END_TEST

START_TEST(socket_is_for_the_group_of_the_process) {
    struct stat status;

    ck_assert_int_eq(listen_at(unit_path("y.sock"), unit_path("x.sock")), 0);
    ck_assert_int_eq(stat(unit_path("y.sock"), &status), 0);
    ck_assert(S_ISSOCK(status.st_mode));
    ck_assert_uint_eq(status.st_mode & 0777, 0660);
}
END_TEST

START_TEST(empty_path_is_no_socket) {
    ck_assert_int_eq(listen_at("", unit_path("x.sock")), 0);
    ck_assert_int_eq(listen_at(NULL, unit_path("x.sock")), 0);
    ck_assert(!file_exists(unit_path("x.sock")));
}
END_TEST

static TCase *sockets(void) {
    TCase *group = tcase_create("sockets");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, default_without_its_folder_is_a_line_for_debugging);
    tcase_add_test(group, default_that_cannot_be_made_is_a_warning);
    tcase_add_test(group, named_path_that_cannot_be_made_is_an_error);
    tcase_add_test(group, socket_is_for_the_group_of_the_process);
    tcase_add_test(group, empty_path_is_no_socket);
    return group;
}

UNIT_MAIN("admin/operations", sockets)
