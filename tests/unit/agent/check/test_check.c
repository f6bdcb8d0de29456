/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_check: what --check-config prints, finds wrong, and leaves alone; --check with a server that is not there.
 */
#include "config.h"

#include "agent/check/check.h"
#include "conf/capture.h"
#include "lib/base/file.h"
#include "proto/auth_proof.h"
#include "proto/join_code.h"
#include "unit.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PIN "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct agent_options options;
static struct capture printed;
static char log_target[512], token_path[512], file_name[] = "agent.json", group_name[] = "web";

static void set_up(void) {
    setenv("STATE_DIRECTORY", unit_path("state"), 1);
    unsetenv("CREDENTIALS_DIRECTORY");
    snprintf(log_target, sizeof log_target, "stderr");
    options = (struct agent_options){
        .check = true, .check_config = true, .check_s = 15, .retry_s = 5, .log = {.to = log_target}};
    strlist_add(&options.pins, PIN);
}

static void tear_down(void) {
    capture_done(&printed);
    strlist_done(&options.servers);
    strlist_done(&options.pins);
    strlist_done(&options.allow);
}

static int run(void) {
    capture_done(&printed);
    capture_begin(&printed);
    int code = check_run(&options);
    capture_end(&printed);
    return code;
}

static void check_prints(const char *text) {
    ck_assert_msg(strstr(printed.text[0], text), "no %s in:\n%s%s", text, printed.text[0], printed.text[1]);
}

static void check_wrong(const char *text) {
    ck_assert_int_eq(run(), 2);
    ck_assert_str_eq(printed.text[0], "");
    ck_assert_msg(strstr(printed.text[1], text), "no %s in:\n%s", text, printed.text[1]);
    ck_assert_uint_eq(strcspn(printed.text[1], "\n") + 1, strlen(printed.text[1])); /* one line */
}

static void add_server(void) {
    strlist_add(&options.servers, "a.example:10001");
}

static void add_token(void) {
    struct auth_token token;
    char text[AUTH_TOKEN_TEXT];

    ck_assert_int_eq(auth_token_make(&token, "web1"), 0);
    auth_token_format(&token, text);
    snprintf(token_path, sizeof token_path, "%s", unit_text_file("agent.token", text));
    options.token_file = token_path;
}

START_TEST(it_prints_servers_trust_credentials_and_destinations) {
    char line[700];

    add_server();
    add_token();
    options.group = group_name;
    strlist_add(&options.allow, "db.example:5432");
    strlist_add(&options.allow, "10.0.0.0/8");
    ck_assert_int_eq(run(), 0);
    check_prints("munnel-agent: configuration OK: 1 server, group web\n");
    snprintf(line, sizeof line, "  serves a.example:10001, verified by 1 pinned key, with the token of \"web1\" (%s)\n",
             token_path);
    check_prints(line);
    check_prints("  may connect to db.example:5432\n  may connect to 10.0.0.0/8\n");
    ck_assert_ptr_null(strstr(printed.text[0], "neither"));
}
END_TEST

START_TEST(what_is_probably_a_mistake_is_printed) {
    add_server();
    ck_assert_int_eq(run(), 0);
    check_prints("all groups of its credential\n");
    check_prints("  has neither token nor certificate for a.example:10001: most servers will reject it\n");
    check_prints("  may connect to whatever the server names, except Unix sockets, link-local and metadata");
}
END_TEST

START_TEST(what_is_wrong_is_one_line_on_standard_error) {
    check_wrong("no server is named");
    add_server();
    strlist_add(&options.allow, "10.1.2.3/8");
    check_wrong("10.1.2.3/8");
    strlist_done(&options.allow);
    options.allow = (struct strlist){NULL, 0};
    snprintf(log_target, sizeof log_target, "%s", unit_path("none/log"));
    check_wrong("munnel-agent: log.to: ");
    options.file = file_name;
    check_wrong("munnel-agent: agent.json: log.to: ");
}
END_TEST

