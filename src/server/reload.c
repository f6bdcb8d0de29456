/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reload: see reload.h.
 *
 * Certificate and key are two files, and renewal writes one after the other: files that cannot be used are read once
 * more, a second later, before an error is logged.
 * States of a set of files: read -> changed -> read; changed -> retry (silent) -> read or refused (logged once).
 */
#include "config.h"

#include "server/reload.h"

#include "admin/recent_events.h"
#include "conf/server_check.h"
#include "lib/base/clock.h"
#include "lib/event/file_watch.h"
#include "lib/event/service_manager.h"
#include "lib/tls/cert_expiry.h"
#include "lib/tls/tls.h"
#include "server/auth/revocation.h"
#include "server/reconfigure.h"
#include "server/server_priv.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    CHECK_MS = 1000,
    REQUEST_INTERVAL_MS = 1000,
    HANDSHAKES_LATE_S = 2 /* their deadline is checked periodically, not exactly */
};

struct set { /* of files that are used together */
    const char *what;
    int (*read)(struct reload *reload, struct error *error); /* puts them into force, or changes nothing */
    struct file_watch *watch;
    bool must_retry;
};

struct reload {
    struct server *server;
    struct event *check, *request;
    uint64_t reloaded_ms;
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

static void check_expiry(struct reload *reload) {
    char what[512];
    unsigned warned = reload->expiry.warned;

    snprintf(what, sizeof what, "the certificate %s", reload->server->conf->agents.certificate);
    cert_expiry_check(&reload->expiry, reload->server->log, "server", what, reload->server->policy.tls);
    if (reload->expiry.warned > warned)
        recent_events_add(reload->server->events, EVENT_KIND_CERTIFICATE, EVENT_WARNING, "server",
                          "expires soon, or has expired", what);
}

static void use_certificates(struct reload *reload, SSL_CTX *fresh) {
    struct server *server = reload->server;

    if (server->policy.tls)
        server->policy.tls_settled_us =
            clock_us() + (server->conf->agents.unauthenticated_deadline_s + HANDSHAKES_LATE_S) * 1000000ull;
    SSL_CTX_free(server->policy.tls); /* the handshakes under way and the links have their own references */
    server->policy.tls = fresh;
    reload->trust_is_new = true;
    if (server->agent_listener)
        agent_listener_set_tls(server->agent_listener, fresh);
    reload->expiry = (struct cert_expiry){0};
    check_expiry(reload);
}

static int read_certificates(struct reload *reload, struct error *error) {
    SSL_CTX *fresh = make_tls(reload->server->conf, error);

    if (fresh)
        use_certificates(reload, fresh);
    return fresh ? 0 : -1;
}

static void use_agents(struct reload *reload, struct credentials *fresh) {
    credentials_free(reload->server->policy.credentials);
    reload->server->policy.credentials = fresh;
}

static int read_agents(struct reload *reload, struct error *error) {
    struct credentials *fresh = credentials_read(reload->server->conf->agents.tokens, error);

    if (fresh)
        use_agents(reload, fresh);
    return fresh ? 0 : -1;
}

static void review(struct reload *reload) {
    struct server *server = reload->server;
    time_t now = clock_wall();

    reload->review_at =
        revocation_review(&server->policy, server->sessions, server->registry, now, &reload->trust_is_new);
    reload->review_due_us = clock_us() + (uint64_t)(reload->review_at - now) * 1000000;
}

/* --- checking --- */

static void log_read(const struct reload *reload, const struct set *set) {
    struct server *server = reload->server;
    size_t count = server->policy.credentials ? credentials_count(server->policy.credentials) : 0;

    if (set == &reload->agents)
        log_write(server->log, LOG_LEVEL_INFO, "server", "agents file reloaded, %zu credential%s", count,
                  count == 1 ? "" : "s");
    else
        log_write(server->log, LOG_LEVEL_INFO, "server", "certificates reloaded; the server's expires in %ld days",
                  tls_days_left(server->policy.tls));
}

static enum event_kind kind_of(const struct reload *reload, const struct set *set) {
    return set == &reload->certificates ? EVENT_KIND_CERTIFICATE : EVENT_KIND_SERVER;
}

static void reload_set(struct reload *reload, struct set *set, bool may_retry) {
    struct error error;

    if (set->read(reload, &error) == 0) {
        set->must_retry = false;
        recent_events_add(reload->server->events, kind_of(reload, set), EVENT_INFO, "server", "read again", set->what);
        log_read(reload, set);
        review(reload);
        /* The credentials have changed: failures counted so far may be outdated. */
        agent_listener_reset_penalties(reload->server->agent_listener);
        return;
    }
    set->must_retry = may_retry;
    server_name_file(reload->server->conf, NULL, &error);
    if (may_retry)
        return;
    log_write(reload->server->log, LOG_LEVEL_ERROR, "server", "cannot reload %s, keeping those in use: %s", set->what,
              error.text);
    recent_events_add(reload->server->events, kind_of(reload, set), EVENT_ERROR, "server",
                      "cannot be read again, those in use are kept", error.text);
}

static void check(struct reload *reload, struct set *set) {
    if (!set->watch)
        return;
    bool changed = file_watch_has_changed(set->watch);
    if (changed || set->must_retry)
        reload_set(reload, set, changed);
}

void reload_check(struct reload *reload) {
    check(reload, &reload->certificates);
    check(reload, &reload->agents);
    check_expiry(reload);
    if (clock_wall() >= reload->review_at || clock_us() >= reload->review_due_us)
        review(reload);
}

bool reload_agents(struct reload *reload) {
    struct set *set = &reload->agents;

    if (!set->watch || set->must_retry || !file_watch_has_changed(set->watch))
        return false;
    reload_set(reload, set, true);
    return !set->must_retry;
}

static void on_check(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    reload_check(context);
}

/* --- SIGHUP --- */

/* Both are made before the files are read, so that no change is missed. 0, or -1 when out of memory. */
static int watch_files(const struct server_config *conf, struct file_watch **certificates, struct file_watch **agents) {
    const char *const keys[] = {conf->agents.certificate, conf->agents.key, conf->agents.client_ca, conf->agents.crl};
    const char *const tokens[] = {conf->agents.tokens};

    *certificates = file_watch_new(keys, sizeof keys / sizeof *keys);
    *agents = conf->agents.auth_none ? NULL : file_watch_new(tokens, 1);
    return *certificates && (*agents || conf->agents.auth_none) ? 0 : -1;
}

struct fresh { /* what a reload has read, until all of it is in force */
    struct server_config *conf;
    struct reconfigure *change;
    SSL_CTX *tls;
    struct credentials *credentials; /* NULL too if none are needed */
    struct file_watch *certificates, *agents;
};

static void discard(struct fresh *fresh) {
    reconfigure_free(fresh->change);
    SSL_CTX_free(fresh->tls);
    credentials_free(fresh->credentials);
    file_watch_free(fresh->certificates);
    file_watch_free(fresh->agents);
    server_config_free(fresh->conf);
}

static int read_files(struct fresh *fresh, struct option_fault *fault, struct error *error) {
    bool needs_agents = !fresh->conf->agents.auth_none;

    if (watch_files(fresh->conf, &fresh->certificates, &fresh->agents))
        return error_set(error, "out of memory");
    fresh->tls = make_tls(fresh->conf, error);
    if (fresh->tls && needs_agents)
        fresh->credentials = credentials_read(fresh->conf->agents.tokens, error);
    if (fresh->tls && (fresh->credentials || !needs_agents))
        return 0;
    server_name_file(fresh->conf, fault, error);
    return -1;
}

static int read_all(const struct reload *reload, struct fresh *fresh, struct option_fault *fault, struct error *error) {
    struct server *server = reload->server;

    fresh->conf = server->read_config ? server->read_config(server->read_context, NULL, fault, error)
                                      : server_config_hold(server->conf);
    if (!fresh->conf || read_files(fresh, fault, error))
        return -1;
    fresh->change = reconfigure_prepare(server, fresh->conf, fault, error);
    return fresh->change ? 0 : -1;
}

static void replace_watch(struct set *set, struct file_watch **fresh) {
    file_watch_free(set->watch);
    set->watch = *fresh;
    set->must_retry = false;
    *fresh = NULL;
}

void reload_warn_of_agents(const struct reload *reload) {
    const struct server *server = reload->server;

    if (!server->policy.credentials)
        log_write(server->log, LOG_LEVEL_WARNING, "server",
                  "\"auth\": \"none\": any peer that reaches the agent port can join and take clients");
    else if (!credentials_count(server->policy.credentials))
        log_write(server->log, LOG_LEVEL_WARNING, "server", "%s has no agent: none can join",
                  server->conf->agents.tokens);
}

static void use_all(struct reload *reload, struct fresh *fresh) {
    reconfigure_apply(fresh->change);
    replace_watch(&reload->certificates, &fresh->certificates);
    replace_watch(&reload->agents, &fresh->agents);
    use_certificates(reload, fresh->tls);
    use_agents(reload, fresh->credentials);
    fresh->tls = NULL;
    fresh->credentials = NULL;
    log_read(reload, &reload->certificates);
    if (reload->agents.watch)
        log_read(reload, &reload->agents);
    reload_warn_of_agents(reload);
    review(reload);
    agent_listener_reset_penalties(reload->server->agent_listener);
}

static void log_failure(const struct server *server, const struct option_fault *fault, const struct error *error) {
    char place[OPTION_FILE_SIZE + 32] = "";

    if (fault->line)
        snprintf(place, sizeof place, "%s:%u:%u", fault->file, fault->line, fault->column);
    log_event(server->log, LOG_LEVEL_ERROR, "server", "reload refused, everything stays as it is",
              !*fault->pointer ? LOG_FIELDS(LOG_TEXT("detail", error->text))
              : !*place        ? LOG_FIELDS(LOG_TEXT("detail", error->text), LOG_TEXT("pointer", fault->pointer))
                               : LOG_FIELDS(LOG_TEXT("detail", error->text), LOG_TEXT("place", place),
                                            LOG_TEXT("pointer", fault->pointer)));
}

static void reload_all(struct reload *reload) {
    struct fresh fresh = {.conf = NULL};
    struct option_fault fault = {.line = 0};
    struct error error = {"out of memory"};

    if (read_all(reload, &fresh, &fault, &error) == 0)
        use_all(reload, &fresh);
    else
        log_failure(reload->server, &fault, &error);
    discard(&fresh);
}

static void on_request(evutil_socket_t fd, short what, void *context) {
    struct reload *reload = context;
    struct server *server = reload->server;

    (void)fd;
    (void)what;
    if (server->stopping)
        return;
    reload->reloaded_ms = clock_ms();
    service_manager_reloading(server->service_manager);
    log_reopen(server->log);
    log_write(server->log, LOG_LEVEL_INFO, "server", "reloading the configuration, certificates and the agents file");
    reload_all(reload);
    service_manager_ready(server->service_manager);
}

void reload_request(struct reload *reload) {
    uint64_t now_ms = clock_ms();
    uint64_t free_ms = reload->reloaded_ms ? reload->reloaded_ms + REQUEST_INTERVAL_MS : 0;
    uint64_t wait_ms = free_ms > now_ms ? free_ms - now_ms : 0;
    struct timeval wait = {(time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000)};

    if (!event_pending(reload->request, EV_TIMEOUT, NULL) && event_add(reload->request, &wait))
        event_active(reload->request, EV_TIMEOUT, 0); /* no memory for a timer: at once, rather than never */
}

/* --- from start to end --- */

static bool make_watches(struct reload *reload) {
    reload->certificates = (struct set){.what = "the certificates", .read = read_certificates};
    reload->agents = (struct set){.what = "the agents file", .read = read_agents};
    return watch_files(reload->server->conf, &reload->certificates.watch, &reload->agents.watch) == 0;
}

struct reload *reload_new(struct server *server) {
    struct reload *reload = calloc(1, sizeof *reload);

