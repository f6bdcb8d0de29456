/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * joined: the servers that this agent has joined by a code, kept in its state folder (joined.json, 0600).
 *
 * {"servers":[{"address":"relay.example:10001","pins":["sha256:HEX"],"token":"NAME:HEX"}]}
 * Runs on: start. Owns: its entries; tokens are wiped when freed.
 */
#ifndef MUNNEL_AGENT_JOINED_H
#define MUNNEL_AGENT_JOINED_H

#include "conf/conf_list.h"
#include "lib/error.h"

struct joined_server {
    char *address;         /* "host:port" */
    struct conf_list pins; /* "sha256:HEX" of its key, at least one */
    char *token;           /* "NAME:HEX" */
};

enum { JOINED_SERVERS = 64 };

struct joined;

struct joined *joined_read(const char *state_folder,
                           struct error *error); /* empty if none was stored; NULL with error */
int joined_write(const struct joined *joined, const char *state_folder,
                 struct error *error); /* makes the folder; 0 or -1 */
void joined_free(struct joined *joined);

size_t joined_count(const struct joined *joined);
const struct joined_server *joined_at(const struct joined *joined, size_t index);
const struct joined_server *joined_find(const struct joined *joined, const char *address); /* NULL: not joined */

/* Copies; takes the place of what was known of the same address. 0, or -1 with `error`. */
int joined_put(struct joined *joined, const struct joined_server *server, struct error *error);

void joined_server_done(struct joined_server *server); /* wipes the token, frees the strings */

#endif
