/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * ban_changes: the members of CONTROL `bans`, by which an agent asks its server to refuse clients of an address by a
 * service that it serves, or no longer to.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's JSON.
 */
#ifndef MUNNEL_PROTO_BAN_CHANGES_H
#define MUNNEL_PROTO_BAN_CHANGES_H

#include "lib/net/addr.h"

#include <jansson.h>
#include <stddef.h>

enum {
    BAN_CHANGES_MAX = 256,          /* that a message adds, and that it removes */
    BAN_CHANGES_SIZE = 32 * 1024,   /* bytes of JSON after which a message has no more */
    BAN_CHANGE_SECONDS = 30 * 86400 /* of a ban, at most */
};
enum { BAN_CHANGE_REASON = 96 }; /* bytes at most */

struct ban_change {
    uint32_t service; /* its id, as it was announced */
    struct addr address;
    unsigned seconds;   /* 0: the ban is lifted */
    const char *reason; /* "": none */
};

struct ban_changes { /* server: a parsed `bans` */
    const json_t *add, *remove;
    size_t add_count, remove_count;
};
int ban_changes_parse(struct ban_changes *changes, const json_t *json, struct error *error); /* checks all of it */
void ban_changes_added(const struct ban_changes *changes, size_t index, struct ban_change *change);
void ban_changes_removed(const struct ban_changes *changes, size_t index, struct ban_change *change);

struct ban_changes_writer { /* agent: a `bans` in the making */
    json_t *json;
    size_t size, count;
    bool fails;
};
void ban_changes_write(struct ban_changes_writer *writer);
bool ban_changes_put(struct ban_changes_writer *writer, const struct ban_change *change); /* false: it is full */
char *ban_changes_finish(struct ban_changes_writer *writer); /* malloc'ed; NULL: out of memory */

#endif
