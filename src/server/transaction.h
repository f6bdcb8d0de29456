/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * transaction: another configuration, with the files that it names, in force as a whole or not at all.
 * Runs on: the control thread, but for transaction_read. Owns: what was read and prepared, and after transaction_apply
 * what was in force before. States: all zero -> begun -> read -> prepared -> applied -> done; transaction_done ends
 * each of them.
 */
#ifndef MUNNEL_SERVER_TRANSACTION_H
#define MUNNEL_SERVER_TRANSACTION_H

#include "server/reconfigure.h"
#include "server/trust_files.h"

#include <jansson.h>

struct server;
struct service_tls_read;

struct transaction {
    struct server_config *conf;    /* the new one */
    struct reconfigure *change;    /* NULL: not prepared */
    struct server_config *running; /* while it is read */
    struct service_tls_read *tls;  /* of each service of `conf` whose TLS has changed since `running`; or NULL */
    struct trust_content trust;    /* the new one's; applied: that of before */
    bool keeps_trust;              /* what agents are judged by is no part of it */
    bool is_trust_wrong;           /* of what was read, that cannot be used */
    struct server_config *before;  /* applied: what was in force */
    SSL_CTX **kept_tls;            /* applied: of each service of `before`, or NULL; NULL: none are kept */
    struct strlist paused;         /* applied: services that it has removed, and that were paused: NAME, by whom ... */
};

struct transaction_options {
    bool is_trial;   /* it will not be applied */
    bool may_return; /* keeps what that needs: ports that it does without (server->reserve), contexts of services */
};

void transaction_begin(struct transaction *transaction, struct server *server, bool keeps_trust);
/* On any thread: reads the files, as if `edit` (or NULL) had been done. 0; or -1 with `error`, and the place in `fault`
 * where it is known. */
int transaction_read(struct transaction *transaction, const struct server *server, const struct config_edit *edit,
                     struct option_fault *fault, struct error *error);
/* All else that can fail. 0; or -1 likewise, and nothing has changed. */
int transaction_prepare(struct transaction *transaction, struct server *server,
                        const struct transaction_options *options, struct option_fault *fault, struct error *error);
/* Back to what transaction_apply has left in `from`: its configuration, by its files as they are now; what cannot be
 * read is as it was. 0 or -1 */
int transaction_prepare_return(struct transaction *transaction, struct server *server, struct transaction *from,
                               struct option_fault *fault, struct error *error);
/* In the same turn of the loop. */
void transaction_apply(struct transaction *transaction, struct server *server);
void transaction_done(struct transaction *transaction);

/* What differs from what runs, before it is applied. NULL: out of memory. */
json_t *transaction_difference(const struct transaction *transaction, const struct server *server);
/* Does anything differ but the service of this name? */
bool transaction_changes_others(const struct transaction *transaction, const char *service);

#endif
