/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * command_table: all commands of munnel.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_COMMAND_TABLE_H
#define MUNNEL_CTL_COMMAND_TABLE_H

#include "ctl/subcommand.h"

extern const struct subcommand_table command_table;

int command_print_help(void); /* all of it on one screen; the exit code */

#endif
