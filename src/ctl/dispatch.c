/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch: see dispatch.h.
 */
#include "config.h"

#include "ctl/dispatch.h"

#include "ctl/admin_command.h"

#include <stdio.h>
#include <string.h>

void dispatch_print(const struct subcommand_table *table) {
    for (size_t i = 0; i < table->count; i++) {
        char left[80];
        snprintf(left, sizeof left, "%s %s %s", table->path, table->commands[i].name, table->commands[i].arguments);
        printf("  %-34s %s\n", left, table->commands[i].help);
    }
}

static int print_help(const struct subcommand_table *table) {
    printf("%s\n\n", table->about);
    dispatch_print(table);
    printf("\nOptions of each: munnel help%s COMMAND\n", table->path + strlen("munnel"));
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

static int refuse_none(const struct subcommand_table *table) {
    fprintf(stderr, "%s: a command is missing:", table->path);
    for (size_t i = 0; i < table->count; i++)
        fprintf(stderr, "%s%s", i == 0 ? " " : i + 1 == table->count ? " or " : ", ", table->commands[i].name);
    fputc('\n', stderr);
    return CMDLINE_USAGE_ERROR;
}

int dispatch_run(const struct subcommand_table *table, const char *self, int argc, char **argv) {
    if (argc < 2)
        return refuse_none(table);
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help(table);
    const struct subcommand *found = subcommand_find(table->commands, table->count, argv[1]);
    if (!found)
        return subcommand_complain(table->commands, table->count, table->path, argv[1]);
    if (found->run)
        return found->run(self, argc - 1, argv + 1);
    return found->admin ? admin_command_main(found->admin, argc - 1, argv + 1)
                        : dispatch_run(found->below, self, argc - 1, argv + 1);
}
