/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join_only: see join_only.h.
 * Runs on: the main thread. Owns: nothing for longer than its call.
 */
#include "config.h"

#include "agent/identity/join_only.h"

#include "agent/agent.h"
#include "agent/identity/join.h"
#include "lib/base/file.h"

#include <stdio.h>
#include <stdlib.h>

static void report(const struct known_servers *joined, const char *state_folder) {
    printf("munnel-agent: kept in %s/joined.json, and served by agents of that state folder:", state_folder);
    for (size_t i = 0; i < known_servers_count(joined); i++)
        printf("%s %s", i > 0 ? "," : "", known_servers_at(joined, i)->address);
    printf("\n");
}

static int join(const struct agent_options *options, const char *state_folder, struct error *error) {
    struct known_servers *joined = known_servers_read(state_folder, error);
    int result = -1;

    if (joined != NULL && join_read(joined, options->join, &options->servers, error) == 0)
        result = known_servers_write(joined, state_folder, error);
    if (result == 0)
        report(joined, state_folder);
    known_servers_free(joined);
    return result;
}

int join_only_run(const struct agent_options *options) {
    struct error error = {""};
    char *state_folder = file_state_folder(&error);
    int result = state_folder != NULL ? join(options, state_folder, &error) : -1;

    if (result != 0)
        fprintf(stderr, "munnel-agent: %s\n", error.text);
    free(state_folder);
    return result == 0 ? AGENT_EXIT_OK : AGENT_EXIT_FAILED;
}
