/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_known_servers: what a join code brought is kept, found again, replaced and never readable by others.
 */
#include "config.h"

#include "agent/identity/known_servers.h"
#include "proto/auth_proof.h"
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PIN "sha256:00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static struct error error;

static struct known_server make_server(const char *name, const char *address) {
    struct known_server server = {.address = strdup(address), .token = calloc(1, AUTH_TOKEN_TEXT)};
    struct auth_token token;
    ck_assert_int_eq(auth_token_make(&token, name), 0);
    auth_token_format(&token, server.token);
    ck_assert_int_eq(strlist_add(&server.pins, PIN), 0);
    return server;
}

static void put(struct known_servers *joined, const char *name, const char *address) {
    struct known_server server = make_server(name, address);
    ck_assert_msg(known_servers_put(joined, &server, &error) == 0, "%s", error.text);
    known_server_done(&server);
}

static struct known_servers *read_all(void) {
    struct known_servers *joined = known_servers_read(unit_folder(), &error);
    ck_assert_msg(joined, "%s", error.text);
    return joined;
}

static void ck_assert_token_of(const struct known_servers *joined, const char *address, const char *name) {
    const struct known_server *server = known_servers_find(joined, address);
    ck_assert_ptr_nonnull(server);
    ck_assert_msg(strncmp(server->token, name, strlen(name)) == 0 && server->token[strlen(name)] == ':', "%s", address);
}

START_TEST(without_a_file_nothing_is_joined) {
    struct known_servers *joined = read_all();
    ck_assert_uint_eq(known_servers_count(joined), 0);
    ck_assert_ptr_null(known_servers_find(joined, "a:1"));
    known_servers_free(joined);
}
END_TEST

START_TEST(what_was_written_is_read) {
    struct known_servers *joined = read_all(), *again;
    put(joined, "one", "a.example:1");
    put(joined, "two", "b.example:1");
    ck_assert_msg(known_servers_write(joined, unit_folder(), &error) == 0, "%s", error.text);
    again = read_all();
    ck_assert_uint_eq(known_servers_count(again), 2);
    ck_assert_str_eq(known_servers_find(again, "a.example:1")->token, known_servers_at(joined, 0)->token);
    ck_assert_str_eq(known_servers_at(again, 1)->address, "b.example:1");
    ck_assert_str_eq(known_servers_find(again, "b.example:1")->pins.items[0], PIN);
    known_servers_free(joined);
    known_servers_free(again);
}
END_TEST

