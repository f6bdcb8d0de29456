/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * provision: the files of a new server: CA, certificate, token, agents file, munnel.json, a token for its page; and
 * where an agent finds its own. Runs on: start or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_PROVISION_H
#define MUNNEL_CONF_PROVISION_H

#include "conf/server_config.h"
#include "proto/join_code.h"

struct provision {
    const char *folder;
    struct strlist names;    /* names and addresses for the certificate; empty: what this machine has (host name, its
                                  interfaces' addresses, localhost) */
    const char *listen;      /* agent port for the hint and munnel.json ["0.0.0.0:10001"] */
    const char *agents;      /* the agents file [agents.json in `folder`]; absolute, if munnel.json is written */
    bool with_configuration; /* write munnel.json with one example service too */
    const char *http;        /* admin.http, numeric: make admin.tokens with an admin's token, too; NULL: neither */
};

#define PROVISION_TOKENS "admin.tokens"

/* Makes what is missing and never overwrites: ca.pem, ca.key, server.pem, server.key, agents.json, agent.token,
 * admin.tokens. 0 or -1. *made: anything was new. */
int provision_server(const struct provision *setup, bool *made, struct error *error);
/* Keeps `listen` beside the agents file, for "munnel agent add": without a configuration file it is written nowhere
 * else. */
int provision_keep_listen(const struct provision *setup, struct error *error);
char *
provision_kept_listen(const char *agents); /* what lies beside that agents file: malloc'ed; NULL: nothing of use */
/* Can the first agent join: has the agents file a valid key of its credential, that of agent.token if that is there? */
bool provision_first_agent_can_join(const struct provision *setup);
/* The line that starts the first agent, for people: malloc'ed. */
char *provision_agent_line(const struct provision *setup, const char *group);
/* agent.token, in place of what is there; only its owner may read it. 0 or -1. */
int provision_write_token(const char *path, const struct auth_token *token, struct error *error);
/* The join code of the first agent's token, which is a secret; 0, or -1 when the token is not there any more. */
int provision_join_code(const struct provision *setup, char text[JOIN_CODE_TEXT], struct error *error);

#endif
