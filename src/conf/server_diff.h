/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_diff: what differs between two configurations, as a value; and the version of one.
 *
 * Services are the same if they have the same name, wherever they are written. Values are shown as server_shown does.
 * Runs on: the control thread or a tool. Owns: a difference owns its texts.
 */
#ifndef MUNNEL_CONF_SERVER_DIFF_H
#define MUNNEL_CONF_SERVER_DIFF_H

#include "conf/server_config.h"

enum server_change_kind { SERVER_CHANGE_ADDED, SERVER_CHANGE_CHANGED, SERVER_CHANGE_REMOVED };

/* In `options` of a service that another session offers now; no option has this name. */
#define SERVER_DIFF_PUBLISHER "publisher"

struct server_change { /* of one service */
    enum server_change_kind kind;
    char *name;
    struct strlist options; /* that differ; CHANGED only */
};

struct server_diff {
    struct server_change *services;
    size_t service_count;
    struct strlist options;       /* others that differ: "agents.tls.cert" */
    struct strlist needs_restart; /* the same, of those that a running server keeps */
};

/* NULL with `error` when out of memory. */
struct server_diff *server_diff_new(const struct server_config *from, const struct server_config *to,
                                    struct error *error);
void server_diff_free(struct server_diff *diff);
bool server_diff_is_empty(const struct server_diff *diff);
/* The change of a service of this name; NULL: it is as it was. */
const struct server_change *server_diff_find(const struct server_diff *diff, const char *name);
bool server_diff_has(const struct server_diff *diff, const char *option); /* one of `options` */

/* A line for each change, like "+ service web" or "~ service db: connect, max_clients", without values; malloc'ed.
 * NULL: out of memory. */
char *server_diff_text(const struct server_diff *diff);
/* As Difference in docs/openapi.yaml, with values before and after. needs_restart: of all options that the server keeps
 * until it is started again, also by earlier changes. NULL: out of memory. */
json_t *server_diff_json(const struct server_diff *diff, const struct server_config *from,
                         const struct server_config *to, const struct strlist *needs_restart);

/* A hash of all that is in force, from which nothing can be read: configurations without a difference have the same
 * version. 0 or -1. */
enum { SERVER_VERSION_TEXT = 17 };
int server_config_version(const struct server_config *conf, char version[SERVER_VERSION_TEXT]);

#endif
