/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_startup: an agent from its options to its exit code, on a fake plane: signals, the log, what ends it.
 */
#include "config.h"

#include "agent/startup.h"

#include "agent/agent.h"
#include "agent/fake_plane.h"
#include "conf/capture.h"
#include "lib/base/file.h"
#include "lib/net/sock.h"
#include "proto/auth_proof.h"
#include "proto/join_code.h"
#include "unit.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIN "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct agent_options options;
static struct capture printed;
static char log_path[512], token_path[512], name[] = "tester";

static void set_up(void) {
    struct auth_token token;
    char text[AUTH_TOKEN_TEXT];

    setenv("STATE_DIRECTORY", unit_path("state"), 1);
    unsetenv("CREDENTIALS_DIRECTORY");
    unsetenv("NOTIFY_SOCKET");
    snprintf(log_path, sizeof log_path, "%s", unit_path("log"));
    ck_assert_int_eq(auth_token_make(&token, "web1"), 0);
    auth_token_format(&token, text);
    snprintf(token_path, sizeof token_path, "%s", unit_text_file("agent.token", text)); /* or a person would be asked */
    options = (struct agent_options){.name = name,
                                     .token_file = token_path,
                                     .threads = 1,
                                     .retry_s = 5,
                                     .log = {.level = LOG_LEVEL_INFO, .to = log_path}};
    strlist_add(&options.servers, "127.0.0.1:10001");
    strlist_add(&options.pins, PIN);
}

static void tear_down(void) {
    fake_plane_forget();
    capture_done(&printed);
    strlist_done(&options.servers);
    strlist_done(&options.pins);
    strlist_done(&options.allow);
}

static int run(void (*on_dial)(void)) {
    fake_plane()->on_dial = on_dial;
    capture_begin(&printed);
    int code = startup_run(&options);
    capture_end(&printed);
    return code;
}

/* Calls it from the agent's loop, which may not run yet. */
static void call_soon(void (*function)(evutil_socket_t fd, short what, void *context)) {
    static const struct timeval soon = {0, 1000};

    ck_assert_int_eq(event_base_once(loop_base(fake_plane()->options.control), -1, EV_TIMEOUT, function, NULL, &soon),
                     0);
}

static void check_logged(const char *path, const char *text) {
    char *log = unit_read(path, NULL);

    ck_assert_msg(strstr(log, text), "not logged: %s\nbut:\n%s", text, log);
    free(log);
}

/* Other programs need ports of UDP, too. */
static void check_udp_sessions(const char *path) {
    static const char field[] = " udp_sessions_most=";
    char *log = unit_read(path, NULL);
    const char *at = strstr(log, field);

    ck_assert_ptr_nonnull(at);
    unsigned long most = strtoul(at + sizeof field - 1, NULL, 10);
    ck_assert_uint_ge(most, 1);
    ck_assert_uint_le(most, sock_ephemeral_ports() / 4);
    free(log);
}

/* ---- signals ---- */

static void end(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    raise(SIGTERM);
}

static void end_soon(void) {
    call_soon(end);
}

START_TEST(sigterm_drains_and_ends_with_0) {
    strlist_add(&options.allow, "10.0.0.0/8");
    strlist_add(&options.allow, "db.example:5432");
    ck_assert_int_eq(run(end_soon), AGENT_EXIT_OK);
    check_logged(log_path, "agent tester  started servers=1 threads=1");
    check_udp_sessions(log_path);
    check_logged(log_path, "agent tester  may connect to destinations=\"10.0.0.0/8, db.example:5432\"");
    check_logged(log_path, "server 127.0.0.1:10001  configured verified_by=\"1 pinned key\" credential=web1 token=/");
    check_logged(log_path, "agent tester  draining");
    check_logged(log_path, "agent tester  stopped");
    ck_assert_str_eq(printed.text[1], "");
}
END_TEST

/* Waits until the log has been opened again. */
static void end_when_reopened(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    if (file_exists(log_path))
        raise(SIGTERM);
    else
        call_soon(end_when_reopened);
}

static void rotate(evutil_socket_t fd, short what, void *context) {
    char *log = unit_read(log_path, NULL);
    bool is_written = strstr(log, "started"); /* by the log's own thread */

    (void)fd, (void)what, (void)context;
    free(log);
    if (!is_written) {
        call_soon(rotate);
        return;
    }
    ck_assert_int_eq(rename(log_path, unit_path("log.1")), 0);
    raise(SIGHUP);
    call_soon(end_when_reopened);
}

