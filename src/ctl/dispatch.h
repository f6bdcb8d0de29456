/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * dispatch: runs the command of a table that the words of a command line name.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DISPATCH_H
#define MUNNEL_CTL_DISPATCH_H

#include "ctl/subcommand.h"

/* argv[0] is the table's own word. Returns the exit code. */
int dispatch_run(const struct subcommand_table *table, const char *self, int argc, char **argv);
/* "  munnel relay show ID     HELP" each. */
void dispatch_print(const struct subcommand_table *table);

#endif
