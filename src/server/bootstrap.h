/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * bootstrap: without keys in its configuration a server uses those of its state folder, and creates them at first
 * start. Runs on: start only. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_BOOTSTRAP_H
#define MUNNEL_SERVER_BOOTSTRAP_H

#include "conf/server_config.h"

/* Points conf at the files, makes what is missing, keeps the agent port's address for "munnel agent add",
 * and prints on stdout where they are and how an agent joins, with a join code when they are new and stdout is a
 * terminal: it is a secret. 0 or -1. */
int bootstrap(struct server_config *conf, struct error *error);

#endif
