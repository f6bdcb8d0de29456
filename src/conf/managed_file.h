/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * managed_file: files with one service each that this program writes, services.d/NAME.json beside munnel.json.
 *
 * The first line has a hash of all that follows. A file without it, or that was edited, even by a blank, is a person's
 * and is never replaced or removed; nor is one under another name, so that a copy is a person's, too.
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_MANAGED_FILE_H
#define MUNNEL_CONF_MANAGED_FILE_H

#include "conf/server_config.h"

#define MANAGED_FOLDER "services.d"
enum { MANAGED_FILE_MODE = 0640 };

/* The text of such a file; malloc'ed. NULL: out of memory. */
char *managed_file_format(const json_t *service);
bool managed_file_is_unchanged(const char *text, size_t length); /* written by managed_file_format() */
bool managed_file_is_named(const char *path, const char *service);

/* Where it is, if conf's "include" reads that folder; malloc'ed. NULL with `error`, that tells the line to add. */
char *managed_file_path(const struct server_config *conf, const char *service, struct error *error);

enum managed_state { MANAGED_ABSENT, MANAGED_OURS, MANAGED_FOREIGN, MANAGED_UNREADABLE };
/* What is there now. `error` tells why it is foreign or unreadable, of which errno is the cause: its folder, mostly. */
enum managed_state managed_file_look(const char *path, struct error *error);

#endif
