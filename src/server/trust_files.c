/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trust_files: see trust_files.h.
 *
 * Certificate and key are two files, and renewal writes one after the other: files that cannot be used are read once
 * more, a second later, before an error is logged.
 * States of a set of files: read -> changed -> read; changed -> retry (silent) -> read or refused (logged once).
 */
#include "config.h"

#include "server/trust_files.h"

#include "admin/recent_events.h"
#include "conf/server_check.h"
#include "lib/base/clock.h"
#include "lib/event/file_watch.h"
#include "lib/tls/cert_expiry.h"
#include "lib/tls/tls.h"
#include "server/auth/agent_bandwidth.h"
#include "server/auth/revocation.h"
#include "server/publishing.h"
#include "server/server_priv.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HANDSHAKES_LATE_S = 2 /* their deadline is checked periodically, not exactly */ };

struct set { /* of files that are used together */
    const char *what;
    int (*read)(struct trust_files *trust, struct error *error); /* puts them into force, or changes nothing */
    struct file_watch *watch;
    bool must_retry, is_refused;
    struct trust_refusal refusal; /* once it is logged; all zero: none */
};

struct trust_files {
    struct server *server;
    struct set certificates, agents;
    struct cert_expiry expiry;
    time_t review_at;       /* by the date, which may jump, */
    uint64_t review_due_us; /* and by clock_us(), whichever comes first */
    bool trust_is_new;
};

/* --- reading --- */

static SSL_CTX *make_tls(const struct server_config *conf, struct error *error) {
    struct tls_server_options options = server_tls_options(conf);

    return tls_server_context(&options, error);
}

static void check_expiry(struct trust_files *trust) {
    char what[512];
    unsigned warned = trust->expiry.warned;

    snprintf(what, sizeof what, "the certificate %s", trust->server->conf->agents.certificate);
    cert_expiry_check(&trust->expiry, trust->server->log, "server", what,
                      SSL_CTX_get0_certificate(trust->server->policy.tls));
    if (trust->expiry.warned > warned)
        recent_events_add(trust->server->events, EVENT_KIND_CERTIFICATE, EVENT_WARNING, "server",
                          "expires soon, or has expired", what);
}

/* Returns what was in force. */
static SSL_CTX *use_certificates(struct trust_files *trust, SSL_CTX *fresh) {
    struct server *server = trust->server;

    if (server->policy.tls)
        server->policy.tls_settled_us =
            clock_us() + (server->conf->agents.unauthenticated_deadline_s + HANDSHAKES_LATE_S) * 1000000ull;
    SSL_CTX *before = server->policy.tls;
    server->policy.tls = fresh;
    trust->trust_is_new = true;
    if (server->agent_listener)
        agent_listener_set_tls(server->agent_listener, fresh);
    trust->expiry = (struct cert_expiry){0};
    check_expiry(trust);
    return before;
}

static int read_certificates(struct trust_files *trust, struct error *error) {
    SSL_CTX *fresh = make_tls(trust->server->conf, error);

    if (fresh)
        SSL_CTX_free(use_certificates(trust, fresh)); /* handshakes under way and links have their own references */
    return fresh ? 0 : -1;
}

/* Returns what was in force. */
static struct credentials *use_agents(struct trust_files *trust, struct credentials *fresh) {
    struct credentials *before = trust->server->policy.credentials;

    trust->server->policy.credentials = fresh;
    agent_bandwidth_set_all(&trust->server->policy, trust->server->sessions);
    publishing_review(trust->server->publishing);
    return before;
}

static int read_agents(struct trust_files *trust, struct error *error) {
    struct credentials *fresh = credentials_read(trust->server->conf->agents.tokens, error);

    if (fresh)
        credentials_free(use_agents(trust, fresh));
    return fresh ? 0 : -1;
}

static void review(struct trust_files *trust) {
    struct server *server = trust->server;
    time_t now = clock_wall();

    trust->review_at =
        revocation_review(&server->policy, server->sessions, server->registry, now, &trust->trust_is_new);
    trust->review_due_us = clock_us() + (uint64_t)(trust->review_at - now) * 1000000;
}

/* --- checking --- */

static void log_read(const struct trust_files *trust, const struct set *set) {
    struct server *server = trust->server;
    size_t count = server->policy.credentials ? credentials_count(server->policy.credentials) : 0;

    if (set == &trust->agents)
        log_write(server->log, LOG_LEVEL_INFO, "server", "agents file reloaded, %zu credential%s", count,
                  count == 1 ? "" : "s");
    else
        log_write(server->log, LOG_LEVEL_INFO, "server", "certificates reloaded; the server's expires in %ld days",
                  tls_days_left(server->policy.tls));
}

