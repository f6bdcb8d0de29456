/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * mtls_server: a server that asks agents for certificates, and agents that come by one.
 *
 * Runs on: a test's main thread. Owns: destination and sandbox, until mtls_server_end.
 */
#ifndef MUNNEL_SCENARIO_MTLS_SERVER_H
#define MUNNEL_SCENARIO_MTLS_SERVER_H

#include "harness/certs.h"
#include "harness/destination.h"
#include "harness/munnel.h"

enum { MTLS_SERVER_DAYS = 30 /* validity of a certificate, by default */ };

struct mtls_server { /* a server with a service of the group "web" */
    struct sandbox *sandbox;
    struct server server;
    struct destination *echo;
    uint16_t port;
    const char *pki, *tool;
    const char *client_ca; /* NULL: that of the server itself */
    struct usage before;
};

struct mtls_server mtls_server_new(const char *name);
/* Starts the server; `require` as in munnel.json. With has_list it has the list that certs_revoke makes. */
void mtls_server_start(struct mtls_server *mtls_server, const char *require, bool has_list);
void mtls_server_end(struct mtls_server *mtls_server);

/* munnel agent WHAT NAME, on the agents file; with an option also that and its value, and --group web. */
void mtls_server_tool_agent(struct mtls_server *mtls_server, const char *what, const char *name, const char *option,
                            const char *value);

/* Replaces the first `old` in the agents file by `new_text`. */
void mtls_server_edit_agents(struct mtls_server *mtls_server, const char *old, const char *new_text);
/* The agent "default" of munnel init has a token; now it has the certificate `name` as well. */
void mtls_server_give_certificate(struct mtls_server *mtls_server, const char *name);

/* Agents of mtls_server_join() know the server by a copy of its CA that no token lies beside. */
void mtls_server_copy_ca(struct mtls_server *mtls_server);
/* A certificate in the pki folder, unless `made` has other values, and an agent that has this credential only. */
struct process *mtls_server_join(struct mtls_server *mtls_server, const char *name, const char *group,
                                 struct certs_plan made);

extern const struct certs_plan certs_client; /* a plain certificate for agents */

#endif
