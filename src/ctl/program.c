/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program: the two modes of the original, "munnel server" and "munnel agent", which become munneld and munnel-agent.
 * Runs on: the tool's only thread, as its last act. Owns: nothing.
 */
#include "config.h"

#include "ctl/commands.h"

#include "conf/server_config.h"
#include "ctl/program_start.h"
#include "ctl/subcommand.h"
#include "lib/net/addr.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool takes_value(const char *option) {
    static const char *const alone[] = {"--config", "--state"};
    if (strncmp(option, "--", 2) != 0 || strchr(option, '='))
        return false;
    for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
        if (strcmp(option, alone[i]) == 0)
            return true;
    for (size_t i = 0; i < server_option_table.count; i++)
        if (server_option_table.specs[i].flag && strcmp(option + 2, server_option_table.specs[i].flag) == 0)
            return server_option_table.specs[i].argument;
    return false;
}

/* The original's ADDR:PORT in front of the services: the first word that is no option and no option's value. */
static int find_address(int argc, char **argv) {
    struct endpoint endpoint;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] != '-')
            return !strpbrk(argv[i], " \t") && endpoint_parse(&endpoint, argv[i], NULL) == 0 ? i : 0;
        if (strcmp(argv[i], "--") == 0)
            return 0;
        if (takes_value(argv[i]))
            i++;
    }
    return 0;
}

/* With --listen in front of the argument `address`, if it is not 0. */
static int run(const char *self, char *program, int address, int argc, char **argv) {
    char listen[] = "--listen";
    char **passed = calloc((size_t)argc + 2, sizeof *passed);
    if (!passed) {
        fprintf(stderr, "munnel: out of memory\n");
        return SUBCOMMAND_FAILED;
    }
    int count = 0;
    passed[count++] = program;
    for (int i = 1; i < argc; i++) {
        if (address > 0 && i == address)
            passed[count++] = listen;
        passed[count++] = argv[i];
    }
    int code = program_become(self, program, passed);
    free(passed);
    return code;
}

int program_run_server(const char *self, int argc, char **argv) {
    char program[] = "munneld";
    return run(self, program, find_address(argc, argv), argc, argv);
}

int program_run_agent(const char *self, int argc, char **argv) {
    char program[] = "munnel-agent";
    return run(self, program, 0, argc, argv);
}