static enum event_kind kind_of(const struct trust_files *trust, const struct set *set) {
    return set == &trust->certificates ? EVENT_KIND_CERTIFICATE : EVENT_KIND_SERVER;
}

static void note_refusal(struct set *set, const struct error *error) {
    if (!set->refusal.since_us)
        set->refusal.since_us = clock_us();
    set->refusal.error = *error;
}

static void reload_set(struct trust_files *trust, struct set *set, bool may_retry) {
    struct error error;

    if (set->read(trust, &error) == 0) {
        set->must_retry = set->is_refused = false;
        set->refusal = (struct trust_refusal){.since_us = 0};
        recent_events_add(trust->server->events, kind_of(trust, set), EVENT_INFO, "server", "read again", set->what);
        log_read(trust, set);
        review(trust);
        /* The credentials have changed: failures counted so far may be outdated. */
        agent_listener_reset_penalties(trust->server->agent_listener);
        return;
    }
    set->must_retry = may_retry;
    set->is_refused = true;
    server_name_file(trust->server->conf, NULL, &error);
    if (may_retry)
        return;
    note_refusal(set, &error);
    log_write(trust->server->log, LOG_LEVEL_ERROR, "server", "cannot reload %s, keeping those in use: %s", set->what,
              error.text);
    recent_events_add(trust->server->events, kind_of(trust, set), EVENT_ERROR, "server",
                      "cannot be read again, those in use are kept", error.text);
}

static void check(struct trust_files *trust, struct set *set) {
    if (!set->watch)
        return;
    bool changed = file_watch_has_changed(set->watch);
    if (changed || set->must_retry)
        reload_set(trust, set, changed);
}

void trust_files_check(struct trust_files *trust) {
    check(trust, &trust->certificates);
    check(trust, &trust->agents);
    check_expiry(trust);
    if (clock_wall() >= trust->review_at || clock_us() >= trust->review_due_us)
        review(trust);
}

bool trust_files_are_in_force(const struct trust_files *trust) {
    return !trust->certificates.is_refused && !trust->agents.is_refused;
}

const struct trust_refusal *trust_files_refusal(const struct trust_files *trust, enum trust_set which) {
    const struct set *set = which == TRUST_AGENTS ? &trust->agents : &trust->certificates;

    return set->refusal.since_us ? &set->refusal : NULL;
}

bool trust_files_check_agents(struct trust_files *trust) {
    struct set *set = &trust->agents;

    if (!set->watch || set->must_retry || !file_watch_has_changed(set->watch))
        return false;
    reload_set(trust, set, true);
    return !set->must_retry;
}

/* --- a reload --- */

/* Both are made before the files are read, so that no change is missed. 0, or -1 when out of memory. */
static int watch_files(const struct server_config *conf, struct file_watch **certificates, struct file_watch **agents) {
    const char *const keys[] = {conf->agents.certificate, conf->agents.key, conf->agents.client_ca, conf->agents.crl};
    const char *const tokens[] = {conf->agents.tokens};

    *certificates = file_watch_new(keys, sizeof keys / sizeof *keys);
    *agents = conf->agents.auth_none ? NULL : file_watch_new(tokens, 1);
    return *certificates && (*agents || conf->agents.auth_none) ? 0 : -1;
}

void trust_content_done(struct trust_content *content) {
    SSL_CTX_free(content->tls);
    credentials_free(content->credentials);
    file_watch_free(content->certificates);
    file_watch_free(content->agents);
    *content = (struct trust_content){.tls = NULL};
}

static void log_kept(const struct trust_files *trust, const char *what, const struct error *error) {
    log_write(trust->server->log, LOG_LEVEL_ERROR, "server", "cannot read %s, keeping those that were used: %s", what,
              error->text);
}

static bool read_tls(const struct trust_files *trust, const struct server_config *conf, struct trust_content *content,
                     struct trust_content *kept, struct error *error) {
    content->tls = make_tls(conf, error);
    if (content->tls || !kept || !kept->tls)
        return content->tls;
    log_kept(trust, trust->certificates.what, error);
    content->certificates_error = *error;
    content->tls = kept->tls;
    kept->tls = NULL;
    return true;
}

