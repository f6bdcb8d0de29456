/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_tls: see service_tls.h. As the agent port's files (trust_files.c): certificate and key are two files, of
 * which a renewal writes one after the other, so files that do not fit are read once more a second later.
 */
#include "config.h"

#include "server/service/service_tls.h"

#include "admin/recent_events.h"
#include "conf/server_check.h"
#include "lib/event/file_watch.h"
#include "lib/tls/cert_expiry.h"
#include "lib/tls/certificate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct service_tls {
    SSL_CTX *context;
    struct file_watch *files;
    struct cert_expiry *expiry; /* of each certificate */
    size_t count;
    bool must_retry, is_refused;
    struct error refusal;
};

static struct file_watch *watch_files(const struct service_config *conf) {
    size_t certificates = conf->tls.certificates.count, keys = conf->tls.keys.count, count = 0;
    const char **paths = calloc(certificates + keys + 2, sizeof *paths);
    if (!paths)
        return NULL;
    for (size_t i = 0; i < certificates; i++)
        paths[count++] = conf->tls.certificates.items[i];
    for (size_t i = 0; i < keys; i++)
        paths[count++] = conf->tls.keys.items[i];
    paths[count++] = conf->tls.client_ca;
    paths[count++] = conf->tls.crl;
    struct file_watch *watch = file_watch_new(paths, count);
    free(paths);
    return watch;
}

static SSL_CTX *read_files(const struct service_config *conf, struct error *error) {
    const struct tls_service_options options = service_tls_options(conf);
    return tls_service_context(&options, error);
}

/* Without a context yet. NULL: out of memory. */
static struct service_tls *allocate(const struct service_config *conf) {
    struct service_tls *tls = calloc(1, sizeof *tls);
    if (!tls)
        return NULL;
    tls->count = conf->tls.certificates.count;
    tls->files = watch_files(conf);
    tls->expiry = calloc(tls->count, sizeof *tls->expiry);
    if (tls->files && tls->expiry)
        return tls;
    service_tls_free(tls);
    return NULL;
}

struct service_tls *service_tls_new(const struct service_config *conf, struct error *error) {
    struct service_tls *tls = allocate(conf);
    if (!tls)
        error_set(error, "out of memory");
    else if ((tls->context = read_files(conf, error)))
        return tls;
    service_tls_free(tls);
    return NULL;
}

void service_tls_read_files(struct service_tls_read *read, const struct service_config *conf) {
    read->tls = service_tls_new(conf, &read->error);
    read->is_done = true;
}

struct service_tls *service_tls_take(struct service_tls_read *read, const struct service_config *conf,
                                     struct error *error) {
    if (!read || !read->is_done)
        return service_tls_new(conf, error);
    struct service_tls *tls = read->tls;
    if (!tls)
        *error = read->error;
    *read = (struct service_tls_read){.is_done = false};
    return tls;
}

void service_tls_read_done(struct service_tls_read *read) {
    service_tls_free(read->tls);
}

static bool is_same_path(const char *one, const char *other) {
    return one && other ? strcmp(one, other) == 0 : one == other;
}

bool service_tls_is_same(const struct service_config *one, const struct service_config *other) {
    return strlist_same(&one->tls.certificates, &other->tls.certificates) &&
           strlist_same(&one->tls.keys, &other->tls.keys) && strlist_same(&one->tls.alpn, &other->tls.alpn) &&
           is_same_path(one->tls.client_ca, other->tls.client_ca) && is_same_path(one->tls.crl, other->tls.crl) &&
           one->tls.client_auth == other->tls.client_auth && one->tls.min_version == other->tls.min_version;
}

void service_tls_free(struct service_tls *tls) {
    if (!tls)
        return;
    SSL_CTX_free(tls->context);
    file_watch_free(tls->files);
    free(tls->expiry);
    free(tls);
}

SSL_CTX *service_tls_context(const struct service_tls *tls) {
    return tls->context;
}

int service_tls_check_readable(const struct service_tls *tls, struct error *error) {
    return file_watch_check_readable(tls->files, error);
}

/* ---- what has changed ---- */

static void add_event(const struct service_tls_watch *to, enum event_severity severity, const char *text,
                      const char *detail) {
    recent_events_add(to->events, EVENT_KIND_CERTIFICATE, severity, to->who, text, detail);
}

static void use(struct service_tls *tls, SSL_CTX *fresh, const struct service_tls_watch *to) {
    SSL_CTX_free(tls->context); /* clients and handshakes under way have their own references */
    tls->context = fresh;
    tls->must_retry = tls->is_refused = false;
    for (size_t i = 0; i < tls->count; i++)
        tls->expiry[i] = (struct cert_expiry){0};
    log_write(to->log, LOG_LEVEL_INFO, to->who, "certificate reloaded; it expires in %ld days",
              certificate_days_left(tls_service_certificate(fresh, 0)));
    add_event(to, EVENT_INFO, "certificate read again", NULL);
}

static void refuse(struct service_tls *tls, const struct error *error, const struct service_tls_watch *to) {
    tls->is_refused = true;
    tls->refusal = *error;
    log_write(to->log, LOG_LEVEL_ERROR, to->who, "cannot reload the certificate, keeping the one in use: %s",
              error->text);
    add_event(to, EVENT_ERROR, "the certificate cannot be read again, the one in use is kept", error->text);
}

struct service_tls *service_tls_new_kept(const struct service_config *conf, SSL_CTX *context, const struct error *why,
                                         const struct service_tls_watch *to) {
    struct service_tls *tls = allocate(conf);
    if (!tls)
        return NULL;
    SSL_CTX_up_ref(context);
    tls->context = context;
    refuse(tls, why, to);
    return tls;
}

static void read_again(struct service_tls *tls, const struct service_config *conf, const struct service_tls_watch *to,
                       bool may_retry) {
    struct error error = {""};
    SSL_CTX *fresh = read_files(conf, &error);
    tls->must_retry = !fresh && may_retry;
    if (fresh)
        use(tls, fresh, to);
    else if (!may_retry)
        refuse(tls, &error, to);
}

static void check_expiry(struct service_tls *tls, const struct service_config *conf,
                         const struct service_tls_watch *to) {
    for (size_t i = 0; i < tls->count; i++) {
        char what[512];
        unsigned warned = tls->expiry[i].warned;
        snprintf(what, sizeof what, "the certificate %s", conf->tls.certificates.items[i]);
        cert_expiry_check(&tls->expiry[i], to->log, to->who, what, tls_service_certificate(tls->context, i));
        if (tls->expiry[i].warned > warned)
            add_event(to, EVENT_WARNING, "expires soon, or has expired", what);
    }
}

void service_tls_check(struct service_tls *tls, const struct service_config *conf, const struct service_tls_watch *to) {
    bool has_changed = file_watch_has_changed(tls->files);
    if (has_changed || tls->must_retry)
        read_again(tls, conf, to, has_changed);
    check_expiry(tls, conf, to);
}

time_t service_tls_expires_at(const struct service_tls *tls) {
    time_t first = 0;
    for (size_t i = 0; i < tls->count; i++) {
        time_t at = certificate_expires_at(tls_service_certificate(tls->context, i));
        if (!first || at < first)
            first = at;
    }
    return first;
}

const char *service_tls_refusal(const struct service_tls *tls) {
    return tls->is_refused ? tls->refusal.text : NULL;
}
