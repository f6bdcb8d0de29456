/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_machine_windows: nothing of a process or the machine is in a file there. Its counterparts are
 * diag_machine_posix.c, and diag_machine_linux.c or diag_machine_portable.c.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/diag_machine.h"

#include "ctl/diag_output.h"

#include <stdio.h>
#include <winsock2.h>

#include <windows.h>

const struct diag_machine_file diag_machine_files[] = {{NULL, NULL}};
const struct diag_machine_file diag_process_files[] = {{NULL, NULL}};

void diag_add_system_log(struct diag_archive *archive) {
    char program[] = "wevtutil", query[] = "qe", log[] = "Application", most[] = "/c:2000", newest[] = "/rd:true";
    char form[] = "/f:text", ours[] = "/q:*[System[Provider[@Name='munneld' or @Name='munnel-agent']]]";
    char *argv[] = {program, query, log, most, newest, form, ours, NULL};

    diag_add_output(archive, "event-log.txt", argv, NULL, DIAG_FAILURE_TELLS);
}

void diag_process_path(char *path, size_t size, pid_t process, const char *file) {
    (void)process;
    snprintf(path, size, "%s", file);
}

bool diag_process_user(pid_t process, struct program_user *user) {
    (void)process, (void)user;
    return false;
}

static const char *machine_of(WORD architecture) {
    switch (architecture) {
    case PROCESSOR_ARCHITECTURE_AMD64:
        return "x86_64";
    case PROCESSOR_ARCHITECTURE_ARM64:
        return "aarch64";
    default:
        return "another machine";
    }
}

/* By the registry: the calls for the version tell what the program was made for. */
static void read_value(const wchar_t *name, wchar_t *text, DWORD size) {
    text[0] = L'\0';
    (void)RegGetValueW(HKEY_LOCAL_MACHINE, L"SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion", name, RRF_RT_REG_SZ,
                       NULL, text, &size);
}

void diag_machine_name(char *text, size_t size) {
    wchar_t product[128], build[32];
    SYSTEM_INFO system;

    read_value(L"ProductName", product, sizeof product);
    read_value(L"CurrentBuildNumber", build, sizeof build);
    GetNativeSystemInfo(&system);
    snprintf(text, size, "%ls, build %ls, %s", product, build, machine_of(system.wProcessorArchitecture));
}
