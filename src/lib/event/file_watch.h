/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file_watch: has one of these files changed?
 *
 * By stat(), not by inotify, which exists on one system's local disks only, and loses a file that is replaced by a
 * link to a folder that is replaced. The file behind all links is compared: inode, size, times, and mode.
 * Runs on: the thread of its owner; looking may wait for the disk, so not on a relay thread. Owns: copies of the names.
 */
#ifndef MUNNEL_LIB_EVENT_FILE_WATCH_H
#define MUNNEL_LIB_EVENT_FILE_WATCH_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>

struct file_watch;

/* Names that are NULL are left out. Looks for the first time: do it before the files are read. NULL: out of memory. */
struct file_watch *file_watch_new(const char *const *paths, size_t count);
void file_watch_free(struct file_watch *watch);

bool file_watch_has_changed(
    struct file_watch *watch); /* since the last look; a file that came or went has changed, too */

/* Can this process, with its present user, read each of them? 0, or -1 with `error` that names the remedy. */
int file_watch_check_readable(const struct file_watch *watch, struct error *error);

#endif
