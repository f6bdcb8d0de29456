/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_revoke: "munnel agent revoke": the server, which watches the file, closes the links of agents that are no
 * longer in it. Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/agent_store.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"

#include <stdio.h>

struct revoke_arguments {
    struct agent_place place;
};

static const struct option_spec specs[] = {AGENT_PLACE_SPECS(struct revoke_arguments, place)};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct revoke_arguments)};
static const struct cmdline_spec command = {
    .program = "munnel agent revoke",
    .usage = "munnel agent revoke takes an agent off the list: it may no longer join, and a\n"
             "running server closes its links.\n\n"
             "usage: munnel agent revoke [OPTION]... NAME\n",
    .table = &table,
};

static int revoke(struct agent_store *store, const char *name, struct error *error) {
    if (!agent_store_find(store, name, error))
        return -1;
    credentials_remove(store->credentials, name);
    if (agent_store_save(store, error) != 0)
        return -1;
    printf("%s may no longer join\n", name);
    return fflush(stdout) == 0 ? 0 : error_set(error, "the agent is revoked, but standard output cannot be written");
}

int agent_revoke_run(const char *self, int argc, char **argv) {
    struct revoke_arguments arguments = {.place = {NULL, NULL}};
    struct agent_store store = AGENT_STORE_NONE;
    struct cmdline line;
    struct error error = {{0}};
    (void)self;
    int code = subcommand_read(&line, &command, &arguments, 1, 1, argc, argv);
    if (code < 0)
        code = agent_store_open(&store, &arguments.place, AGENT_STORE_CHANGE, &error) == 0 &&
                       revoke(&store, line.words[0], &error) == 0
                   ? 0
                   : subcommand_fail(&command, &error);
    agent_store_close(&store);
    cmdline_done(&line);
    option_done(&table, &arguments);
    return code;
}