/* Of a file that is watched, what is in force is newer than what was kept: an agent may be revoked since. */
static bool is_in_force(const struct trust_files *trust, const struct server_config *conf) {
    const struct server_config *now = trust->server->conf;

    return !now->agents.auth_none && strcmp(now->agents.tokens, conf->agents.tokens) == 0;
}

static bool read_credentials(const struct trust_files *trust, const struct server_config *conf,
                             struct trust_content *content, struct trust_content *kept, struct error *error) {
    if (conf->agents.auth_none)
        return true;
    content->credentials = credentials_read(conf->agents.tokens, error);
    if (content->credentials || !kept)
        return content->credentials;
    content->keeps_credentials = is_in_force(trust, conf);
    if (!content->keeps_credentials && !kept->credentials)
        return false;
    log_kept(trust, trust->agents.what, error);
    content->agents_error = *error;
    if (content->keeps_credentials)
        return true;
    content->credentials = kept->credentials;
    kept->credentials = NULL;
    return true;
}

int trust_files_read(const struct trust_files *trust, const struct server_config *conf, struct trust_content *content,
                     struct trust_content *kept, struct option_fault *fault, struct error *error) {
    if (watch_files(conf, &content->certificates, &content->agents))
        return error_set(error, "out of memory");
    if (read_tls(trust, conf, content, kept, error) && read_credentials(trust, conf, content, kept, error))
        return 0;
    server_name_file(conf, fault, error);
    return -1;
}

/* `error`: why what was read of them before is kept; empty: it is not. */
static void replace_watch(struct set *set, struct file_watch **fresh, const struct error *error) {
    file_watch_free(set->watch);
    set->watch = *fresh;
    set->must_retry = false;
    set->is_refused = *error->text;
    set->refusal = (struct trust_refusal){.since_us = 0};
    if (set->is_refused)
        note_refusal(set, error);
    *fresh = NULL;
}

void trust_files_warn(const struct trust_files *trust) {
    const struct server *server = trust->server;

    if (!server->policy.credentials)
        log_write(server->log, LOG_LEVEL_WARNING, "server",
                  "\"auth\": \"none\": any peer that reaches the agent port can join and take clients");
    else if (!credentials_count(server->policy.credentials))
        log_write(server->log, LOG_LEVEL_WARNING, "server", "%s has no agent: none can join",
                  server->conf->agents.tokens);
}

void trust_files_use(struct trust_files *trust, struct trust_content *content) {
    replace_watch(&trust->certificates, &content->certificates, &content->certificates_error);
    replace_watch(&trust->agents, &content->agents, &content->agents_error);
    content->tls = use_certificates(trust, content->tls);
    if (!content->keeps_credentials)
        content->credentials = use_agents(trust, content->credentials);
    log_read(trust, &trust->certificates);
    if (trust->agents.watch)
        log_read(trust, &trust->agents);
    trust_files_warn(trust);
    /* They were read on another thread: an agent that was revoked since must not come back, nor a new one be cut off.
     */
    check(trust, &trust->certificates);
    check(trust, &trust->agents);
    review(trust);
    agent_listener_reset_penalties(trust->server->agent_listener);
}

/* --- from start to end --- */

static bool make_watches(struct trust_files *trust) {
    trust->certificates = (struct set){.what = "the certificates", .read = read_certificates};
    trust->agents = (struct set){.what = "the agents file", .read = read_agents};
    return watch_files(trust->server->conf, &trust->certificates.watch, &trust->agents.watch) == 0;
}

struct trust_files *trust_files_new(struct server *server) {
    struct trust_files *trust = calloc(1, sizeof *trust);

    if (!trust)
        return NULL;
    trust->server = server;
    if (make_watches(trust))
        return trust;
    trust_files_free(trust);
    return NULL;
}

void trust_files_free(struct trust_files *trust) {
    if (!trust)
        return;
    file_watch_free(trust->certificates.watch);
    file_watch_free(trust->agents.watch);
    free(trust);
}

int trust_files_first(struct trust_files *trust, struct error *error) {
    if (read_certificates(trust, error) || (trust->agents.watch && read_agents(trust, error))) {
        server_name_file(trust->server->conf, NULL, error);
        return -1;
    }
    review(trust);
    return 0;
}

int trust_files_check_readable(const struct trust_files *trust, struct error *error) {
    if (file_watch_check_readable(trust->certificates.watch, error))
        return -1;
    return trust->agents.watch ? file_watch_check_readable(trust->agents.watch, error) : 0;
}
