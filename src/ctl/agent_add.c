/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_add: "munnel agent add" and "munnel agent rotate": a token and its join code, for a new agent or a known one.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/text_check.h"
#include "ctl/agent_hand_out.h"
#include "ctl/agent_store.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"

#include <stdio.h>
#include <string.h>

struct add_arguments {
    struct agent_place place;
    struct conf_list groups, servers;
    char *expires, *keep;
};

#define AT(member) offsetof(struct add_arguments, member)
#define SERVER_SPEC                                                                                                    \
    {                                                                                                                  \
        "server", OPTION_TEXTS, AT(servers), "null",                                                                   \
            .check = text_check_server, .wanted = "an address like \"host:10001\"", .flag = "server",                  \
            .argument = "HOST:PORT", .help = "where the agent finds the server; may be repeated, for several servers"  \
    }

static const struct option_spec add_specs[] = {
    {"group", OPTION_TEXTS, AT(groups), "null", .check = text_check_name, .wanted = "a group's name", .flag = "group",
     .argument = "GROUP", .help = "a group that it may serve; may be repeated [every one]"},
    {"expires", OPTION_TEXT, AT(expires), "null", .check = agent_check_date, .wanted = "a span or a date",
     .flag = "expires", .argument = "90d", .help = "how long it may join, or until which date [for ever]"},
    SERVER_SPEC,
    AGENT_PLACE_SPECS(struct add_arguments, place),
};
static const struct option_table add_table = {add_specs, sizeof add_specs / sizeof *add_specs,
                                              sizeof(struct add_arguments)};
static const struct command add_command = {
    .program = "munnel agent add",
    .usage = "munnel agent add lets an agent in and prints its join code, all that the agent must be told.\n\n"
             "usage: munnel agent add [OPTION]... NAME\n",
    .table = &add_table,
};

static const struct option_spec rotate_specs[] = {
    {"keep", OPTION_TEXT, AT(keep), "\"7d\"", .check = agent_check_date, .wanted = "a span or a date", .flag = "keep",
     .argument = "7d", .help = "how long the old token still holds [7d]"},
    SERVER_SPEC,
    AGENT_PLACE_SPECS(struct add_arguments, place),
};
static const struct option_table rotate_table = {rotate_specs, sizeof rotate_specs / sizeof *rotate_specs,
                                                 sizeof(struct add_arguments)};
static const struct command rotate_command = {
    .program = "munnel agent rotate",
    .usage = "munnel agent rotate gives an agent a new token, prints its join code, and lets the old one hold on.\n\n"
             "usage: munnel agent rotate [OPTION]... NAME\n",
    .table = &rotate_table,
};

static int add(struct agent_store *store, const char *name, const struct add_arguments *arguments,
               struct error *error) {
    char star[] = "*", *every[] = {star};
    struct credential made = {.name = (char *)name, .groups = {every, 1}};
    if (credentials_find(store->credentials, name))
        return error_set(error, "%s is there already; rotate it, or revoke it first", name);
    if (arguments->groups.count > 0)
        made.groups = arguments->groups;
    if (arguments->expires && agent_take_date(&made.expires, arguments->expires, error) != 0)
        return -1;
    int result = agent_hand_out(store, &made, &arguments->servers, error);
    secret_wipe(&made, sizeof made);
    return result;
}

static int rotate(struct agent_store *store, const char *name, const struct add_arguments *arguments,
                  struct error *error) {
    const struct credential *found = credentials_find(store->credentials, name);
    if (!found)
        return error_set(error, "there is no agent %s in %s", name, store->path);
    /* A copy of its own: put() frees what it replaces. */
    struct credential changed = *found;
    changed.groups = (struct conf_list){NULL, 0};
    changed.name = (char *)name;
    int result = agent_take_date(&changed.keys[0].until, arguments->keep, error);
    if (result == 0 && conf_list_copy(&changed.groups, &found->groups) != 0)
        result = error_set(error, "out of memory");
    if (result == 0)
        result = agent_hand_out(store, &changed, &arguments->servers, error);
    conf_list_done(&changed.groups);
    secret_wipe(&changed, sizeof changed);
    return result;
}

typedef int (*change)(struct agent_store *store, const char *name, const struct add_arguments *arguments,
                      struct error *error);

static int run(const struct command *command, change what, int argc, char **argv) {
    struct add_arguments arguments = {.expires = NULL};
    struct agent_store store = AGENT_STORE_NONE;
    struct command_line line;
    struct error error = {{0}};
    int code = subcommand_read(&line, command, &arguments, 1, 1, argc, argv);
    if (code < 0 && agent_check_name(line.words[0], &error) != 0)
        code = command_complain(command, NULL, error.text);
    if (code < 0)
        code = agent_store_open(&store, &arguments.place, AGENT_STORE_CHANGE, &error) == 0 &&
                       what(&store, line.words[0], &arguments, &error) == 0
                   ? 0
                   : subcommand_fail(command, &error);
    agent_store_close(&store);
    command_line_done(&line);
    option_done(command->table, &arguments);
    return code;
}

int agent_add_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&add_command, add, argc, argv);
}

int agent_rotate_run(const char *self, int argc, char **argv) {
    (void)self;
    return run(&rotate_command, rotate, argc, argv);
}
