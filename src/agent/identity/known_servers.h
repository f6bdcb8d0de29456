/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * known_servers: the servers that this agent has joined by a code, kept in its state folder (joined.json, 0600).
 *
 * {"servers":[{"address":"relay.example:10001","pins":["sha256:HEX"],"token":"NAME:HEX"}]}
 * Runs on: start. Owns: its entries; tokens are wiped when freed.
 */
#ifndef MUNNEL_AGENT_IDENTITY_KNOWN_SERVERS_H
#define MUNNEL_AGENT_IDENTITY_KNOWN_SERVERS_H

#include "lib/base/error.h"
#include "lib/base/strlist.h"

struct known_server {
    char *address;       /* "host:port" */
    struct strlist pins; /* "sha256:HEX" of its key, at least one */
    char *token;         /* "NAME:HEX" */
};

enum { KNOWN_SERVERS_MAX = 64 };

struct known_servers;

/* Empty if none was stored, or state_folder is NULL. NULL with `error`. */
struct known_servers *known_servers_read(const char *state_folder, struct error *error);
int known_servers_write(const struct known_servers *joined, const char *state_folder,
                        struct error *error); /* makes the folder; 0 or -1 */
void known_servers_free(struct known_servers *joined);

size_t known_servers_count(const struct known_servers *joined);
const struct known_server *known_servers_at(const struct known_servers *joined, size_t index);
const struct known_server *known_servers_find(const struct known_servers *joined,
                                              const char *address); /* NULL: not joined */

/* Copies; takes the place of what was known of the same address. 0, or -1 with `error`. */
int known_servers_put(struct known_servers *joined, const struct known_server *server, struct error *error);

void known_servers_remove(struct known_servers *joined, const char *address); /* if it is there */

void known_server_done(struct known_server *server); /* wipes the token, frees the strings */

#endif
