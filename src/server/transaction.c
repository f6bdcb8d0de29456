/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * transaction: see transaction.h.
 */
#include "config.h"

#include "server/transaction.h"

#include "conf/server_diff.h"
#include "conf/server_published.h"
#include "server/publishing.h"
#include "server/server_priv.h"
#include "server/service/service_tls.h"

#include <stdlib.h>
#include <string.h>

void transaction_begin(struct transaction *transaction, struct server *server, bool keeps_trust) {
    /* Not in transaction_read: holders are counted by the control thread alone. */
    *transaction = (struct transaction){.conf = server->read_config ? NULL : server_config_hold(server->conf),
                                        .running = server_config_hold(server->conf),
                                        .keeps_trust = keeps_trust};
}

static bool has_same_tls(const struct server_config *running, const struct service_config *service) {
    for (size_t i = 0; i < running->service_count; i++)
        if (strcmp(running->services[i].name, service->name) == 0)
            return service_tls_is_same(&running->services[i], service);
    return false;
}

/* Here, and not on the control thread, which a slow disk would keep from its clients. */
static int read_services(struct transaction *transaction, struct error *error) {
    const struct server_config *conf = transaction->conf;

    transaction->tls = calloc(conf->service_count + 1, sizeof *transaction->tls);
    if (!transaction->tls)
        return error_set(error, "out of memory");
    for (size_t i = 0; i < conf->service_count; i++)
        if (conf->services[i].tls.certificates.count && !has_same_tls(transaction->running, &conf->services[i]))
            service_tls_read_files(&transaction->tls[i], &conf->services[i]);
    return 0;
}

int transaction_read(struct transaction *transaction, const struct server *server, const struct config_edit *edit,
                     struct option_fault *fault, struct error *error) {
    if (server->read_config)
        transaction->conf = server->read_config(server->read_context, edit, fault, error);
    if (!transaction->conf)
        return -1;
    transaction->is_trust_wrong =
        !transaction->keeps_trust &&
        trust_files_read(server->trust, transaction->conf, &transaction->trust, NULL, fault, error);
    return transaction->is_trust_wrong ? -1 : read_services(transaction, error);
}

/* What the files have is not to fail for what agents offer: without it the same is tried once more, and publishing.h
 * brings back what can be. */
static struct reconfigure *prepare_without_published(struct transaction *transaction, struct server *server,
                                                     struct reconfigure_options *options, struct option_fault *fault,
                                                     struct error *error) {
    struct server_config *conf = server_config_copy(transaction->conf, error);

    if (!conf)
        return NULL;
    server_config_free(transaction->conf);
    transaction->conf = conf;
    options->conf = conf;
    return reconfigure_prepare(server, options, fault, error);
}

static struct reconfigure *prepare(struct transaction *transaction, struct server *server,
                                   struct reconfigure_options *options, struct option_fault *fault,
                                   struct error *error) {
    if (transaction->conf != server->conf)
        publishing_merge(server->publishing, transaction->conf);
    struct reconfigure *change = reconfigure_prepare(server, options, fault, error);
    bool has_published = transaction->conf->published_count;

    return change || !has_published ? change : prepare_without_published(transaction, server, options, fault, error);
}

int transaction_prepare(struct transaction *transaction, struct server *server,
                        const struct transaction_options *options, struct option_fault *fault, struct error *error) {
    struct reconfigure_options change = {.conf = transaction->conf,
                                         .is_trial = options->is_trial,
                                         .keeps_ports = options->may_return,
                                         .tls = transaction->tls};

    if (options->may_return) {
        transaction->kept_tls = calloc(server->conf->service_count + 1, sizeof *transaction->kept_tls);
        if (!transaction->kept_tls)
            return error_set(error, "out of memory");
    }
    transaction->change = prepare(transaction, server, &change, fault, error);
    return transaction->change ? 0 : -1;
}

int transaction_prepare_return(struct transaction *transaction, struct server *server, struct transaction *from,
                               struct option_fault *fault, struct error *error) {
    transaction->conf = server_config_copy(from->before, error);
    if (!transaction->conf)
        return -1;
    struct reconfigure_options change = {.conf = transaction->conf,
                                         .is_return = true,
                                         .paused = &from->paused,
                                         .kept_tls = from->kept_tls};
    transaction->change = prepare(transaction, server, &change, fault, error);
    if (!transaction->change)
        return -1;
    return trust_files_read(server->trust, transaction->conf, &transaction->trust, &from->trust, fault, error);
}

/* Without memory it would be open when it comes back, as after a start. */
static void note_paused(struct transaction *transaction, const struct service *service) {
    const char *name = service_config(service)->name;
    const struct server_change *change = server_diff_find(reconfigure_diff(transaction->change), name);
    struct service_numbers numbers;

    service_read(service, &numbers);
    if (!numbers.paused_by || service_is_shut(service) || !change || change->kind != SERVER_CHANGE_REMOVED)
        return;
    if (strlist_add(&transaction->paused, name) || strlist_add(&transaction->paused, numbers.paused_by))
        strlist_done(&transaction->paused);
}

/* Files that a renewal has removed or replaced by then would keep the configuration before from coming back. */
static void keep_tls(struct transaction *transaction, const struct service *service, const struct server_config *conf) {
    SSL_CTX *context = service_tls_in_use(service);

    if (!context || service_is_shut(service))
        return;
    SSL_CTX_up_ref(context);
    transaction->kept_tls[service_config(service) - conf->services] = context;
}

void transaction_apply(struct transaction *transaction, struct server *server) {
    for (size_t i = 0; i < server->services.count; i++) {
        note_paused(transaction, server->services.items[i]);
        if (transaction->kept_tls)
            keep_tls(transaction, server->services.items[i], server->conf);
    }
    transaction->before = server_config_hold(server->conf);
    reconfigure_apply(transaction->change);
    if (!transaction->keeps_trust)
        trust_files_use(server->trust, &transaction->trust);
    publishing_review(server->publishing);
}

void transaction_done(struct transaction *transaction) {
    for (size_t i = 0; transaction->before && transaction->kept_tls && i < transaction->before->service_count; i++)
        SSL_CTX_free(transaction->kept_tls[i]);
    size_t read = transaction->conf ? transaction->conf->service_count - transaction->conf->published_count : 0;
    for (size_t i = 0; transaction->tls && i < read; i++)
        service_tls_read_done(&transaction->tls[i]);
    free(transaction->tls);
    free(transaction->kept_tls);
    reconfigure_free(transaction->change);
    trust_content_done(&transaction->trust);
    server_config_free(transaction->conf);
    server_config_free(transaction->running);
    server_config_free(transaction->before);
    strlist_done(&transaction->paused);
    *transaction = (struct transaction){.conf = NULL};
}

json_t *transaction_difference(const struct transaction *transaction, const struct server *server) {
    struct server_diff *since_start = server_diff_new(server->started, transaction->conf, NULL);
    json_t *json = since_start ? server_diff_json(reconfigure_diff(transaction->change), server->conf,
                                                  transaction->conf, &since_start->needs_restart)
                               : NULL;

    server_diff_free(since_start);
    return json;
}

bool transaction_changes_others(const struct transaction *transaction, const char *service) {
    const struct server_diff *diff = reconfigure_diff(transaction->change);

    return diff->options.count || diff->needs_restart.count || diff->service_count > 1 ||
           (diff->service_count == 1 && strcmp(diff->services[0].name, service) != 0);
}
