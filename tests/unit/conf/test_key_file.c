/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_key_file: keys of end-to-end services: made, written, read again, and what is wrong in a file.
 */
#include "config.h"

#include "conf/key_file.h"

#include "lib/base/file.h"
#include "unit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define HEX "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"

static const char *path_of_file(void) {
    return unit_path("keys.json");
}

static void write_text(const char *text) {
    struct error error;
    ck_assert_msg(file_write(path_of_file(), text, strlen(text), 0600, &error) == 0, "%s", error.text);
}

START_TEST(keys_are_written_and_read_again) {
    struct error error;
    struct key_file made = {NULL, 0}, read;
    ck_assert_int_eq(key_file_add(&made, "ssh", "localhost:22", &error), 0);
    ck_assert_int_eq(key_file_add(&made, "web", NULL, &error), 0);
    ck_assert_int_eq(key_file_add(&made, "ssh", NULL, &error), 0);
    ck_assert_msg(key_file_write(&made, path_of_file(), &error) == 0, "%s", error.text);
    ck_assert_msg(key_file_read(&read, path_of_file(), &error) == 0, "%s", error.text);
    ck_assert_uint_eq(read.count, 2);
    const struct key_entry *ssh = key_file_find(&read, "ssh"), *web = key_file_find(&read, "web");
    ck_assert_uint_eq(ssh->count, 2);
    ck_assert_str_eq(ssh->connect, "localhost:22");
    ck_assert_uint_eq(web->count, 1);
    ck_assert_ptr_null(web->connect);
    ck_assert_mem_eq(ssh->keys, key_file_find(&made, "ssh")->keys, 2 * sizeof(shared_key));
    ck_assert_mem_ne(ssh->keys[0], ssh->keys[1], sizeof(shared_key));
    ck_assert_ptr_null(key_file_find(&read, "ss"));
    key_file_done(&made);
    key_file_done(&read);
}
END_TEST

START_TEST(a_new_key_precedes_the_others_up_to_a_limit) {
    struct error error;
    struct key_file file = {NULL, 0};
    shared_key first;
    ck_assert_int_eq(key_file_add(&file, "ssh", NULL, &error), 0);
    memcpy(first, file.entries[0].keys[0], sizeof first);
    for (int i = 1; i < SHARED_KEYS_MOST; i++)
        ck_assert_int_eq(key_file_add(&file, "ssh", NULL, &error), 0);
    ck_assert_mem_eq(file.entries[0].keys[SHARED_KEYS_MOST - 1], first, sizeof first);
    ck_assert_int_ne(key_file_add(&file, "ssh", NULL, &error), 0);
    ck_assert_msg(strstr(error.text, "munnel key drop-old"), "%s", error.text);
    key_file_done(&file);
}
END_TEST

/* A key in a log is one that has to be replaced. */
START_TEST(what_is_wrong_is_named_without_a_key) {
    static const struct {
        const char *text, *wanted;
    } files[] = {
        {"[]", "object"},
        {"{\"ssh\": []}", "ssh: write"},
        {"{\"ssh\": {}}", "ssh: \"keys\" is not a list of 1 to 8 keys"},
        {"{\"ssh\": {\"keys\": []}}", "ssh: \"keys\" is not a list of 1 to 8 keys"},
        {"{\"ssh\": {\"keys\": [1]}}", "64 hexadecimal digits"},
        {"{\"ssh\": {\"keys\": [\"" HEX "0\"]}}", "64 hexadecimal digits"},
        {"{\"ssh\": {\"keys\": [\"" HEX "\"], \"to\": 1}}", "there is no \"to\""},
        {"{\"ssh\": {\"keys\": [\"" HEX "\"], \"connect\": 22}}", "\"connect\" is no text"},
        {"{\"ssh\": {\"keys\": [\"" HEX "\"], \"connect\": \"22\"}}", "connect: \"22\" has no host"},
        {"{\"s h\": {\"keys\": [\"" HEX "\"]}}", "\"s h\" is not a name"},
        {"{\"ssh\": {\"keys\": [\"" HEX "\"]}, \"ssh\": {\"keys\": [\"" HEX "\"]}}", "ssh"},
    };
    struct error error;
    struct key_file file;
    write_text(files[_i].text);
    ck_assert_int_ne(key_file_read(&file, path_of_file(), &error), 0);
    ck_assert_msg(strstr(error.text, files[_i].wanted), "%s", error.text);
    ck_assert_msg(strstr(error.text, "keys.json") && !strstr(error.text, "00112233"), "%s", error.text);
    ck_assert_uint_eq(file.count, 0);
}
END_TEST

START_TEST(a_person_may_comment_it) {
    struct error error;
    struct key_file file;
    write_text("{\n  // of both ends\n  \"ssh\": {\"keys\": [\"" HEX "\"]}\n}\n");
    ck_assert_msg(key_file_read(&file, path_of_file(), &error) == 0, "%s", error.text);
    ck_assert_uint_eq(file.entries[0].keys[0][1], 0x11);
    key_file_done(&file);
}
END_TEST

/* ---- jansson's memory ---- */

enum { SEEN = 8, SPARE = 8 };
static unsigned keys_freed;

static void *allocate(size_t size) {
    return calloc(1, size + SPARE);
}

static void inspect_and_free(void *memory) {
    keys_freed += memory && strncmp(memory, HEX, SEEN) == 0;
    free(memory);
}

START_TEST(no_key_is_left_in_memory_that_was_freed) {
    struct error error;
    struct key_file file;
    json_set_alloc_funcs(allocate, inspect_and_free);
    json_decref(json_string(HEX));
    ck_assert_uint_eq(keys_freed, 1); /* one would be noticed */
    write_text("{\"ssh\": {\"keys\": [\"" HEX "\"]}}");
    ck_assert_msg(key_file_read(&file, path_of_file(), &error) == 0, "%s", error.text);
    ck_assert_int_eq(key_file_write(&file, path_of_file(), &error), 0);
    key_file_done(&file);
    write_text("{\"ssh\": {\"keys\": [\"" HEX "\", 1]}}");
    ck_assert_int_ne(key_file_read(&file, path_of_file(), &error), 0);
    ck_assert_uint_eq(keys_freed, 1);
    json_set_alloc_funcs(malloc, free);
}
END_TEST

static TCase *key_files(void) {
    TCase *group = tcase_create("key files");
    tcase_add_test(group, keys_are_written_and_read_again);
    tcase_add_test(group, a_new_key_precedes_the_others_up_to_a_limit);
    tcase_add_loop_test(group, what_is_wrong_is_named_without_a_key, 0, 11);
    tcase_add_test(group, a_person_may_comment_it);
    tcase_add_test(group, no_key_is_left_in_memory_that_was_freed);
    return group;
}

UNIT_MAIN("conf/key_file", key_files)
