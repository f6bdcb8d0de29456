/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * publishing: services that agents offer come into the configuration in force, and leave it.
 *
 * Such a service is a service like any other: it is made by a reconfigure of a copy of the configuration, without
 * reading files; and a configuration that is read gets those that are active, before it is prepared. What the files
 * have wins: an agent's service of the same name, host or port is withdrawn. Requests are taken together, each 100 ms,
 * and after a step rest for nine times as long as it took; what has to end does so in 100 ms all the same. Runs on: the
 * control thread. Owns: the requests, its timers, the table of published services.
 */
#ifndef MUNNEL_SERVER_PUBLISHING_H
#define MUNNEL_SERVER_PUBLISHING_H

#include "conf/server_config.h"

#include <jansson.h>

struct publishing;
struct published_table;
struct server;
struct session;

struct publishing *publishing_new(struct server *server); /* server->loop is there. NULL when out of memory */
void publishing_free(struct publishing *publishing);      /* NULL is fine */
struct published_table *publishing_table(struct publishing *publishing);

/* The members of a `publish`. 0, or -1 with `error`: it is malformed, or too much is asked for. */
int publishing_request(struct publishing *publishing, struct session *session, const json_t *json, struct error *error);
/* Adds those that are active, and that it leaves room for, to a configuration that is not in force. */
void publishing_merge(const struct publishing *publishing, struct server_config *conf);
void publishing_review(struct publishing *publishing); /* soon: configuration or credentials have changed */
void publishing_tick(struct publishing *publishing);   /* each second: agents that have gone */

#endif
