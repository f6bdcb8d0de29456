/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * join_code_issue: the join code by which an agent with this token finds and knows this server.
 * Runs on: start or a tool. Owns: nothing; the text holds the token, the caller wipes it.
 */
#ifndef MUNNEL_CONF_JOIN_CODE_ISSUE_H
#define MUNNEL_CONF_JOIN_CODE_ISSUE_H

#include "lib/base/strlist.h"
#include "proto/join_code.h"

struct join_code_request {
    const char *certificate;       /* the server's; the code pins its key */
    const struct strlist *servers; /* "host:port" as agents write them; empty or NULL: a guess by the two others */
    const char *listen, *name;     /* see advertised_addr.h; name may be NULL */
    const struct auth_token *token;
};

int join_code_issue(const struct join_code_request *request, char text[JOIN_CODE_TEXT],
                    struct error *error); /* 0 or -1 */

#endif
