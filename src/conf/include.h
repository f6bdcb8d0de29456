/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * include: the files with more services that munnel.json names by patterns.
 *
 * Such a file is { "services": [...] }, or one service by itself. It includes nothing. The order is that of the
 * patterns, and below one that of the bytes of the paths; a file that two patterns match is read once.
 * Runs on: the control thread or a tool. Owns: nothing; what it reads is conf's.
 */
#ifndef MUNNEL_CONF_INCLUDE_H
#define MUNNEL_CONF_INCLUDE_H

#include "conf/server_config.h"

enum { INCLUDE_FILES_MAX = 1024, INCLUDE_BYTES_MAX = 16 << 20 /* of all together */ };

/* Adds the services of conf->include's files, as if `edit`, which may be NULL, were done. 0, or -1 with an error of
 * which `top`, conf's own place, has the target. */
int include_services(struct server_config *conf, const struct config_edit *edit, const struct option_place *top);
/* Notes a file that has the services from file->first to the last one; copies it. 0, or -1 when out of memory. */
int include_note_file(struct server_config *conf, const struct config_file *file);

#endif
