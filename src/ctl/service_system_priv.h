/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_system_priv: what the files of service_system for Windows share.
 */
#ifndef MUNNEL_CTL_SERVICE_SYSTEM_PRIV_H
#define MUNNEL_CTL_SERVICE_SYSTEM_PRIV_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <wchar.h>
#include <windows.h>

#include <winsvc.h>

struct system_service {
    const char *program;
    const wchar_t *name; /* the same, as Windows takes it */
    const wchar_t *account, *title, *about;
    const char *check;        /* the program's option that checks its configuration alone */
    bool reads_common_folder; /* its configuration is there */
    bool has_clients;         /* it listens for other machines */
};

/* "CALL: why", with what to do where that is known; returns -1. */
int system_service_error(const struct system_service *service, const char *call, DWORD number, struct error *error);
/* NULL with `error`. */
SC_HANDLE system_service_open(const struct system_service *service, DWORD access, struct error *error);
/* Asks it to stop and waits until it has. 0, also if it did not run; or -1 with `error`. */
int system_service_stop(const struct system_service *service, SC_HANDLE handle, struct error *error);

/* service_install_windows.c: argv[0] is the program, the rest are its arguments. 0 or -1. */
int system_service_install(const struct system_service *service, const char *self, int argc, char **argv,
                           struct error *error);
int system_service_uninstall(const struct system_service *service, struct error *error);

/*
 * service_folder_windows.c: makes C:\ProgramData\Munnel\PROGRAM, in which the program keeps its state, and lets only
 * administrators, the system and the service into it; munneld may read its configuration in the folder above, too, and
 * write in services.d of that one, if it is there. Files that are there get the same rights; it is an error if another
 * user made folder or files. malloc'ed; NULL with `error`.
 */
char *system_service_folder(const struct system_service *service, struct error *error);
/* "S-1-5-80-...", which is the account of the service of that name. */
enum { SERVICE_SID_TEXT = 80 };
int system_service_sid(const wchar_t *name, char sid[SERVICE_SID_TEXT]); /* 0, or -1: no SHA-1 */

#endif
