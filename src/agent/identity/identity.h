/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * identity: for each server that the agent serves, its address, the way to it, the agent's credentials, and how the
 * server is verified. Runs on: start. Owns: the addresses, tokens, trusts and the proxy that its server_identitys point
 * to.
 */
#ifndef MUNNEL_AGENT_IDENTITY_IDENTITY_H
#define MUNNEL_AGENT_IDENTITY_IDENTITY_H

#include "agent/identity/credential_files.h"
#include "agent/identity/known_servers.h"
#include "agent/identity/proxy_choice.h"
#include "agent/identity/trust.h"
#include "conf/agent_cmdline.h"
#include "proto/limits.h"

enum { IDENTITY_SERVERS_MAX = 64 };

struct server_identity {
    const char *text; /* "host:port" */
    const struct token *token;
    struct trust *trust;       /* lives as long as the identity_set */
    const struct proxy *proxy; /* by which it is reached, likewise; NULL: directly */
    /* A file with another token than the join code that is stored for this server: without --join the file is used and
     * the code is not. "": there is none. */
    const char *file_before_code;
};

struct identity_set;

/* What the agent calls itself: as configured, else by its host. Returns `name`. */
const char *identity_agent_name(const struct agent_options *options, char name[PROTO_NAME_MAX + 1]);

/*
 * The state folder, malloc'ed. Where it is not known, that is an error (-1) only if it is needed: for a join code that
 * is to be kept, or for the servers that were joined. Else 0 with NULL.
 */
int identity_state_folder(const struct agent_options *options, char **folder, struct error *error);

/*
 * The servers that were named, else all that were joined. What was named goes before what was found: credential_files.h
 * has the order. Copies what it needs. NULL with `error`.
 */
struct identity_set *identity_make(const struct agent_options *options, const struct known_servers *joined,
                                   const char *state_folder, struct error *error);
void identity_free(struct identity_set *identities);

size_t identity_count(const struct identity_set *identities);
const struct server_identity *identity_servers(const struct identity_set *identities); /* an array of them */
/* The first server for which there is neither token nor certificate, as it was written; NULL: none. */
const char *identity_unproved(const struct identity_set *identities);

/* trust_recheck() for each, and proxy_choice_recheck() */
void identity_recheck(struct identity_set *identities, struct log *log);
/* Logs for each server how it is verified and which credentials are used; a warning if there are none. */
void identity_log(const struct identity_set *identities, struct log *log);

#endif
