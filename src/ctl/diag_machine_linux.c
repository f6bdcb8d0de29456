/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_machine_linux: /proc. diag_machine_portable.c is its counterpart.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/diag_machine.h"

#ifdef __linux__
#include <stdio.h>

const struct diag_machine_file diag_machine_files[] = {
    {"tool-limits.txt", "/proc/self/limits"}, {"load.txt", "/proc/loadavg"},           {"memory.txt", "/proc/meminfo"},
    {"sockets.txt", "/proc/net/sockstat"},    {"distribution.txt", "/etc/os-release"}, {NULL, NULL}};
const struct diag_machine_file diag_process_files[] = {{"process-limits.txt", "limits"},
                                                       {"process-status.txt", "status"},
                                                       {NULL, NULL}};

void diag_process_path(char *path, size_t size, pid_t process, const char *file) {
    snprintf(path, size, "/proc/%ld/%s", (long)process, file);
}
#endif
