/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_machine_posix: what diag_machine_linux.c and diag_machine_portable.c have in common. diag_machine_windows.c is
 * their counterpart.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/diag_machine.h"

#include "ctl/diag_output.h"

#include <stdio.h>
#include <sys/utsname.h>

void diag_add_system_log(struct diag_archive *archive) {
    char program[] = "journalctl", lines[] = "--lines=2000", pager[] = "--no-pager", quiet[] = "--quiet";
    char form[] = "--output=short-iso", unit[] = "--unit=munneld", agents[] = "--unit=munnel-agent*";
    char *argv[] = {program, lines, pager, quiet, form, unit, agents, NULL};

    diag_add_output(archive, "journal.txt", argv, NULL, DIAG_FAILURE_TELLS);
}

void diag_machine_name(char *text, size_t size) {
    struct utsname system;

    if (uname(&system) == 0)
        snprintf(text, size, "%s %s %s", system.sysname, system.release, system.machine);
    else
        snprintf(text, size, "an unknown system");
}
