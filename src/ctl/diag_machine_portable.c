/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_machine_portable: systems without Linux's /proc, where only the release is in a file of the same name.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/diag_machine.h"

#ifndef __linux__
#include <stdio.h>

const struct diag_machine_file diag_machine_files[] = {{"distribution.txt", "/etc/os-release"}, {NULL, NULL}};
const struct diag_machine_file diag_process_files[] = {{NULL, NULL}};

void diag_process_path(char *path, size_t size, pid_t process, const char *file) {
    (void)process;
    snprintf(path, size, "%s", file);
}

bool diag_process_user(pid_t process, struct program_user *user) {
    (void)process, (void)user;
    return false;
}
#endif
