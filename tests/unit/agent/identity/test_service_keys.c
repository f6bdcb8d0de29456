/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_keys: which services this agent has keys for, and in which role.
 */
#include "config.h"

#include "agent/identity/service_keys.h"

#include "unit.h"

#include <string.h>
#include <sys/stat.h>

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *file_of(const char *text, mode_t mode) {
    const char *path = unit_text_file("keys.json", text);
    ck_assert_int_eq(chmod(path, mode), 0);
    return path;
}

START_TEST(an_entry_with_a_destination_serves_and_each_visits) {
    struct error error = {""};
    struct service_keys *keys =
        service_keys_new(file_of("{\"web\": {\"keys\": [\"" KEY "\"]}, \"ssh\": {\"keys\": [\"" KEY
                                 "\"], \"connect\": \"h:22\"}}",
                                 0600),
                         &error);
    ck_assert_msg(keys, "%s", error.text);
    ck_assert_uint_eq(service_keys_count(keys), 2);
    const struct service_key *ssh = service_keys_find(keys, "ssh"), *web = service_keys_find(keys, "web");
    ck_assert_str_eq(ssh->connect, "h:22");
    ck_assert(ssh->serving && ssh->visiting);
    ck_assert(!web->connect && !web->serving && web->visiting);
    ck_assert_ptr_null(service_keys_find(keys, "ss"));
    ck_assert_ptr_null(service_keys_find(NULL, "ssh"));
    service_keys_free(keys);
}
END_TEST

START_TEST(without_a_file_there_are_none) {
    struct error error = {""};
    struct service_keys *keys = service_keys_new(NULL, &error);
    ck_assert_uint_eq(service_keys_count(keys), 0);
    ck_assert_ptr_null(service_keys_find(keys, "ssh"));
    service_keys_free(keys);
}
END_TEST

START_TEST(a_file_that_everybody_may_read_is_refused) {
    struct error error = {""};
    ck_assert_ptr_null(service_keys_new(file_of("{}", 0644), &error));
    ck_assert_msg(strstr(error.text, "secret"), "%s", error.text);
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, an_entry_with_a_destination_serves_and_each_visits);
    tcase_add_test(group, without_a_file_there_are_none);
    tcase_add_test(group, a_file_that_everybody_may_read_is_refused);
    return group;
}

UNIT_MAIN("agent/identity/service_keys", keys)
