/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reconfigure: another configuration for a server that runs, in one step or not at all.
 *
 * reconfigure_prepare makes all that can fail: it binds ports, opens the log, reserves memory. reconfigure_apply
 * follows in the same turn of the loop and cannot fail. Services that are the same are not touched. One that changed
 * keeps its listening sockets where address and port stay, also those of another service; its clients that wait go on
 * by the new terms, its relays by their own. One that was removed refuses new clients, and is freed after its last one;
 * if it comes back before, it goes on as the same one.
 * With `keeps_ports` the ports that no service has any more stay bound, in server->reserve, so that the configuration
 * before can come back to them; any part of a later one may take them from there, too.
 * Runs on: the control thread. Owns: what is prepared.
 */
#ifndef MUNNEL_SERVER_RECONFIGURE_H
#define MUNNEL_SERVER_RECONFIGURE_H

#include "conf/server_config.h"

#include <openssl/ssl.h>

struct reconfigure;
struct server;
struct server_diff;
struct service_tls_read;

struct reconfigure_options {
    struct server_config *conf; /* it is held */
    bool is_trial;              /* it will not be applied: neither a log file is made, nor does a listener stop */
    bool keeps_ports;
    bool is_services_only; /* nothing else differs: log and administration are left alone */
    bool is_return;        /* to the configuration before: a log that cannot be opened is no obstacle */
    /* NULL, or until it is applied: services that are paused again if they come back; each name, and by whom. */
    const struct strlist *paused;
    /* NULL, or until it is prepared: of each service of `conf`, what was read of its files already. */
    struct service_tls_read *tls;
    /* NULL, or until it is prepared: of each service of `conf`, for files that cannot be used any more, or NULL. */
    SSL_CTX *const *kept_tls;
};

/* NULL with `error`, and the place in `fault` where it is known: nothing has changed. */
struct reconfigure *reconfigure_prepare(struct server *server, const struct reconfigure_options *options,
                                        struct option_fault *fault, struct error *error);
const struct server_diff *reconfigure_diff(const struct reconfigure *change);
void reconfigure_apply(struct reconfigure *change); /* logs the difference */
void reconfigure_free(struct reconfigure *change);  /* NULL is fine; one that was not applied is discarded */
/* Often: frees services that were removed and have no clients any more. */
void reconfigure_reap(struct server *server);

#endif
