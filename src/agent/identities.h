/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * identities: for each server that the agent serves, its address, what the agent proves itself with, and by what it
 * knows that server.
 * Runs on: start. Owns: the addresses, tokens and trusts that its upstream_servers point to.
 */
#ifndef MUNNEL_AGENT_IDENTITIES_H
#define MUNNEL_AGENT_IDENTITIES_H

#include "agent/joined.h"
#include "agent/upstream.h"
#include "conf/agent_options.h"

struct identities;

/*
 * The servers that were named, else all that were joined. What was named goes before what was found: token.h has the
 * order. Copies what it needs. NULL with `error`.
 */
struct identities *identities_make(const struct agent_options *options, const struct joined *joined,
                                   const char *state_folder, struct error *error);
void identities_free(struct identities *identities);

size_t identities_count(const struct identities *identities);
const struct upstream_server *identities_servers(const struct identities *identities); /* an array of them */
/* The first server for which there is neither token nor certificate, as it was written; NULL: none. */
const char *identities_unproved(const struct identities *identities);

void identities_look(const struct identities *identities, struct log *log); /* trust_look() for each */
/* For each server one line by what it is verified and what the agent proves itself with, and a warning if by nothing.
 */
void identities_log(const struct identities *identities, struct log *log);

#endif
