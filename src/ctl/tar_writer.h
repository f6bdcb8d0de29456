/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tar_writer: an archive of regular files in the ustar format of POSIX (pax(1), "ustar Interchange Format").
 * Runs on: the tool's only thread. Owns: nothing; the file stays the caller's.
 */
#ifndef MUNNEL_CTL_TAR_WRITER_H
#define MUNNEL_CTL_TAR_WRITER_H

#include <stddef.h>
#include <stdio.h>
#include <time.h>

enum { TAR_NAME_MOST = 99 };

/* A file of mode 0600. `name`: relative, at most TAR_NAME_MOST bytes. 0; -1: it cannot be written (errno). */
int tar_add(FILE *file, const char *name, const char *bytes, size_t length, time_t modified);
/* The end of the archive. 0 or -1. */
int tar_end(FILE *file);

#endif
