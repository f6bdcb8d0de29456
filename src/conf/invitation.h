/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * invitation: the join code by which an agent with this token finds and knows this server.
 * Runs on: start or a tool. Owns: nothing; the code holds the token, whoever asked for it wipes it.
 */
#ifndef MUNNEL_CONF_INVITATION_H
#define MUNNEL_CONF_INVITATION_H

#include "conf/conf_list.h"
#include "proto/join.h"

struct invitation {
    const char *certificate;         /* the server's; the code pins its key */
    const struct conf_list *servers; /* "host:port" as agents write them; empty or NULL: a guess by the two others */
    const char *listen, *name;       /* see reachable.h; name may be NULL */
    const struct proof_token *token;
};

int invitation_write(const struct invitation *invitation, char text[JOIN_TEXT], struct error *error); /* 0 or -1 */

#endif
