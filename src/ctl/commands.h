/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * commands: what munnel's subcommands are made of; the table is in main.c.
 *
 * Each takes munnel's own argv[0] and the subcommand's arguments (argv[0] is its name), and returns the exit code.
 */
#ifndef MUNNEL_CTL_COMMANDS_H
#define MUNNEL_CTL_COMMANDS_H

/* program.c: becomes munneld or munnel-agent, beside `self` or else in PATH. */
int program_run_server(const char *self, int argc, char **argv);
int program_run_agent(const char *self, int argc, char **argv);

int init_run(const char *self, int argc, char **argv);

/* agent_*.c: credentials in the agents file. */
int agent_add_run(const char *self, int argc, char **argv);
int agent_list_run(const char *self, int argc, char **argv);
int agent_revoke_run(const char *self, int argc, char **argv);
int agent_rotate_run(const char *self, int argc, char **argv);

#endif
