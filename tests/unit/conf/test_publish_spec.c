/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_publish_spec: what an agent is to publish, and the answer to what it cannot be.
 */
#include "config.h"

#include "conf/publish_spec.h"
#include "unit.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *name, *to, *host;
    unsigned port;
} right[] = {
    {"web=localhost:8080", "web", "localhost:8080", "", 0},
    {"db=[::1]:5432", "db", "[::1]:5432", "", 0},
    {"x=unix:/run/x=y.sock", "x", "unix:/run/x=y.sock", "", 0},
    {"web=localhost:8080,host=web.dev.example.org", "web", "localhost:8080", "web.dev.example.org", 0},
    {"db=10.0.0.7:5432,port=20017", "db", "10.0.0.7:5432", "", 20017},
};

START_TEST(a_name_and_a_destination_are_taken_with_their_wishes) {
    struct publish_spec spec;
    struct error error = {""};
    ck_assert_msg(publish_spec_read(&spec, right[_i].text, &error) == 0, "%s", error.text);
    ck_assert_str_eq(spec.name, right[_i].name);
    ck_assert_str_eq(spec.to, right[_i].to);
    ck_assert_str_eq(spec.host, right[_i].host);
    ck_assert_uint_eq(spec.port, right[_i].port);
}
END_TEST

static const struct {
    const char *text, *error;
} wrong[] = {
    {"", "\"\" has no name; write \"web=localhost:8080\""},
    {"localhost:8080", "\"localhost:8080\" has no name; write \"web=localhost:8080\""},
    {"unix:/run/x=y", "has no name"},
    {"=localhost:8080", "\"\" is not a name"},
    {"a b=localhost:8080", "\"a b\" is not a name"},
    {"web=", "an address is empty"},
    {"web=8080", "\"8080\" has no host; write \"localhost:8080\""},
    {"web=:8080", "\":8080\" has no host"},
    {"web=localhost:+0", "\"localhost:+0\" needs a port of its own"},
    {"web=unix:x.sock", "is relative"},
    {"web=unix:/run/\x1b[2J", "it has control characters, or is not UTF-8"},
    {"web=unix:/run/\xff", "it has control characters, or is not UTF-8"},
    {"web=localhost:80,", "ends with a comma"},
    {"web=localhost:80,x", "\"x\" is not right behind a destination; write \"host=NAME\" or \"port=N\", once"},
    {"web=localhost:80,port=1,port=2", "\"port=2\" is not right behind a destination"},
    {"web=localhost:80,port=0", "\"0\" is no port"},
    {"web=localhost:80,port=65536", "\"65536\" is no port"},
    {"web=localhost:80,port=-1", "\"-1\" is no port"},
    {"web=localhost:80,port=99999999999999999999", "is no port"},
    {"web=localhost:80,host=", "is not right behind a destination"},
    {"web=localhost:80,host=*.example.org", "\"*.example.org\" is no host name"},
    {"web=localhost:80,host=a b", "\"a b\" is no host name"},
    {"web=localhost:80,host=a.example,port=1", "host and port exclude each other"},
};

START_TEST(what_cannot_be_published_is_refused_with_what_is_wrong) {
    struct error error = {""};
    ck_assert_int_eq(publish_spec_check(wrong[_i].text, &error), -1);
    ck_assert_msg(strstr(error.text, wrong[_i].error), "%s: %s", wrong[_i].text, error.text);
}
END_TEST

static char *of_length(const char *before, size_t length, const char *after) {
    char *text = malloc(strlen(before) + length + strlen(after) + 1);
    ck_assert_ptr_nonnull(text);
    memcpy(text, before, strlen(before));
    memset(text + strlen(before), 'a', length);
    memcpy(text + strlen(before) + length, after, strlen(after) + 1);
    return text;
}

START_TEST(what_is_too_long_is_refused) {
    static const char *const around[][2] = {{"", "=localhost:80"},
                                            {"web=", ":80"},
                                            {"web=localhost:80,host=", ".example"},
                                            {"web=localhost:80,", ""}};
    for (size_t i = 0; i < sizeof around / sizeof *around; i++) {
        char *text = of_length(around[i][0], 4000, around[i][1]);
        struct error error = {""};
        ck_assert_int_eq(publish_spec_check(text, &error), -1);
        ck_assert_uint_lt(strlen(error.text), 300);
        free(text);
    }
}
END_TEST

START_TEST(no_name_is_there_twice) {
    char *items[] = {(char *)"web=localhost:80", (char *)"web2=localhost:80", (char *)"web=localhost:81"};
    struct strlist list = {.items = items, .count = 2};
    struct error error = {""};
    ck_assert_int_eq(publish_spec_check_list(&list, &error), 0);
    list.count = 3;
    ck_assert_int_eq(publish_spec_check_list(&list, &error), -1);
    ck_assert_str_eq(error.text, "\"web\" is there twice; give each service a name of its own");
}
END_TEST

START_TEST(more_than_an_agent_publishes_are_refused) {
    char *items[PUBLISH_SPECS_MOST + 1] = {NULL};
    struct strlist list = {.items = items, .count = PUBLISH_SPECS_MOST + 1};
    struct error error = {""};
    ck_assert_int_eq(publish_spec_check_list(&list, &error), -1);
    ck_assert_str_eq(error.text, "65 services are too many; an agent publishes up to 64");
}
END_TEST

static TCase *specs(void) {
    TCase *group = tcase_create("specs");
    tcase_add_loop_test(group, a_name_and_a_destination_are_taken_with_their_wishes, 0,
                        (int)(sizeof right / sizeof *right));
    tcase_add_loop_test(group, what_cannot_be_published_is_refused_with_what_is_wrong, 0,
                        (int)(sizeof wrong / sizeof *wrong));
    tcase_add_test(group, what_is_too_long_is_refused);
    tcase_add_test(group, no_name_is_there_twice);
    tcase_add_test(group, more_than_an_agent_publishes_are_refused);
    return group;
}

UNIT_MAIN("conf/publish_spec", specs)
