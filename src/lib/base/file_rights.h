/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_rights: who may open files and folders of Windows. Only files of Windows include it.
 *
 * Others are all but this program's account, the file's owner, SYSTEM, Administrators, and the accounts of services
 * (NT SERVICE\NAME), which are given a right only on purpose.
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_FILE_RIGHTS_H
#define MUNNEL_LIB_BASE_FILE_RIGHTS_H

#include "lib/base/error.h"
#include "lib/base/sid.h"

#include <stdbool.h>

/*
 * Of an open file, whose path is for the error; 0, or -1 with `error`, which has the command that helps. Others can:
 * neither read nor change a secret, not change what is trusted, and add no files to the folder NAME, of `path`.
 */
int file_rights_check_secret(HANDLE file, const char *path, struct error *error);
int file_rights_check_trusted(HANDLE file, const char *path, bool *is_foreign, struct error *error);
int file_rights_check_folder(HANDLE folder, const char *name, const char *path, struct error *error);
bool file_rights_is_own(HANDLE file); /* it belongs to this program's account */

/*
 * What a new file or folder is born with, beside or in the place of `old`: all rights for SYSTEM, Administrators and,
 * unless it has their rights itself, this program's account; what services and, if it has those rights, the owner can
 * do with the old one, or with new files of the folder if there is none; and reading for all users if the mode's last
 * digit has it. Nothing is inherited. For CreateFileW(); LocalFree() frees it. NULL with GetLastError().
 */
PSECURITY_DESCRIPTOR file_rights_for_new(const wchar_t *old, unsigned mode, bool is_folder);
/* Gives it the owner of the old one, if there is one and this program may. It has to be open with WRITE_OWNER. */
void file_rights_keep_owner(HANDLE file, const wchar_t *old);

#endif
