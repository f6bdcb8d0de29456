/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * own_certificate: finds the certificate that this agent shows to servers, where its token would lie, too.
 * Runs on: start. Owns: the two paths, until own_certificate_done().
 */
#ifndef MUNNEL_AGENT_IDENTITY_OWN_CERTIFICATE_H
#define MUNNEL_AGENT_IDENTITY_OWN_CERTIFICATE_H

#include "agent/identity/token.h"
#include "conf/agent_cmdline.h"

struct own_certificate {
    char *certificate, *key; /* both NULL: it has none */
    bool is_stored;          /* found in the state folder, for whatever server that was */
};

/*
 * What the options name, else agent.pem and agent.key of the first of these places (token_file is none) that has one of
 * them. 0, also when there is none; -1 with `error` when one is there without the other.
 */
int own_certificate_find(struct own_certificate *own, const struct agent_options *options,
                         const struct token_places *places, struct error *error);
void own_certificate_done(struct own_certificate *own);

#endif
