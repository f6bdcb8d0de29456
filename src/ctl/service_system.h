/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_system: munneld and munnel-agent as services of the system: "munnel service install", "uninstall", "start",
 * "stop" and "status", beside the words for the services of a running server. On Windows they do it, since nothing else
 * at hand does all of it; elsewhere they tell what does.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_SERVICE_SYSTEM_H
#define MUNNEL_CTL_SERVICE_SYSTEM_H

#include "ctl/subcommand.h"

#include <stdbool.h>

extern const struct subcommand_table service_system_table; /* for the help; of no commands where they do nothing */

/* argv[0] is "service". False: the words are none of these. Otherwise it is done, and *code the exit code. */
bool service_system_run(const char *self, int argc, char **argv, int *code);

#endif
