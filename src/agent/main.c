/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * main: munnel-agent. It runs behind a firewall, keeps links to its servers, and connects their clients to
 * destinations. Runs on: the main thread. Owns: the options.
 */
#include "config.h"

#include "agent/check/check.h"
#include "agent/identity/join.h"
#include "agent/startup.h"
#include "lib/net/sock.h"
#include "lib/os/malloc.h"
#include "lib/os/program.h"

#include <stdio.h>
#include <stdlib.h>

static int keep_join_code(const struct agent_options *options) {
    struct error error = {""};

    if (join_keep(options, &error) == 0)
        return EXIT_SUCCESS;
    fprintf(stderr, "munnel-agent: %s\n", error.text);
    return EXIT_FAILURE;
}

static int run_with(const struct agent_options *options) {
    if (options->check)
        return check_run(options);
    return options->join_only ? keep_join_code(options) : startup_run(options);
}

static int run(int argc, char **argv) {
    struct agent_options options;
    int code = agent_options_read(&options, argc, argv);

    if (code >= 0)
        return code;
    malloc_tune();
    sock_raise_limit();
    code = run_with(&options);
    agent_options_done(&options);
    return code;
}

int main(int argc, char **argv) {
    return program_run(&(struct program){.name = "munnel-agent", .is_daemon = true, .run = run}, argc, argv);
}
