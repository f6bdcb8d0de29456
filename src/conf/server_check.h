/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_check: what of a configuration only makes sense as a whole, and whether the files that it names are right.
 * server_config_check() is here too. Runs on: the control thread or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_SERVER_CHECK_H
#define MUNNEL_CONF_SERVER_CHECK_H

#include "conf/server_config.h"
#include "lib/tls/tls.h"

/* As server_config_check(), but services may still be missing; `top` is conf's own place. 0 or -1. */
int server_check_file(const struct server_config *conf, const struct option_place *top);

/* What the agent port's TLS is made of; its strings stay conf's. */
struct tls_server_options server_tls_options(const struct server_config *conf);
/* The same for a service that has tls.cert. */
struct tls_service_options service_tls_options(const struct service_config *service);
/* An error about a file of this service's `tls` gets its place. False: it speaks of none. */
bool server_name_service_file(const struct server_config *conf, size_t service, struct option_fault *fault,
                              struct error *error);

/*
 * Is the agent port's certificate valid by this machine's clock? -1 with a warning, no error: agents that know the
 * server by its key alone accept it. 0 too if it cannot be read, which is an error of server_check_secrets().
 */
int server_check_dates(const struct server_config *conf, struct error *warning);

/* Puts in front of an error about one of the agent port's files where the reader finds its name. */
void server_name_file(const struct server_config *conf, struct option_fault *fault, struct error *error);

/* Certificate, key, client_ca, crl and the agents file: there, readable by us alone, fitting. *agents is their number.
 */
int server_check_secrets(const struct server_config *conf, size_t *agents, struct error *error);

#endif
