/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * places: where each system keeps configurations, and what programs write.
 * Runs on: start or a tool. Owns: nothing; what is returned is malloc'ed.
 */
#ifndef MUNNEL_CONF_PLACES_H
#define MUNNEL_CONF_PLACES_H

#include "lib/base/error.h"

#include <stdbool.h>

/* As help and errors call them. PLACES_READ_ONLY: what places_is_configuration() is true for. */
#ifdef _WIN32
#define PLACES_CONFIGURATION    "C:\\ProgramData\\Munnel\\munnel.json"
#define PLACES_NO_CONFIGURATION "there is no C:\\ProgramData\\Munnel\\munnel.json"
#define PLACES_FOLDER           "C:\\ProgramData\\Munnel"
#define PLACES_AGENTS_FILE      "C:\\ProgramData\\Munnel\\munneld\\agents.json"
#define PLACES_READ_ONLY        PLACES_FOLDER
#else
#define PLACES_CONFIGURATION    "/etc/munnel.json, or else /etc/munnel/munnel.json"
#define PLACES_NO_CONFIGURATION "there is neither /etc/munnel.json nor /etc/munnel/munnel.json"
#define PLACES_FOLDER           "/etc/munnel"
#define PLACES_AGENTS_FILE      "/var/lib/munnel/agents.json"
#define PLACES_READ_ONLY        "below /etc"
#endif

/* The server's file without --config; NULL: there is none. */
char *places_configuration(void);
/* Is the folder one for configurations, where the users of the programs may not write? */
bool places_is_configuration(const char *folder);

/*
 * The first of $STATE_DIRECTORY, /var/lib/munnel for root, $XDG_STATE_HOME/munnel and ~/.local/state/munnel. On Windows
 * of $STATE_DIRECTORY, Munnel\munneld in ProgramData with the rights of an administrator, and Munnel in LocalAppData.
 * NULL with `error` if the system does not say, or a variable is no absolute path: keys must not land wherever a
 * program starts.
 */
char *places_state_folder(struct error *error);

#endif
