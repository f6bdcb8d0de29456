/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_certificate: signs a certificate for an agent and puts it, with all that the agent needs, into one folder.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_AGENT_CERTIFICATE_H
#define MUNNEL_CTL_AGENT_CERTIFICATE_H

#include "ctl/agent_store.h"

enum { AGENT_PIN_TEXT = 72 };

/*
 * agent.pem, agent.key and the server's ca.pem into `folder`, which is made; nothing there is overwritten. `ca_key`
 * may be NULL: ca.key beside the CA. `pin` is what recognises the new key, and no other. 0 or -1 with `error`.
 */
int agent_certificate_make(const struct agent_store *store, const char *name, const char *folder, const char *ca_key,
                           char pin[AGENT_PIN_TEXT], struct error *error);

/* How the agent starts by it, and what the server's configuration lacks, for people, on stderr. */
void agent_certificate_explain(const struct agent_store *store, const char *folder, bool has_code);

#endif