    if (!reload)
        return NULL;
    reload->server = server;
    reload->check = event_new(loop_base(server->loop), -1, EV_PERSIST, on_check, reload);
    reload->request = evtimer_new(loop_base(server->loop), on_request, reload);
    if (reload->check && reload->request && make_watches(reload))
        return reload;
    reload_free(reload);
    return NULL;
}

void reload_free(struct reload *reload) {
    if (!reload)
        return;
    file_watch_free(reload->certificates.watch);
    file_watch_free(reload->agents.watch);
    if (reload->check)
        event_free(reload->check);
    if (reload->request)
        event_free(reload->request);
    free(reload);
}

int reload_first(struct reload *reload, struct error *error) {
    if (read_certificates(reload, error) || (reload->agents.watch && read_agents(reload, error))) {
        server_name_file(reload->server->conf, NULL, error);
        return -1;
    }
    review(reload);
    return 0;
}

int reload_open(struct reload *reload, struct error *error) {
    static const struct timeval every = {CHECK_MS / 1000, CHECK_MS % 1000 * 1000};

    if (file_watch_check_readable(reload->certificates.watch, error) ||
        (reload->agents.watch && file_watch_check_readable(reload->agents.watch, error)))
        return -1;
    return event_add(reload->check, &every) ? error_set(error, "out of memory") : 0;
}
