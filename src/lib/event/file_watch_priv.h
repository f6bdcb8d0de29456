/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_watch_priv: what differs by system of file_watch: file_watch_posix.c and file_watch_windows.c.
 * Runs on: any thread; may wait for the disk. Owns: nothing.
 */
#ifndef MUNNEL_LIB_EVENT_FILE_WATCH_PRIV_H
#define MUNNEL_LIB_EVENT_FILE_WATCH_PRIV_H

#include "lib/event/file_watch.h"

#include <stdint.h>

struct file_stamp { /* of the file behind all links; all zero: it is not there */
    uint64_t device, number, size, mode, modified, changed;
};

struct file_stamp file_stamp_of(const char *path);
int file_stamp_check_readable(const char *path, struct error *error); /* see file_watch_check_readable */

#endif
