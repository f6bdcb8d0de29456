/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_proxy: URLs of proxies, right and wrong, and that no error shows a password.
 */
#include "config.h"

#include "unit.h"

#include "proto/proxy.h"

#include <string.h>

START_TEST(a_url_is_taken_apart) {
    static const struct {
        const char *url, *text, *user, *password;
        enum proxy_kind kind;
    } cases[] = {
        {"http://10.0.0.1:3128", "http://10.0.0.1:3128", "", "", PROXY_HTTP},
        {"HTTP://proxy.corp:8080/", "http://proxy.corp:8080", "", "", PROXY_HTTP},
        {"http://proxy.corp", "http://proxy.corp:80", "", "", PROXY_HTTP},
        {"proxy.corp:3128", "http://proxy.corp:3128", "", "", PROXY_HTTP},
        {"proxy.corp", "http://proxy.corp:80", "", "", PROXY_HTTP},
        {"http://[fd00::1]:3128", "http://[fd00::1]:3128", "", "", PROXY_HTTP},
        {"http://[fd00::1]", "http://[fd00::1]:80", "", "", PROXY_HTTP},
        {"socks5://127.0.0.1", "socks5://127.0.0.1:1080", "", "", PROXY_SOCKS5},
        {"socks5h://user@h:9050", "socks5h://h:9050", "user", "", PROXY_SOCKS5},
        {"http://bob:secret@h:1", "http://h:1", "bob", "secret", PROXY_HTTP},
        {"http://a%40b:p%3Aq%25%20@h:1", "http://h:1", "a@b", "p:q% ", PROXY_HTTP},
        {"http://bob:p@ss@h:1", "http://h:1", "bob", "p@ss", PROXY_HTTP},
        {"bob:x:y@h:1", "http://h:1", "bob", "x:y", PROXY_HTTP},
        {"http://bob:@h:1", "http://h:1", "bob", "", PROXY_HTTP},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct proxy proxy;
        struct error error = {""};
        ck_assert_msg(proxy_parse(&proxy, cases[i].url, &error) == 0, "%s: %s", cases[i].url, error.text);
        ck_assert_str_eq(proxy.text, cases[i].text);
        ck_assert_str_eq(proxy_where(&proxy), strstr(cases[i].text, "://") + 3);
        ck_assert_str_eq(proxy.user, cases[i].user);
        ck_assert_str_eq(proxy.password, cases[i].password);
        ck_assert_int_eq(proxy.kind, cases[i].kind);
        ck_assert_int_eq(proxy.has_user, cases[i].user[0] != '\0');
    }
}
END_TEST

START_TEST(a_wrong_url_is_refused_without_its_password) {
    static const char *const urls[] = {"",
                                       "http://",
                                       "http://:80",
                                       "http://h:0",
                                       "http://h:70000",
                                       "http://h:80/path",
                                       "http://h:80?q",
                                       "https://u:hunter2@h:443",
                                       "ftp://u:hunter2@h:1",
                                       "socks4://h:1",
                                       "unix:/run/x",
                                       "http://unix:/run/x",
                                       "http://u:hunter2%zz@h:1",
                                       "http://u:hunter2%4@h:1",
                                       "http://u:hunter2%@h:1",
                                       "http://u:hunter2%00@h:1",
                                       "http://u%0d%0aX:hunter2@h:1",
                                       "http://u%3av:hunter2@h:1",
                                       "http://:hunter2@h:1",
                                       "http://u:hunter2@h:1:2",
                                       "http://u:hunter2@",
                                       "http://h:1\r\nX: y"};
    for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
        struct proxy proxy;
        struct error error = {""};
        ck_assert_msg(proxy_parse(&proxy, urls[i], &error) == -1, "%s was taken", urls[i]);
        ck_assert(error.text[0]);
        ck_assert_msg(!strstr(error.text, "hunter2"), "%s", error.text);
    }
}
END_TEST

START_TEST(what_is_too_long_is_refused) {
    char url[1024];
    struct proxy proxy;
    struct error error;
    for (size_t length = 250; length < 262; length++) {
        snprintf(url, sizeof url, "http://%0*d:p@h:1", (int)length, 1);
        ck_assert_int_eq(proxy_parse(&proxy, url, &error), length < PROXY_USER_SIZE ? 0 : -1);
        snprintf(url, sizeof url, "http://u:%0*d@h:1", (int)length, 1);
        ck_assert_int_eq(proxy_parse(&proxy, url, &error), length < PROXY_USER_SIZE ? 0 : -1);
    }
    memset(url, 'a', sizeof url - 1);
    url[sizeof url - 1] = '\0';
    ck_assert_int_eq(proxy_parse(&proxy, url, &error), -1);
}
END_TEST

START_TEST(a_password_is_one_line) {
    struct proxy proxy;
    struct error error;
    ck_assert_int_eq(proxy_parse(&proxy, "http://u@h:1", &error), 0);
    ck_assert(!proxy.has_password);
    ck_assert_int_eq(proxy_set_password(&proxy, "open sesame\r\n", &error), 0);
    ck_assert_str_eq(proxy.password, "open sesame");
    ck_assert(proxy.has_password);
    ck_assert_int_eq(proxy_set_password(&proxy, "\n", &error), -1);
    ck_assert_int_eq(proxy_set_password(&proxy, "a\nb\n", &error), -1);
    ck_assert_int_eq(proxy_set_password(&proxy, "a\tb", &error), -1);
}
END_TEST

START_TEST(each_fault_has_a_remedy) {
    ck_assert_ptr_null(proxy_fault_remedy(PROXY_FAULT_NONE));
    for (int fault = PROXY_FAULT_NONE + 1; fault < PROXY_FAULT_COUNT; fault++)
        ck_assert_ptr_nonnull(proxy_fault_remedy((enum proxy_fault)fault));
    ck_assert(proxy_fault_lasts(PROXY_FAULT_AUTHENTICATION)); /* else a wrong password is sent each second */
    ck_assert(!proxy_fault_lasts(PROXY_FAULT_UNREACHABLE));
}
END_TEST

static TCase *urls(void) {
    TCase *group = tcase_create("urls");
    tcase_add_test(group, a_url_is_taken_apart);
    tcase_add_test(group, a_wrong_url_is_refused_without_its_password);
    tcase_add_test(group, what_is_too_long_is_refused);
    tcase_add_test(group, a_password_is_one_line);
    tcase_add_test(group, each_fault_has_a_remedy);
    return group;
}

UNIT_MAIN("proto/proxy", urls)
