/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * complete: "munnel complete WORD...": what may follow these words, for the completions of the shells: commands out of
 * the table, a tab and their help behind them, or names, for which a running server is asked. Quick, and silent when
 * there is nothing to say. "--path" before the words: those of them that are commands. Runs on: the tool's only thread.
 * Owns: nothing.
 */
#include "config.h"

#include "ctl/admin_client.h"
#include "ctl/answer.h"
#include "ctl/command_table.h"
#include "ctl/commands.h"

#include <stdio.h>
#include <string.h>

enum { PATIENCE_MS = 500 };

/* A command may stand in the table more than once, for the headings of the help. */
static bool is_first(const struct subcommand_table *table, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (strcmp(table->commands[i].name, table->commands[index].name) == 0)
            return false;
    return true;
}

static void print_commands(const struct subcommand_table *table) {
    for (size_t i = 0; i < table->count; i++)
        if ((table->commands[i].help || table->commands[i].below) && is_first(table, i))
            printf("%s\t%s\n", table->commands[i].name, table->commands[i].help ? table->commands[i].help : "");
}

static const struct {
    const char *words, *target, *list, *name, *help;
} sources[] = {{"@agents", "/v1/agents", "agents", "name", "state"},
               {"@services", "/v1/services", "services", "name", "state"},
               {"@relays", "/v1/relays?limit=200", "relays", "id", "client"},
               {"@sources", "/v1/sources", "sources", "address", "last"},
               {"@bans", "/v1/bans", "bans", "address", "reason"}};

static void ask_names(const char *socket, size_t source) {
    char path[512];
    struct admin_place place = {NULL};
    struct error error = {{0}};
    struct http_reply reply = {0};
    const json_t *list, *element;
    size_t i;

    if (socket) {
        snprintf(path, sizeof path, "%s", socket);
        place.socket = path;
    }
    struct http_client *client = admin_connect(&place, PATIENCE_MS, &error);
    if (client && admin_call(client, "GET", sources[source].target, &reply, &error) == 0) {
        list = answer_at(reply.json, sources[source].list);
        json_array_foreach (list, i, element)
            printf("%s\t%s\n", answer_text(element, sources[source].name, ""),
                   answer_text(element, sources[source].help, ""));
    }
    http_reply_done(&reply);
    http_client_free(client);
}

static void print_words(const char *words, const char *socket) {
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
        if (strcmp(sources[i].words, words) == 0) {
            ask_names(socket, i);
            return;
        }
    for (; *words; words += strcspn(words, "|"), words += *words == '|')
        printf("%.*s\t\n", (int)strcspn(words, "|"), words);
}

/* The value of "--socket PATH" or "--socket=PATH" among the words, or NULL. */
static const char *find_socket(int argc, char **argv) {
    static const char option[] = "--socket";

    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], option) == 0)
            return i + 1 < argc ? argv[i + 1] : NULL;
        if (strncmp(argv[i], "--socket=", sizeof option) == 0)
            return argv[i] + sizeof option;
    }
    return NULL;
}

/* The commands among the words, one a line: whose --help has the options. */
static void print_path(int argc, char **argv) {
    const struct subcommand_table *table = &command_table;

    for (int i = 0; i < argc && table; i++) {
        if (i == 0 && strcmp(argv[i], "help") == 0)
            continue;
        const struct subcommand *found = subcommand_find(table->commands, table->count, argv[i]);
        if (!found)
            return;
        printf("%s\n", found->name);
        table = found->below;
    }
}

static void print_next(int argc, char **argv) {
    const struct subcommand_table *table = &command_table;
    const struct subcommand *found = NULL;

    for (int i = 0; i < argc && table; i++) {
        if (i == 0 && strcmp(argv[i], "help") == 0)
            continue;
        found = subcommand_find(table->commands, table->count, argv[i]);
        if (!found)
            return;
        table = found->below;
    }
    if (table)
        print_commands(table);
    else if (found && found->words)
        print_words(found->words, find_socket(argc, argv));
}

int complete_run(const char *self, int argc, char **argv) {
    (void)self;
    if (argc > 1 && strcmp(argv[1], "--path") == 0)
        print_path(argc - 2, argv + 2);
    else
        print_next(argc - 1, argv + 1);
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}
