/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_keys: which services this agent has keys for, and in which role.
 */
#include "config.h"

#include "agent/identity/service_keys.h"

#include "lib/base/file.h"
#include "lib/tls/shared_key.h"
#include "lib/tls/tls.h"
#include "unit.h"
#include "unit_log.h"

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

/* ---- a file that changes ---- */

#define OTHER "ff112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static bool joins(const struct service_key *serving, const struct service_key *visiting) {
    SSL *ends[] = {tls_session(serving->serving, true, NULL), tls_session(visiting->visiting, false, NULL)};
    BIO *bios[2];
    ck_assert_int_eq(BIO_new_bio_pair(&bios[0], 0, &bios[1], 0), 1);
    for (int i = 0; i < 2; i++)
        SSL_set_bio(ends[i], bios[i], bios[i]);
    for (int i = 0; i < 8; i++)
        (void)tls_handshake(ends[(i + 1) % 2]);
    bool is_joined = shared_key_is_proven(ends[0]) && shared_key_is_proven(ends[1]);
    SSL_free(ends[0]);
    SSL_free(ends[1]);
    return is_joined;
}

static void write_new(const char *text) {
    struct error error;
    ck_assert_msg(file_write(unit_path("keys.json"), text, strlen(text), 0600, &error) == 0, "%s", error.text);
}

#define ENTRY(service, key) "\"" service "\": {\"keys\": [\"" key "\"], \"connect\": \"h:22\"}"

START_TEST(new_keys_are_taken_and_a_file_that_is_wrong_is_not) {
    struct error error;
    struct log *log = unit_log(LOG_LEVEL_INFO);
    struct service_keys *before = service_keys_new(file_of("{" ENTRY("ssh", KEY) "}", 0600), &error);
    struct service_keys *keys = service_keys_new(unit_path("keys.json"), &error);
    const struct service_key *old = service_keys_find(before, "ssh"), *ssh = service_keys_find(keys, "ssh");
    write_new("{" ENTRY("ssh", OTHER) "}");
    ck_assert(joins(ssh, old));
    service_keys_recheck(keys, log);
    ck_assert(!joins(ssh, old) && !joins(old, ssh) && joins(ssh, ssh));
    write_new("{" ENTRY("ssh", "12") "}");
    service_keys_recheck(keys, log);
    ck_assert(joins(ssh, ssh));
    write_new("{" ENTRY("ssh", KEY) ", " ENTRY("web", KEY) "}");
    service_keys_recheck(keys, log);
    ck_assert(joins(ssh, old) && !service_keys_find(keys, "web"));
    service_keys_free(before);
    service_keys_free(keys);
    log_free(log);
    unit_expect_logged("end-to-end keys reloaded");
    unit_expect_logged("the old ones stay in use");
    unit_expect_logged("needs a restart");
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, an_entry_with_a_destination_serves_and_each_visits);
    tcase_add_test(group, without_a_file_there_are_none);
    tcase_add_test(group, a_file_that_everybody_may_read_is_refused);
    tcase_add_test(group, new_keys_are_taken_and_a_file_that_is_wrong_is_not);
    return group;
}

UNIT_MAIN("agent/identity/service_keys", keys)