START_TEST(only_its_user_can_read_the_file) {
    struct known_servers *joined = read_all();
    struct stat status;
    put(joined, "one", "a.example:1");
    ck_assert_int_eq(known_servers_write(joined, unit_path("new/folder"), &error), 0);
    ck_assert_int_eq(stat(unit_path("new/folder/joined.json"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0600);
    ck_assert_int_eq(stat(unit_path("new/folder"), &status), 0);
    ck_assert_uint_eq(status.st_mode & 0777, 0700);
    known_servers_free(joined);
}
END_TEST

START_TEST(a_new_code_replaces_the_old_one_of_that_server) {
    struct known_servers *joined = read_all();
    put(joined, "old", "a.example:1");
    put(joined, "other", "b.example:1");
    put(joined, "new", "a.example:1");
    ck_assert_uint_eq(known_servers_count(joined), 2);
    ck_assert_token_of(joined, "a.example:1", "new");
    ck_assert_token_of(joined, "b.example:1", "other");
    known_servers_free(joined);
}
END_TEST

START_TEST(a_removed_server_is_gone_and_the_others_stay) {
    static const char *const addresses[] = {"a.example:1", "b.example:1", "c.example:1"};
    struct known_servers *servers = known_servers_read(NULL, &error);
    for (size_t i = 0; i < 3; i++)
        put(servers, "x", addresses[i]);
    known_servers_remove(servers, "none.example:1");
    known_servers_remove(servers, "b.example:1");
    ck_assert_uint_eq(known_servers_count(servers), 2);
    ck_assert_ptr_null(known_servers_find(servers, "b.example:1"));
    ck_assert_str_eq(known_servers_at(servers, 1)->address, "c.example:1");
    known_servers_remove(servers, "c.example:1");
    ck_assert_ptr_nonnull(known_servers_find(servers, "a.example:1"));
    known_servers_free(servers);
}
END_TEST

START_TEST(there_is_a_limit) {
    struct known_servers *joined = read_all();
    struct known_server server;
    for (int i = 1; i <= KNOWN_SERVERS_MAX; i++) {
        char address[32];
        snprintf(address, sizeof address, "a.example:%d", i);
        put(joined, "one", address);
    }
    put(joined, "again", "a.example:7"); /* no new one */
    server = make_server("one", "b.example:1");
    ck_assert_int_eq(known_servers_put(joined, &server, &error), -1);
    known_server_done(&server);
    known_servers_free(joined);
}
END_TEST

START_TEST(a_malformed_server_is_not_kept) {
    struct known_servers *joined = read_all();
    struct known_server server = make_server("one", "no address");
    ck_assert_int_eq(known_servers_put(joined, &server, &error), -1);
    known_server_done(&server);
    server = make_server("one", "a.example:1");
    server.token[3] = 'x';
    ck_assert_int_eq(known_servers_put(joined, &server, &error), -1);
    known_server_done(&server);
    server = make_server("one", "a.example:1");
    strlist_done(&server.pins);
    ck_assert_int_eq(known_servers_put(joined, &server, &error), -1);
    known_server_done(&server);
    ck_assert_uint_eq(known_servers_count(joined), 0);
    known_servers_free(joined);
}
END_TEST

START_TEST(a_malformed_file_is_an_error_that_shows_no_secret) {
    static const char *const texts[] = {
        "",
        "{}",
        "[]",
        "{\"servers\":{}}",
        "{\"servers\":[3]}",
        "{\"servers\":[{\"address\":7,\"pins\":[\"" PIN "\"],\"token\":\"web1:secretish\"}]}",
        "{\"servers\":[{\"address\":\"a:1\",\"pins\":[7],\"token\":\"web1:secretish\"}]}",
        "{\"servers\":[{\"address\":\"a:1\",\"pins\":[\"" PIN "\"],\"token\":\"web1:secretish\"}]}"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        unit_text_file("joined.json", texts[i]);
        ck_assert_msg(!known_servers_read(unit_folder(), &error), "%s", texts[i]);
        ck_assert_ptr_nonnull(strstr(error.text, "joined.json"));
        ck_assert_msg(!strstr(error.text, "secretish"), "%s", error.text);
    }
}
END_TEST

START_TEST(a_file_that_others_may_read_is_refused) {
    ck_assert_int_eq(chmod(unit_text_file("joined.json", "{\"servers\":[]}"), 0644), 0);
    ck_assert_ptr_null(known_servers_read(unit_folder(), &error));
    ck_assert_int_eq(chmod(unit_path("joined.json"), 0600), 0);
    known_servers_free(read_all());
}
END_TEST

static TCase *keeping(void) {
    TCase *group = tcase_create("keeping");
    tcase_add_test(group, without_a_file_nothing_is_joined);
    tcase_add_test(group, what_was_written_is_read);
    tcase_add_test(group, only_its_user_can_read_the_file);
    tcase_add_test(group, a_new_code_replaces_the_old_one_of_that_server);
    tcase_add_test(group, a_removed_server_is_gone_and_the_others_stay);
    tcase_add_test(group, there_is_a_limit);
    return group;
}

static TCase *faults(void) {
    TCase *group = tcase_create("faults");
    tcase_add_test(group, a_malformed_server_is_not_kept);
    tcase_add_test(group, a_malformed_file_is_an_error_that_shows_no_secret);
    tcase_add_test(group, a_file_that_others_may_read_is_refused);
    return group;
}

UNIT_MAIN("agent/identity/known_servers", keeping, faults)