static void rotate_soon(void) {
    call_soon(rotate);
}

START_TEST(sighup_opens_the_log_again) {
    ck_assert_int_eq(run(rotate_soon), AGENT_EXIT_OK);
    check_logged(unit_path("log.1"), "started");
    check_logged(log_path, "stopped");
}
END_TEST

static void count_and_end(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    raise(SIGUSR1);
    call_soon(end);
}

static void count_soon(void) {
    call_soon(count_and_end);
}

START_TEST(sigusr1_logs_the_counts) {
    ck_assert_int_eq(run(count_soon), AGENT_EXIT_OK);
    check_logged(log_path, "agent tester  statistics servers=0");
}
END_TEST

/* ---- what ends it by itself ---- */

static void reject(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
    fake_reject(0, REJECT_CREDENTIAL, "unknown credential", 0);
}

static void reject_soon(void) {
    call_soon(reject);
}

START_TEST(giving_up_is_3_and_is_printed_where_the_log_is_a_file) {
    ck_assert_int_eq(run(reject_soon), AGENT_EXIT_REJECTED);
    ck_assert_str_eq(printed.text[1], "munnel-agent: server 127.0.0.1:10001: the server rejected this agent "
                                      "(credential): unknown credential\n");
    check_logged(log_path, "server 127.0.0.1:10001  gave up on this server");
    check_logged(log_path, "agent tester  ends: no server is left that it can use");
}
END_TEST

START_TEST(giving_up_is_printed_once_where_the_log_is_standard_error) {
    snprintf(log_path, sizeof log_path, "stderr");
    ck_assert_int_eq(run(reject_soon), AGENT_EXIT_REJECTED);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "gave up on this server"));
    ck_assert_ptr_null(strstr(printed.text[1], "munnel-agent: "));
}
END_TEST

START_TEST(without_a_server_it_is_a_mistake_of_the_command_line) {
    strlist_done(&options.servers);
    options.servers = (struct strlist){NULL, 0};
    ck_assert_int_eq(run(NULL), AGENT_EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "munnel-agent: no server is named, and none was joined"));
    ck_assert_uint_eq(fake_plane()->dial_count, 0);
}
END_TEST

START_TEST(a_log_that_cannot_be_opened_is_1) {
    snprintf(log_path, sizeof log_path, "%s", unit_path("none/log"));
    ck_assert_int_eq(run(NULL), AGENT_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "none/log"));
    ck_assert_uint_eq(fake_plane()->dial_count, 0);
}
END_TEST

/* ---- a join code ---- */

START_TEST(a_join_code_is_kept_and_its_server_is_dialled) {
    struct join_code code = {.servers = {"127.0.0.2:4711"}, .server_count = 1, .pins = {PIN}, .pin_count = 1};
    char text[JOIN_CODE_TEXT], path[512], address[ADDR_TEXT];

    ck_assert_int_eq(auth_token_make(&code.token, "web1"), 0);
    ck_assert_int_eq(join_code_format(&code, text, NULL), 0);
    snprintf(path, sizeof path, "%s", unit_text_file("code", text));
    strlist_done(&options.servers);
    options.servers = (struct strlist){NULL, 0};
    options.token_file = NULL;
    options.join = path;
    ck_assert_int_eq(run(end_soon), AGENT_EXIT_OK);
    ck_assert_str_eq(addr_format(&fake_plane()->dials[0].order.address, address, sizeof address), "127.0.0.2:4711");
    ck_assert(file_exists(unit_path("state/joined.json")));
}
END_TEST

static TCase *starts(void) {
    TCase *group = tcase_create("starts");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, sigterm_drains_and_ends_with_0);
    tcase_add_test(group, sighup_opens_the_log_again);
    tcase_add_test(group, sigusr1_logs_the_counts);
    tcase_add_test(group, giving_up_is_3_and_is_printed_where_the_log_is_a_file);
    tcase_add_test(group, giving_up_is_printed_once_where_the_log_is_standard_error);
    tcase_add_test(group, without_a_server_it_is_a_mistake_of_the_command_line);
    tcase_add_test(group, a_log_that_cannot_be_opened_is_1);
    tcase_add_test(group, a_join_code_is_kept_and_its_server_is_dialled);
    return group;
}

UNIT_MAIN("agent/startup", starts)
