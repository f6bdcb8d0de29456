/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_machine: which files of the system tell about a process and the machine. One .c per system behind it.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DIAG_MACHINE_H
#define MUNNEL_CTL_DIAG_MACHINE_H

#include "ctl/diag_archive.h"
#include "ctl/program_output.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct diag_machine_file {
    const char *name; /* in the archive */
    const char *path; /* of a process: below its folder */
};
/* Of the machine and of this process; of another process. Both end with name NULL. */
extern const struct diag_machine_file diag_machine_files[], diag_process_files[];

/* What the system keeps of the programs' lines: systemd's journal, the Event Log of Windows. */
void diag_add_system_log(struct diag_archive *archive);
/* "Linux 6.1.0 x86_64" */
void diag_machine_name(char *text, size_t size);

/* Whose rights a process has. False: unknown. */
bool diag_process_user(pid_t process, struct program_user *user);
/* The path of a process's file. */
void diag_process_path(char *path, size_t size, pid_t process, const char *file);

#endif
