/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * gate: a server that asks agents for certificates, and agents that come by one.
 *
 * Runs on: a test's main thread. Owns: destination and stand, until gate_end.
 */
#ifndef MUNNEL_SCENARIO_GATE_H
#define MUNNEL_SCENARIO_GATE_H

#include "harness/certs.h"
#include "harness/destination.h"
#include "harness/munnel.h"

enum { GATE_DAYS = 30 /* that a certificate is good for, if nothing else is said */ };

struct gate { /* a server with a service of the group "web" */
    struct stand *stand;
    struct server server;
    struct destination *echo;
    uint16_t port;
    const char *pki, *tool;
    const char *client_ca; /* NULL: that of the server itself */
    struct rest before;
};

struct gate gate_new(const char *name);
/* Starts the server; `require` as in munnel.json. With has_list it has the list that certs_revoke makes. */
void gate_open(struct gate *gate, const char *require, bool has_list);
void gate_end(struct gate *gate);

/* munnel agent WHAT NAME, on the agents file; with an option also that and its value, and --group web. */
void gate_tool_agent(struct gate *gate, const char *what, const char *name, const char *option, const char *value);

/* Replaces the first `old` in the agents file by `new_text`. */
void gate_edit_agents(struct gate *gate, const char *old, const char *new_text);
/* The agent "default" of munnel init has a token; now it has the certificate `name` as well. */
void gate_give_certificate(struct gate *gate, const char *name);

/* Agents of gate_come_by() know the server by a copy of its CA that no token lies beside. */
void gate_copy_ca(struct gate *gate);
/* A certificate in the pki folder, unless `made` says other, and an agent that shows it and nothing else. */
struct process *gate_come_by(struct gate *gate, const char *name, const char *group, struct certs_plan made);

extern const struct certs_plan certs_client; /* a plain certificate for agents */

#endif
