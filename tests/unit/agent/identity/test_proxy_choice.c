/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy_choice: options go before the environment, of that the first variable that is set decides, and a password
 * is a secret.
 */
#include "config.h"

#include "agent/identity/proxy_choice.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static struct agent_options options;
static struct proxy_choice choice;
static struct error error;

static void set_up(void) {
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        unsetenv(names[i]);
    options = (struct agent_options){0};
    error = (struct error){""};
}

static void tear_down(void) {
    proxy_choice_done(&choice);
}

static char *text(const char *constant) {
    return (char *)(uintptr_t)constant;
}

static const char *way_to(const char *server) {
    struct endpoint endpoint;
    ck_assert_int_eq(endpoint_parse(&endpoint, server, NULL), 0);
    const struct proxy *proxy = proxy_choice_for(&choice, &endpoint);
    return proxy ? proxy->text : "directly";
}

static void expect_way(const char *server, const char *way) {
    proxy_choice_done(&choice);
    ck_assert_msg(proxy_choice_make(&choice, &options, &error) == 0, "%s", error.text);
    ck_assert_str_eq(way_to(server), way);
}

static void expect_wrong(const char *words) {
    proxy_choice_done(&choice);
    ck_assert_int_eq(proxy_choice_make(&choice, &options, &error), -1);
    ck_assert_msg(strstr(error.text, words), "%s", error.text);
    ck_assert_msg(!strstr(error.text, "hunter2"), "%s", error.text);
}

START_TEST(without_anything_servers_are_reached_directly) {
    expect_way("a.example:1", "directly");
}
END_TEST

START_TEST(the_first_variable_decides) {
    setenv("ALL_PROXY", "socks5://d", 1);
    expect_way("a.example:1", "socks5://d:1080");
    setenv("all_proxy", "socks5h://c", 1);
    expect_way("a.example:1", "socks5h://c:1080");
    setenv("HTTPS_PROXY", "http://b", 1);
    expect_way("a.example:1", "http://b:80");
    ck_assert_str_eq(choice.from, "HTTPS_PROXY");
    setenv("https_proxy", "http://bob:hunter2@a:3128", 1);
    expect_way("a.example:1", "http://a:3128");
    ck_assert_str_eq(choice.proxy.password, "hunter2");
    setenv("https_proxy", "", 1);
    expect_way("a.example:1", "directly");
}
END_TEST

START_TEST(no_proxy_has_exceptions) {
    setenv("https_proxy", "http://p:1", 1);
    setenv("NO_PROXY", "other.example", 1);
    expect_way("a.example:1", "http://p:1");
    expect_way("www.other.example:1", "directly");
    setenv("no_proxy", "10.0.0.0/8", 1);
    expect_way("www.other.example:1", "http://p:1");
    expect_way("10.1.2.3:1", "directly");
}
END_TEST

START_TEST(the_option_goes_before_the_environment_for_every_server) {
    setenv("https_proxy", "http://p:1", 1);
    setenv("no_proxy", "*", 1);
    options.proxy = text("http://q:2");
    expect_way("a.example:1", "http://q:2");
    setenv("no_proxy", "", 1);
    options.proxy = text("none");
    expect_way("a.example:1", "directly");
}
END_TEST

START_TEST(a_wrong_variable_is_named) {
    setenv("https_proxy", "https://bob:hunter2@a:1", 1);
    expect_wrong("the environment's https_proxy: ");
}
END_TEST

START_TEST(the_password_comes_from_a_file) {
    options.proxy = text("http://bob@a:3128");
    options.proxy_password_file = text(unit_text_file("password", "hunter2\n"));
    expect_way("a.example:1", "http://a:3128");
    ck_assert_str_eq(choice.proxy.user, "bob");
    ck_assert_str_eq(choice.proxy.password, "hunter2");
    options.proxy_password_file = text(unit_text_file("two", "hunter2\nhunter2\n"));
    expect_wrong("one line");
    options.proxy_password_file = text(unit_path("none"));
    expect_wrong("none");
    options.proxy = text("http://a:3128");
    options.proxy_password_file = text(unit_text_file("password", "hunter2\n"));
    expect_wrong("names no user");
    options.proxy = text("http://bob@a:3128");
    options.proxy_password_file = NULL;
    expect_wrong("--proxy-password-file");
}
END_TEST

/* Its time may be the same, but not its length. */
START_TEST(a_password_that_changes_is_taken) {
    options.proxy = text("http://bob@a:3128");
    options.proxy_password_file = text(unit_text_file("password", "hunter2\n"));
    expect_way("a.example:1", "http://a:3128");
    proxy_choice_recheck(&choice, NULL);
    ck_assert_str_eq(choice.proxy.password, "hunter2");
    unit_text_file("password", "another one\n");
    proxy_choice_recheck(&choice, NULL);
    ck_assert_str_eq(choice.proxy.password, "another one");
    unit_text_file("password", "\n");
    proxy_choice_recheck(&choice, NULL);
    ck_assert_str_eq(choice.proxy.password, "another one");
}
END_TEST

START_TEST(others_must_not_read_it) {
    options.proxy = text("http://bob@a:3128");
    options.proxy_password_file = text(unit_text_file("password", "hunter2\n"));
    ck_assert_int_eq(chmod(options.proxy_password_file, 0644), 0);
    expect_wrong("password");
}
END_TEST

static TCase *choosing(void) {
    TCase *group = tcase_create("choosing");
    tcase_add_checked_fixture(group, set_up, tear_down);
    tcase_add_test(group, without_anything_servers_are_reached_directly);
    tcase_add_test(group, the_first_variable_decides);
    tcase_add_test(group, no_proxy_has_exceptions);
    tcase_add_test(group, the_option_goes_before_the_environment_for_every_server);
    tcase_add_test(group, a_wrong_variable_is_named);
    tcase_add_test(group, the_password_comes_from_a_file);
    tcase_add_test(group, a_password_that_changes_is_taken);
    tcase_add_test(group, others_must_not_read_it);
    return group;
}

UNIT_MAIN("agent/identity/proxy_choice", choosing)
