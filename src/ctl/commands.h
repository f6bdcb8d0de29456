/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * commands: what munnel's subcommands are made of; their table is in command_table.c.
 *
 * A function takes munnel's own argv[0] and the subcommand's arguments (argv[0] is its name), and returns the exit
 * code.
 */
#ifndef MUNNEL_CTL_COMMANDS_H
#define MUNNEL_CTL_COMMANDS_H

#include "ctl/admin_command.h"

/* program.c: becomes munneld or munnel-agent, beside `self` or else in PATH. */
int program_run_server(const char *self, int argc, char **argv);
int program_run_agent(const char *self, int argc, char **argv);

/* diag.c: asks what it can, and works without a running program. */
int diag_run(const char *self, int argc, char **argv);

/* share.c: asks the agent that runs here, or becomes one. */
int share_run(const char *self, int argc, char **argv);

int init_run(const char *self, int argc, char **argv);

/* agent_*.c: credentials in the agents file. */
int agent_add_run(const char *self, int argc, char **argv);
int agent_list_run(const char *self, int argc, char **argv);
int agent_permit_run(const char *self, int argc, char **argv);
int agent_revoke_run(const char *self, int argc, char **argv);
int agent_rotate_run(const char *self, int argc, char **argv);

/* key.c: the keys of end-to-end services in a file. */
int key_new_run(const char *self, int argc, char **argv);
int key_list_run(const char *self, int argc, char **argv);
int key_drop_old_run(const char *self, int argc, char **argv);

/* service_change.c: its options are made at run time, of the table of a service. */
int service_add_run(const char *self, int argc, char **argv);

/* What running programs are asked. */
extern const struct admin_command agent_disconnect_command, agent_drain_command, agent_undrain_command;
extern const struct admin_command ban_command, unban_command;
extern const struct admin_command check_command;
extern const struct admin_command events_command;
extern const struct admin_command log_level_command;
extern const struct admin_command reload_command;
extern const struct admin_command relay_end_command, relay_list_command, relay_show_command;
extern const struct admin_command service_list_command, service_pause_command, service_remove_command,
    service_resume_command, service_show_command;
extern const struct admin_command source_forgive_command, source_list_command;
extern const struct admin_command status_command;
extern const struct admin_command top_command; /* top/command.c */

/* complete.c: candidates for the words that a shell has got, one a line; in no help. */
int complete_run(const char *self, int argc, char **argv);

#endif
