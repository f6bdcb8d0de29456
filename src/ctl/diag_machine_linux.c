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

enum { LINE_TEXT = 256 };

const struct diag_machine_file diag_machine_files[] = {
    {"tool-limits.txt", "/proc/self/limits"}, {"load.txt", "/proc/loadavg"},           {"memory.txt", "/proc/meminfo"},
    {"sockets.txt", "/proc/net/sockstat"},    {"distribution.txt", "/etc/os-release"}, {NULL, NULL}};
const struct diag_machine_file diag_process_files[] = {{"process-limits.txt", "limits"},
                                                       {"process-status.txt", "status"},
                                                       {NULL, NULL}};

void diag_process_path(char *path, size_t size, pid_t process, const char *file) {
    snprintf(path, size, "/proc/%ld/%s", (long)process, file);
}

/* Of the four of "Uid:" and "Gid:" the second is what counts. The owner of the folder would not do: that of a process
 * that may not be dumped is root. */
bool diag_process_user(pid_t process, struct program_user *user) {
    char path[64], line[LINE_TEXT];
    unsigned found = 0;

    diag_process_path(path, sizeof path, process, "status");
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file))
        found += sscanf(line, "Uid: %*u %u", &user->user) == 1 || sscanf(line, "Gid: %*u %u", &user->group) == 1;
    if (file)
        fclose(file);
    return found == 2;
}
#endif
