/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agents_change: one change of the agents file: what "munnel agent add", "rotate" and "revoke" do, under the same lock.
 *
 * The file is read again for it, since a tool may have changed it a moment ago.
 * Runs on: agents_change_run on any thread, the rest on the control thread. Owns: its texts and its configuration; what
 * is secret in it is wiped.
 */
#ifndef MUNNEL_SERVER_ADMIN_AGENTS_CHANGE_H
#define MUNNEL_SERVER_ADMIN_AGENTS_CHANGE_H

#include "conf/credentials.h"
#include "proto/join_code.h"
#include "proto/limits.h"

enum agents_change_kind { AGENTS_ADD, AGENTS_ROTATE, AGENTS_REVOKE };

struct agents_change {
    enum agents_change_kind kind;
    struct server_config *conf; /* held */
    char name[PROTO_NAME_MAX + 1];
    struct strlist groups, servers; /* servers: in the join code; empty: what can be known */
    struct publish_permit publish;  /* of the credential (AGENTS_ADD) */
    time_t expires, until;          /* of the credential (AGENTS_ADD); of the token before (AGENTS_ROTATE) */
    /* What came of it. */
    unsigned status; /* of HTTP: 0 if it is done; else the rest is as in struct http_problem */
    char detail[sizeof(struct error)], remedy[256];
    const char *pointer;
    bool is_of_file;
    unsigned line; /* of the file; 0: not known */
    char code[JOIN_CODE_TEXT];
};

/* NULL: out of memory. The lists are copied. */
struct agents_change *agents_change_new(enum agents_change_kind kind, struct server_config *conf, const char *name,
                                        const struct strlist *groups, const struct strlist *servers);
void agents_change_free(struct agents_change *change);
void agents_change_run(struct agents_change *change); /* waits for the disk, and a second for the lock */

#endif
