/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * shared_listen: which addresses to listen on are shared by services that clients are told apart for by names.
 *
 * All addresses of a service with `hosts` are; others share one of them by writing it in the same way: a service
 * without `hosts`, which gets what no name leads to, and the agents. Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_SHARED_LISTEN_H
#define MUNNEL_CONF_SHARED_LISTEN_H

#include "conf/server_config.h"

int shared_listen_note(struct server_config *conf); /* fills conf->shared; 0, or -1 when out of memory */
bool shared_listen_has(const struct server_config *conf, const char *listen);
/* Does it listen there by TCP? Services of UDP share nothing. */
bool shared_listen_by(const struct service_config *service, const char *listen);
/* Those of `listen` that are not shared, into an empty list. 0, or -1 when out of memory. */
int shared_listen_own(const struct server_config *conf, const struct strlist *listen, struct strlist *own);
/* Are those of `was` that were not shared the same ones, in the same order, as those of `is` that are not? */
bool shared_listen_same_own(const struct server_config *before, const struct strlist *was,
                            const struct server_config *after, const struct strlist *is);
/* The same of services: all addresses of one of UDP are its own. */
int shared_listen_own_of(const struct server_config *conf, const struct service_config *service, struct strlist *own);
bool shared_listen_same_own_of(const struct server_config *before, const struct service_config *was,
                               const struct server_config *after, const struct service_config *is);

/* The part of the check of a whole configuration. 0 or -1. */
int shared_listen_check(const struct server_config *conf, const struct option_place *top);

#endif