START_TEST(a_join_code_is_read_and_not_kept) {
    struct join_code code = {.servers = {"b.example:10001"}, .server_count = 1, .pins = {PIN}, .pin_count = 1};
    char text[JOIN_CODE_TEXT], path[512];

    ck_assert_int_eq(auth_token_make(&code.token, "web1"), 0);
    ck_assert_int_eq(join_code_format(&code, text, NULL), 0);
    snprintf(path, sizeof path, "%s", unit_text_file("code", text));
    strlist_done(&options.pins);
    options.pins = (struct strlist){NULL, 0};
    options.join = path;
    ck_assert_int_eq(run(), 0);
    check_prints("  serves b.example:10001, verified by 1 pinned key, with the token of \"web1\" (by a join code)\n");
    ck_assert(!file_exists(unit_path("state/joined.json")));
    unit_text_file("code", "munnel1.xyz");
    check_wrong("code: ");
}
END_TEST

/* Nothing listens there. */
START_TEST(hop_that_fails_has_its_remedy_and_those_behind_it_are_skipped) {
    options.check_config = false;
    strlist_add(&options.servers, "127.0.0.1:1");
    add_token();
    ck_assert_int_eq(run(), 1);
    check_prints("\nconfiguration  PASS ");
    check_prints("\ntcp         FAIL ");
    check_prints("127.0.0.1:1: Connection refused\n");
    check_prints("\n  do: Start munneld there, or correct the port");
    check_prints("\ntls         SKIP ");
    check_prints("\nSUMMARY FAIL: 1 passed, 1 failed, 4 skipped, in ");
    ck_assert_ptr_null(strchr(printed.text[0], '\033'));
}
END_TEST

START_TEST(name_that_is_wrong_is_in_the_remedy) {
    options.check_config = false;
    strlist_add(&options.servers, "nothing.invalid:1");
    ck_assert_int_eq(run(), 1);
    check_prints("\ndns         FAIL ");
    check_prints("name server: getent ahosts nothing.invalid\n");
}
END_TEST

START_TEST(json_has_the_same_hops) {
    options.check_config = false;
    options.is_json = true;
    strlist_add(&options.servers, "127.0.0.1:1");
    ck_assert_int_eq(run(), 1);
    json_t *json = json_loads(printed.text[0], 0, NULL);
    ck_assert_msg(json, "%s", printed.text[0]);
    ck_assert_str_eq(json_string_value(json_object_get(json, "result")), "fail");
    const json_t *hops = json_object_get(json, "hops");
    const json_t *token = json_array_get(hops, 1), *tcp = json_array_get(hops, 3);
    ck_assert_str_eq(json_string_value(json_object_get(token, "hop")), "token");
    ck_assert_str_eq(json_string_value(json_object_get(tcp, "hop")), "tcp");
    ck_assert_str_eq(json_string_value(json_object_get(tcp, "result")), "fail");
    ck_assert_str_eq(json_string_value(json_object_get(tcp, "server")), "127.0.0.1:1");
    ck_assert(json_is_real(json_object_get(tcp, "ms")));
    json_decref(json);
}
END_TEST

static TCase *checks(void) {
    TCase *group = tcase_create("checks");

    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, it_prints_servers_trust_credentials_and_destinations);
    tcase_add_test(group, what_is_probably_a_mistake_is_printed);
    tcase_add_test(group, what_is_wrong_is_one_line_on_standard_error);
    tcase_add_test(group, a_join_code_is_read_and_not_kept);
    tcase_add_test(group, hop_that_fails_has_its_remedy_and_those_behind_it_are_skipped);
    tcase_add_test(group, name_that_is_wrong_is_in_the_remedy);
    tcase_add_test(group, json_has_the_same_hops);
    return group;
}

UNIT_MAIN("agent/check", checks)
