/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service: see service.h.
 * Runs on: the control thread. Owns: its listeners, terms, agents' table.
 * States of its ports: bound <-> open -> shut. With no_agent "close" they are open only while there is an agent.
 */
#include "config.h"

#include "server/service.h"

#include "lib/clock.h"
#include "lib/sock.h"
#include "server/admission.h"
#include "server/complain.h"
#include "server/dispatch.h"
#include "server/listeners.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACCEPTS_PER_TURN = 64, LINES_A_MINUTE = 10 };

struct service {
    struct server *server;
    const struct service_conf *conf;
    struct terms *terms;
    struct balance *balance;
    struct admission *admission;
    struct listeners *listeners;
    struct pending pending;
    size_t live;
    bool should_be_open, is_open, is_shut;
    struct complaint complaint;
    struct log_limit open_lines;
    char who[80];
};

static void service_turn_away(struct service *service, int fd, const struct addr *peer, const char *why) {
    sock_close_reset(fd);
    service->server->clients_refused++;
    complain(&service->complaint, service->server->log, LOG_LEVEL_WARNING, service->who, "client turned away", why,
             peer);
}

static const char *service_refuses(struct service *service, const struct addr *peer) {
    if (service->conf->max_clients && service->live >= service->conf->max_clients)
        return "as many clients as max_clients allows";
    return admission_refuses(service->admission, peer, clock_us());
}

static void on_accept(void *context, int fd, const struct addr *peer) {
    struct service *service = context;
    const char *why = service_refuses(service, peer);

    if (why) {
        service_turn_away(service, fd, peer, why);
        return;
    }
    struct client *client = clients_take(service->server->clients, fd, peer, service->terms);
    if (!client) {
        admission_left(service->admission, peer);
        service_turn_away(service, fd, peer, "out of memory");
        return;
    }
    client->place = service;
    service->live++;
    dispatch_client(service->server, client);
}

static bool has_room(void *context) {
    struct service *service = context;

    return clients_have_room(service->server->clients);
}

static struct terms *service_terms(const struct service_conf *conf) {
    return terms_new(&(struct terms_plan){.service = conf->name,
                                          .connect = conf->connect.items,
                                          .connect_count = conf->connect.count,
                                          .listen = conf->listen.items,
                                          .listen_count = conf->listen.count,
                                          .idle_timeout_s = conf->idle_timeout_s,
                                          .half_close_timeout_s = conf->half_close_timeout_s});
}

struct service *service_new(struct server *server, const struct service_conf *conf, struct error *error) {
    struct service *service = calloc(1, sizeof *service);

    if (!service) {
        error_set(error, "out of memory");
        return NULL;
    }
    service->server = server;
    service->conf = conf;
    service->complaint.a_minute = LINES_A_MINUTE;
    snprintf(service->who, sizeof service->who, "service %s", conf->name);
    service->balance = balance_new(conf->balance);
    service->terms = service_terms(conf);
    struct listener_options listening = {.base = loop_base(server->loop),
                                         .log = server->log,
                                         .who = service->who,
                                         .keepalive = SOCK_KEEPALIVE_PLAIN,
                                         .cuts_by_itself = true,
                                         .owner = conf->socket_owner,
                                         .mode = (unsigned)strtoul(conf->socket_mode, NULL, 8),
                                         .accepts_per_turn = ACCEPTS_PER_TURN,
                                         .has_room = has_room,
                                         .on_accept = on_accept,
                                         .context = service};
    service->admission = admission_new(conf, error);
    if (!service->balance || !service->terms)
        error_set(error, "out of memory");
    else if (service->admission)
        service->listeners = listeners_new(&listening, &conf->listen, error);
    if (service->listeners)
        return service;
    service_free(service);
    return NULL;
}

static int service_listen(struct service *service, struct error *error) {
    if (service->is_open || service->is_shut)
        return 0;
    service->should_be_open = true;
    if (listeners_open(service->listeners, error))
        return -1;
    service->is_open = true;
    listeners_log(service->listeners, "clients may connect to");
    return 0;
}

int service_open(struct service *service, struct error *error) {
    if (service->conf->no_agent == CONF_CLOSE && !balance_count(service->balance)) {
        listeners_log(service->listeners, "closed until there is an agent:");
        return 0;
    }
    return service_listen(service, error);
}

/* Opening again may fail when somebody has taken the port meanwhile; service_tick tries on. */
static void service_listen_or_complain(struct service *service) {
    struct error error;

    if (service_listen(service, &error) && log_limit_allows(&service->open_lines, 1, NULL))
        log_write(service->server->log, LOG_LEVEL_ERROR, service->who, "%s; trying on", error.text);
}

static void service_close(struct service *service) {
    if (!service->is_open)
        return;
    service->should_be_open = service->is_open = false;
    listeners_shut(service->listeners);
    log_write(service->server->log, LOG_LEVEL_WARNING, service->who, "closed until there is an agent");
}

void service_shut(struct service *service) {
    listeners_free(service->listeners);
    service->listeners = NULL;
    service->is_shut = true;
    service->should_be_open = service->is_open = false;
}

void service_free(struct service *service) {
    if (!service)
        return;
    listeners_free(service->listeners);
    balance_free(service->balance);
    admission_free(service->admission);
    if (service->terms)
        terms_release(service->terms);
    free(service);
}

void service_join(struct service *service, struct session *session) {
    if (!session_serves(session, &service->conf->groups))
        return;
    if (!balance_join(service->balance, session))
        log_write(service->server->log, LOG_LEVEL_ERROR, service->who, "does without %s: out of memory",
                  session_who(session));
    else if (service->conf->no_agent == CONF_CLOSE)
        service_listen_or_complain(service);
}

void service_leave(struct service *service, const struct session *session) {
    balance_leave(service->balance, session);
    if (service->conf->no_agent == CONF_CLOSE && !balance_count(service->balance))
        service_close(service);
}

void service_tick(struct service *service) {
    complain_catch_up(&service->complaint, service->server->log);
    admission_tick(service->admission, clock_us());
    if (service->should_be_open && !service->is_open)
        service_listen_or_complain(service);
}

const struct service_conf *service_conf(const struct service *service) {
    return service->conf;
}

const char *service_who(const struct service *service) {
    return service->who;
}

struct balance *service_balance(struct service *service) {
    return service->balance;
}

struct pending *service_pending(struct service *service) {
    return &service->pending;
}

void service_client_left(struct service *service, const struct client *client) {
    admission_left(service->admission, &client->peer);
    service->live--;
}
