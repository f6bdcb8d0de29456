/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_tls: certificates and keys of a service that ends its clients' TLS: they are read when it is made, and again
 * when a file has changed. Files that cannot be used then change nothing.
 * Runs on: the control thread, but for what is said to be for any. Owns: its context, which clients and their
 * handshakes hold, too.
 */
#ifndef MUNNEL_SERVER_SERVICE_SERVICE_TLS_H
#define MUNNEL_SERVER_SERVICE_SERVICE_TLS_H

#include "conf/server_config.h"

#include <openssl/ssl.h>

struct service_tls;

struct service_tls_watch { /* where it tells what it finds */
    const char *who;       /* "service web" */
    struct log *log;
    struct recent_events *events; /* NULL: none */
};

/* What a reload reads of the files of a service on another thread, before it prepares it; all zero: nothing. */
struct service_tls_read {
    bool is_done;
    struct service_tls *tls; /* NULL: not taken any more, or `error` */
    struct error error;
};

/* On any thread. `conf` has tls.cert. */
void service_tls_read_files(struct service_tls_read *read, const struct service_config *conf);
/* What was read, once; else reads now. NULL with `error`. */
struct service_tls *service_tls_take(struct service_tls_read *read, const struct service_config *conf,
                                     struct error *error);
void service_tls_read_done(struct service_tls_read *read);

/* On any thread. `conf` has tls.cert. NULL with `error` about the file. */
struct service_tls *service_tls_new(const struct service_config *conf, struct error *error);
/* By `context`, which was read of these files before and gets one more holder: `why` they cannot be used now is logged.
 * NULL: out of memory. */
struct service_tls *service_tls_new_kept(const struct service_config *conf, SSL_CTX *context, const struct error *why,
                                         const struct service_tls_watch *to);
/* Are these of the same files and options? */
bool service_tls_is_same(const struct service_config *one, const struct service_config *other);
void service_tls_free(struct service_tls *tls); /* NULL is fine */
SSL_CTX *service_tls_context(const struct service_tls *tls);

/* Each second: reads what has changed, and warns of what expires. */
void service_tls_check(struct service_tls *tls, const struct service_config *conf, const struct service_tls_watch *to);
int service_tls_check_readable(const struct service_tls *tls, struct error *error); /* by the user of now; 0 or -1 */

time_t service_tls_expires_at(const struct service_tls *tls); /* of the certificate that expires first */
const char *
service_tls_refusal(const struct service_tls *tls); /* why the files of now are not in use; NULL: they are */

#endif
