/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * main: munnel, the command-line tool.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/cmdline.h"
#include "ctl/command_table.h"
#include "ctl/commands.h"
#include "ctl/dispatch.h"
#include "lib/os/program.h"

#include <locale.h>
#include <stdio.h>
#include <string.h>

static int run(int argc, char **argv) {
    char *version[] = {argv[0], NULL};

    (void)setlocale(LC_CTYPE, ""); /* characters and their widths only: numbers stay as programs read them */
    if (argc < 2) {
        fprintf(stderr, "munnel: a command is missing; see munnel help\n");
        return CMDLINE_USAGE_ERROR;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return command_print_help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return subcommand_find(command_table.commands, command_table.count, "version")->run(argv[0], 1, version);
    if (strcmp(argv[1], "complete") == 0)
        return complete_run(argv[0], argc - 1, argv + 1);
    return dispatch_run(&command_table, argv[0], argc, argv);
}

int main(int argc, char **argv) {
    return program_run(&(struct program){.name = "munnel", .run = run}, argc, argv);
}
