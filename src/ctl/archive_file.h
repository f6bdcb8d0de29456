/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * archive_file: the file of an archive. One .c per system behind it.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_ARCHIVE_FILE_H
#define MUNNEL_CTL_ARCHIVE_FILE_H

#include <stdio.h>

/* A new one, for the owner alone: never over what is there. "-": standard output, which stays open when the file is
 * closed. NULL with errno. */
FILE *archive_file_open(const char *path);

#endif
