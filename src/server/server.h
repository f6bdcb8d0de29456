/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server: munneld's control plane as a whole: services, agents, and the plane that moves the bytes for them.
 * Runs on: the control thread. Owns: all parts of it, and the loop.
 * States: new (all bound) -> serving -> stopping (no new clients) -> over.
 */
#ifndef MUNNEL_SERVER_SERVER_H
#define MUNNEL_SERVER_SERVER_H

#include "conf/server_config.h"

struct server;

/* Binds everything and reads keys and credentials; `conf` and `log` must outlive it. NULL with `error`. */
struct server *server_new(const struct server_config *conf, struct log *log, struct error *error);
int server_run(struct server *server, struct error *error); /* until it was stopped; 0 or -1 */
void server_free(struct server *server);

#endif
