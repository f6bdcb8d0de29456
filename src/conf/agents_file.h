/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents_file: where the agents file of a new server is.
 *
 * It is changed while the server runs, by the server's user, which may write nothing below /etc but services.d: of a
 * folder there it is in the state folder.
 * Runs on: a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_AGENTS_FILE_H
#define MUNNEL_CONF_AGENTS_FILE_H

#include "lib/base/error.h"

#define AGENTS_FILE "agents.json"

/* Of a server whose configuration is in `folder`; one that lies there already stays there. malloc'ed; NULL with `error`
 */
char *agents_file_for(const char *folder, struct error *error);
/* As that configuration names it: without the folder, if it is the same, so that both can be moved. */
const char *agents_file_shown(const char *path, const char *folder);
/* Can a configuration name this path? 0 or -1 */
int agents_file_check(const char *path, struct error *error);

#endif
