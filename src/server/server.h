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

/* Binds everything and reads keys and credentials; holds `conf`; `log` must outlive it. NULL with `error`. */
struct server *server_new(struct server_config *conf, struct log *log, struct error *error);
/* How a reload reads the configuration again, as if `edit` (NULL: nothing) were done: it returns a new one, or NULL
 * with `error`, and the place in `fault` where it is known. Without it a reload reads certificates and the agents file
 * alone. */
typedef struct server_config *server_read_config(void *context, const struct config_edit *edit,
                                                 struct option_fault *fault, struct error *error);
void server_set_reader(struct server *server, server_read_config *read, void *context);
int server_run(struct server *server, struct error *error); /* until it was stopped; 0 or -1 */
void server_free(struct server *server);

#endif
