/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * key: "munnel key": the keys by which the agents at both ends of a service encrypt past their server. It prints ids,
 * and no key.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/key_file.h"
#include "conf/lock.h"
#include "conf/validators.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <string.h>

struct key_arguments {
    char *connect;
};

static const struct option_spec new_specs[] = {
    {"connect", OPTION_TEXT, offsetof(struct key_arguments, connect), "null", .check = validate_destination,
     .wanted = "a destination like \"localhost:22\"", .flag = "connect", .argument = "HOST:PORT",
     .help = "for the agent that serves it: the only destination"},
};
static const struct option_table new_table = {new_specs, sizeof new_specs / sizeof *new_specs,
                                              sizeof(struct key_arguments)};
static const struct option_table no_table = {NULL, 0, sizeof(struct key_arguments)};

static const struct cmdline_spec new_command = {
    .program = "munnel key new",
    .usage = "munnel key new makes a key of an end-to-end service and puts it into FILE, in\n"
             "front of those that the service has: visitors use the first one, the agent\n"
             "that serves it takes each. The file is a secret of these agents alone.\n\n"
             "usage: munnel key new [OPTION]... SERVICE FILE\n",
    .table = &new_table,
};
static const struct cmdline_spec list_command = {
    .program = "munnel key list",
    .usage = "munnel key list prints the ids of the keys in FILE, which say whether two files\n"
             "have the same ones.\n\n"
             "usage: munnel key list FILE\n",
    .table = &no_table,
};
static const struct cmdline_spec drop_old_command = {
    .program = "munnel key drop-old",
    .usage = "munnel key drop-old removes all keys of a service from FILE but the newest, once\n"
             "each visitor has that.\n\n"
             "usage: munnel key drop-old SERVICE FILE\n",
    .table = &no_table,
};

/* ---- what is printed ---- */

static void print_ids(const struct key_entry *entry) {
    for (size_t i = 0; i < entry->count; i++) {
        char id[SHARED_KEY_ID_SIZE];
        if (shared_key_id(id, entry->keys[i]))
            printf("%s%s", i ? ", " : "", id);
    }
}

static int print_new(const struct key_entry *entry, const char *path, struct error *error) {
    printf("%s: the new key of %s is ", path, entry->service);
    char id[SHARED_KEY_ID_SIZE];
    printf("%s\n", shared_key_id(id, entry->keys[0]) ? id : "made");
    if (entry->count > 1)
        printf("It has %zu. Give the file to the agents that serve it first, then to visitors, and then drop the old\n"
               "ones: munnel key drop-old %s %s\n",
               entry->count, entry->service, path);
    else
        printf("Copy the file to the agents at both ends, by a way that is not the server's:\n"
               "  munnel-agent --end-to-end-keys FILE\n");
    if (!entry->connect)
        printf("Where the service is served its entry needs \"connect\": \"HOST:PORT\" (or --connect here)\n");
    return fflush(stdout) == 0 ? 0 : error_set(error, "standard output cannot be written");
}

/* ---- the commands ---- */

static int make_in(const char *path, const char *service, const char *connect, struct error *error) {
    struct key_file file = {NULL, 0};
    if (file_exists(path) && key_file_read(&file, path, error) != 0)
        return -1;
    int result = key_file_add(&file, service, connect, error);
    if (result == 0)
        result = key_file_write(&file, path, error);
    if (result == 0)
        result = print_new(key_file_find(&file, service), path, error);
    key_file_done(&file);
    return result;
}

/* From before it is read until it is written: a key that another has made meanwhile would be lost. */
static int make_new(const struct key_arguments *arguments, const struct cmdline *line, struct error *error) {
    const char *service = line->words[0], *path = line->words[1];
    int lock = validate_name(service, error) == 0 ? lock_folder_of(path, error) : LOCK_NONE;
    int result = lock == LOCK_NONE ? -1 : make_in(path, service, arguments->connect, error);
    lock_release(lock);
    return result;
}

static int list(const struct key_arguments *arguments, const struct cmdline *line, struct error *error) {
    (void)arguments;
    struct key_file file;
    if (key_file_read(&file, line->words[0], error) != 0)
        return -1;
    for (size_t i = 0; i < file.count; i++) {
        printf("%s  ", file.entries[i].service);
        print_ids(&file.entries[i]);
        if (file.entries[i].connect)
            printf("  connect %s", file.entries[i].connect);
        putchar('\n');
    }
    key_file_done(&file);
    return fflush(stdout) == 0 ? 0 : error_set(error, "standard output cannot be written");
}

static int drop_from(struct key_file *file, const struct cmdline *line, struct error *error) {
    struct key_entry *entry = key_file_find(file, line->words[0]);
    if (!entry)
        return error_set(error, "%s has no key of %s", line->words[1], line->words[0]);
    size_t dropped = entry->count - 1;
    entry->count = 1;
    if (dropped > 0 && key_file_write(file, line->words[1], error) != 0)
        return -1;
    printf("%zu dropped, the key left is ", dropped);
    print_ids(entry);
    putchar('\n');
    return fflush(stdout) == 0 ? 0 : error_set(error, "standard output cannot be written");
}

static int drop_old(const struct key_arguments *arguments, const struct cmdline *line, struct error *error) {
    (void)arguments;
    struct key_file file = {NULL, 0};
    int lock = lock_folder_of(line->words[1], error);
    int result = lock == LOCK_NONE ? -1 : key_file_read(&file, line->words[1], error);
    if (result == 0)
        result = drop_from(&file, line, error);
    key_file_done(&file);
    lock_release(lock);
    return result;
}

typedef int (*deed)(const struct key_arguments *arguments, const struct cmdline *line, struct error *error);

static int run(const struct cmdline_spec *command, deed what, int words, int argc, char **argv) {
    struct key_arguments arguments = {.connect = NULL};
    struct cmdline line;
    struct error error = {{0}};
    int code = subcommand_read(&line, command, &arguments, words, words, argc, argv);
    if (code < 0)
        code = what(&arguments, &line, &error) == 0 ? 0 : subcommand_fail(command, &error);
    cmdline_done(&line);
    option_done(command->table, &arguments);
    return code;
}

int key_new_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&new_command, make_new, 2, argc, argv);
}

int key_list_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&list_command, list, 1, argc, argv);
}

int key_drop_old_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&drop_old_command, drop_old, 2, argc, argv);
}
