/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publish_output: what the agent prints of the services that it publishes: each address on standard output, in a line,
 * as soon as a server has given it. The log is another matter, and has it too.
 * Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_AGENT_PUBLISH_OUTPUT_H
#define MUNNEL_AGENT_PUBLISH_OUTPUT_H

#include "agent/upstream/publications.h"
#include "conf/agent_cmdline.h"

#include <stdio.h>

/* `server`: "host:port". Nothing where `out` has the log or is the journal, or where programs read the log as JSON;
 * with --share the address alone, and why there is none on `errors`. */
void publish_output_print(const struct agent_options *options, const struct publications *list,
                          const struct publication *entry, const struct publication_at *at, const char *server,
                          FILE *out, FILE *errors);
/* --share: each server has refused all that is to be shared, so that there is nothing to wait for. */
bool publish_output_is_hopeless(const struct publications *list);

#endif
