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

#include "conf/server_check.h"
#include "lib/base/clock.h"
#include "lib/event/file_watch.h"
#include "lib/event/service_manager.h"
#include "lib/tls/cert_expiry.h"
#include "lib/tls/tls.h"
#include "server/auth/revocation.h"
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

static SSL_CTX *make_tls(const struct server *server, struct error *error) {
    struct tls_server_options options = server_tls_options(server->conf);

    return tls_server_context(&options, error);
}

static void check_expiry(struct reload *reload) {
    char what[512];

    snprintf(what, sizeof what, "the certificate %s", reload->server->conf->agents.certificate);
    cert_expiry_check(&reload->expiry, reload->server->log, "server", what, reload->server->policy.tls);
}

static int read_certificates(struct reload *reload, struct error *error) {
    struct server *server = reload->server;
    SSL_CTX *fresh = make_tls(server, error);

    if (!fresh)
        return -1;
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
    return 0;
}

static int read_agents(struct reload *reload, struct error *error) {
    struct server *server = reload->server;
    struct credentials *fresh = credentials_read(server->conf->agents.tokens, error);

    if (!fresh)
        return -1;
    credentials_free(server->policy.credentials);
    server->policy.credentials = fresh;
    return 0;
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

static void reload_set(struct reload *reload, struct set *set, bool may_retry) {
    struct error error;

    if (set->read(reload, &error) == 0) {
        set->must_retry = false;
        log_read(reload, set);
        review(reload);
        /* The credentials have changed: failures counted so far may be outdated. */
        agent_listener_reset_penalties(reload->server->agent_listener);
        return;
    }
    set->must_retry = may_retry;
    server_name_file(reload->server->conf, &error);
    if (!may_retry)
        log_write(reload->server->log, LOG_LEVEL_ERROR, "server", "cannot reload %s, keeping those in use: %s",
                  set->what, error.text);
}

static void check(struct reload *reload, struct set *set, bool is_requested) {
    if (!set->watch)
        return;
    bool changed = file_watch_has_changed(set->watch);
    if (changed || set->must_retry || is_requested)
        reload_set(reload, set, changed && !is_requested);
}

void reload_check(struct reload *reload) {
    check(reload, &reload->certificates, false);
    check(reload, &reload->agents, false);
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

static void on_request(evutil_socket_t fd, short what, void *context) {
    struct reload *reload = context;
    struct server *server = reload->server;

    (void)fd;
    (void)what;
    reload->reloaded_ms = clock_ms();
    service_manager_reloading(server->service_manager);
    log_reopen(server->log);
    log_write(server->log, LOG_LEVEL_INFO, "server",
              "reloading certificates and the agents file; %s itself is read only at start",
              server->conf->path ? server->conf->path : "the command line");
    check(reload, &reload->certificates, true);
    check(reload, &reload->agents, true);
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
    const struct server_config *conf = reload->server->conf;
    const char *const certificates[] = {conf->agents.certificate, conf->agents.key, conf->agents.client_ca,
                                        conf->agents.crl};
    const char *const agents[] = {conf->agents.tokens};

    reload->certificates =
        (struct set){.what = "the certificates", .read = read_certificates, .watch = file_watch_new(certificates, 4)};
    reload->agents = (struct set){.what = "the agents file", .read = read_agents};
    if (!conf->agents.auth_none)
        reload->agents.watch = file_watch_new(agents, 1);
    return reload->certificates.watch && (reload->agents.watch || conf->agents.auth_none);
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
        server_name_file(reload->server->conf, error);
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
