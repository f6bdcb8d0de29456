/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_key: "munnel key": keys come into a file, and no key is printed; tests/unit/conf/test_key_file.c has the file.
 */
#include "config.h"

#include "unit.h"

#include "conf/capture.h"
#include "conf/key_file.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WORDS = 6, SIZE = 512 };

static struct capture printed;

/* The words behind the command, up to NULL. */
static int run(int (*command)(const char *self, int argc, char **argv), const char *const words[]) {
    static char copies[WORDS][SIZE];
    char *argv[WORDS + 1];
    int argc = 0;
    snprintf(copies[argc++], SIZE, "key");
    for (; words[argc - 1]; argc++)
        snprintf(copies[argc], SIZE, "%s", words[argc - 1]);
    for (int i = 0; i <= argc; i++)
        argv[i] = i < argc ? copies[i] : NULL;
    capture_done(&printed);
    capture_begin(&printed);
    int code = command("munnel", argc, argv);
    fflush(stdout);
    capture_end(&printed);
    return code;
}

#define RUN(command, ...) run(command, (const char *const[]){__VA_ARGS__, NULL})

static const char *file(void) {
    return unit_path("keys");
}

static void expect_ids(size_t count) {
    struct error error;
    struct key_file read;
    char hex[SECRET_HEX], id[SHARED_KEY_ID_SIZE];
    ck_assert_msg(key_file_read(&read, file(), &error) == 0, "%s", error.text);
    const struct key_entry *entry = key_file_find(&read, "ssh");
    ck_assert_uint_eq(entry->count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert(shared_key_id(id, entry->keys[i]));
        ck_assert_msg(strstr(printed.text[0], id), "%s", printed.text[0]);
        ck_assert(!strstr(printed.text[0], secret_to_hex(entry->keys[i], SECRET_SIZE, hex)));
    }
    key_file_done(&read);
}

START_TEST(a_key_is_made_replaced_and_the_old_one_dropped) {
    ck_assert_int_eq(RUN(key_new_run, "ssh", file()), 0);
    expect_ids(1);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "needs \"connect\""));
    ck_assert_int_eq(RUN(key_new_run, "--connect", "localhost:22", "ssh", file()), 0);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "munnel key drop-old ssh"));
    ck_assert_int_eq(RUN(key_list_run, file()), 0);
    expect_ids(2);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "connect localhost:22"));
    ck_assert_int_eq(RUN(key_drop_old_run, "ssh", file()), 0);
    expect_ids(1);
    ck_assert_ptr_nonnull(strstr(printed.text[0], "1 dropped"));
}
END_TEST

/* ---- several at once ---- */

enum { CHANGES = 12 };

/* When `begin` is closed. By its number a new key, or the old ones dropped. */
static pid_t start_change(int number, const int begin[2]) {
    char nothing, service[8] = "ssh";
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid > 0)
        return pid;
    close(begin[1]);
    if (number % 4 != 3)
        snprintf(service, sizeof service, "s%d", number);
    ssize_t n = read(begin[0], &nothing, 1);
    _exit(n ? 1 : RUN(number % 4 == 3 ? key_drop_old_run : key_new_run, service, file()));
}

START_TEST(no_change_is_lost_when_several_are_made_at_once) {
    pid_t pids[CHANGES];
    int begin[2];
    struct error error;
    struct key_file read;
    ck_assert_int_eq(RUN(key_new_run, "ssh", file()), 0);
    ck_assert_int_eq(RUN(key_new_run, "ssh", file()), 0);
    ck_assert_int_eq(pipe(begin), 0);
    for (int i = 0; i < CHANGES; i++)
        pids[i] = start_change(i, begin);
    close(begin[1]);
    for (int i = 0, status; i < CHANGES; i++)
        ck_assert(waitpid(pids[i], &status, 0) == pids[i] && status == 0);
    close(begin[0]);
    ck_assert_msg(key_file_read(&read, file(), &error) == 0, "%s", error.text);
    ck_assert_uint_eq(read.count, 1 + CHANGES * 3 / 4);
    ck_assert_uint_eq(key_file_find(&read, "ssh")->count, 1);
    key_file_done(&read);
}
END_TEST

START_TEST(what_is_wrong_is_said) {
    ck_assert_int_eq(RUN(key_new_run, "s h", file()), SUBCOMMAND_FAILED);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "is not a name"));
    ck_assert_int_eq(RUN(key_list_run, file()), SUBCOMMAND_FAILED);
    ck_assert_int_eq(RUN(key_new_run, "ssh", file()), 0);
    ck_assert_int_eq(RUN(key_drop_old_run, "web", file()), SUBCOMMAND_FAILED);
    ck_assert_ptr_nonnull(strstr(printed.text[1], "has no key of web"));
    ck_assert_int_ne(RUN(key_new_run, "--connect", "22", "ssh", file()), 0);
}
END_TEST

static TCase *keys(void) {
    TCase *group = tcase_create("keys");
    tcase_add_test(group, a_key_is_made_replaced_and_the_old_one_dropped);
    tcase_add_test(group, no_change_is_lost_when_several_are_made_at_once);
    tcase_add_test(group, what_is_wrong_is_said);
    return group;
}

UNIT_MAIN("ctl/key", keys)
