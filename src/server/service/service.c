/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service: see service.h. Here a service is made and freed.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "conf/shared_listen.h"
#include "lib/base/clock.h"
#include "relay/http_guard.h"
#include "server/service/service_tls.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACCEPTS_PER_TURN = 64, LINES_A_MINUTE = 10 };

struct service_terms *service_make_terms(const struct service_config *conf, uint32_t id, struct service_counts *counts,
                                         struct bandwidth *bandwidth) {
    return service_terms_new(
        &(struct service_terms_plan){.service = conf->name,
                                     .destination = conf->connect.count > 0 ? conf->connect.items[0] : "",
                                     .id = id,
                                     .idle_timeout_s = server_config_idle_s(conf),
                                     .answer_timeout_s = conf->answer_timeout_s,
                                     .reply_factor = conf->reply_factor,
                                     .half_close_timeout_s = conf->half_close_timeout_s,
                                     .sends_tlvs = conf->proxy_protocol == PROXY_V2,
                                     .counts = counts,
                                     .bandwidth = bandwidth});
}

struct bandwidth_limits service_limits(const struct service_config *conf) {
    return (struct bandwidth_limits){conf->bandwidth.in, conf->bandwidth.out, conf->bandwidth.burst};
}

struct listener_options service_listener_options(struct service *service, const struct service_options *options) {
    return (struct listener_options){.base = options->base,
                                     .log = options->log,
                                     .who = service->who,
                                     .keepalive = {.idle_s = options->conf->keepalive_idle_s,
                                                   .interval_s = options->conf->keepalive_interval_s,
                                                   .probes = options->conf->keepalive_probes},
                                     .backlog = options->conf->backlog,
                                     .freebind = options->conf->freebind,
                                     .interface = options->conf->interface,
                                     .rst_on_close = true,
                                     .owner = options->conf->socket_owner,
                                     .mode = (unsigned)strtoul(options->conf->socket_mode, NULL, 8),
                                     .passed = options->passed,
                                     .accepts_per_turn = ACCEPTS_PER_TURN,
                                     .plane = options->conf->protocol == SERVICE_UDP ? options->plane : NULL,
                                     .terms = service->next ? service->next->terms : service->terms,
                                     .on_flow = service_on_flow,
                                     .has_room = service_has_room,
                                     .on_accept = service_on_accept,
                                     .context = service};
}

struct listener_group *service_prepare_listeners(struct service *service, const struct service_options *options,
                                                 struct error *error) {
    const struct listener_options listening = service_listener_options(service, options);

    struct strlist own = {.count = 0};
    struct listener_group *listeners = NULL;

    if (shared_listen_own_of(options->config, options->conf, &own))
        error_set(error, "out of memory");
    else
        listeners = listener_group_prepare(&listening, &own, &options->donors, error);
    strlist_done(&own);
    return listeners;
}

bool service_make_tls(const struct service *service, const struct service_options *options, struct service_tls **tls,
                      struct error *error) {
    const struct service_tls_watch to = {service->who, options->log, options->events};

    *tls = NULL;
    if (!options->conf->tls.certificates.count)
        return true;
    *tls = service_tls_take(options->tls, options->conf, error);
    if (!*tls && options->kept_tls)
        *tls = service_tls_new_kept(options->conf, options->kept_tls, error, &to);
    return *tls;
}

struct service *service_new(const struct service_options *options, struct error *error) {
    const struct service_config *conf = options->conf;
    const struct bandwidth_limits limits = service_limits(conf);
    struct service *service = calloc(1, sizeof *service);

    if (!service) {
        error_set(error, "out of memory");
        return NULL;
    }
    service->options = *options;
    service->id = options->id;
    service->since_us = clock_us();
    service->conf = conf;
    service->needs = service_needs_of(conf);
    server_config_hold(options->config);
    TAILQ_INIT(&service->queue.clients);
    service->refusals.a_minute = service->failed_handshakes.a_minute = LINES_A_MINUTE;
    service->refused_requests.a_minute = LINES_A_MINUTE;
    snprintf(service->who, sizeof service->who, "service %s", conf->name);
    service->balance = balance_new(conf->balance);
    service->counts = service_counts_new(options->threads);
    service->bandwidth = bandwidth_new(&limits);
    if (service->counts && service->bandwidth)
        service->terms = service_make_terms(conf, options->id, service->counts, service->bandwidth);
    service->access = access_new(conf, error);
    service_init_port(service);
    bool failed = acl_read(&service->balancers, &conf->accept_proxy, error);
    service_settle_port(service);
    bool has_tls = service_make_tls(service, options, &service->tls, error);
    if (!service->balance || !service->terms)
        error_set(error, "out of memory");
    else if (service->access && !failed && has_tls)
        service->listeners = service_prepare_listeners(service, options, error);
    if (service->listeners) {
        service->part = service_counts_part(service->counts, options->threads);
        return service;
    }
    service_free(service);
    return NULL;
}

void service_shut(struct service *service) {
    inspect_drop(service->options.inspect, &service->port);
    listener_group_free(service->listeners);
    service->listeners = NULL;
    service->is_shut = true;
    service->should_be_open = service->is_open = false;
}

bool service_is_shut(const struct service *service) {
    return service->is_shut;
}

bool service_is_over(const struct service *service) {
    return service->is_shut && !service->live;
}

void service_free(struct service *service) {
    if (!service)
        return;
    service_finish_probe(service, NULL);
    listener_group_free(service->listeners);
    inspect_drop(service->options.inspect, &service->port);
    acl_free(service->balancers);
    balance_free(service->balance);
    free(service->refusing);
    access_free(service->access);
    service_tls_free(service->tls);
    if (service->terms)
        service_terms_release(service->terms);
    service_counts_release(service->counts);
    bandwidth_release(service->bandwidth);
    server_config_free(service->options.config);
    free(service);
}

static void check_tls(struct service *service) {
    const struct service_tls_watch to = {service->who, service->options.log, service->options.events};

    if (service->tls && !service->is_shut)
        service_tls_check(service->tls, service->conf, &to);
}

SSL_CTX *service_tls_in_use(const struct service *service) {
    return service->tls ? service_tls_context(service->tls) : NULL;
}

int service_check_readable(const struct service *service, struct error *error) {
    return service->tls ? service_tls_check_readable(service->tls, error) : 0;
}

void service_note_handshake(struct service *service, const struct client *client) {
    service->handshakes[client->tls_result]++;
    if (client->tls_result != CLIENT_TLS_DONE)
        log_throttle_event(&service->failed_handshakes, service->options.log, LOG_LEVEL_WARNING, service->who,
                           "TLS handshake failed", client->detail, &client->peer);
}

void service_tick(struct service *service) {
    log_throttle_flush(&service->refusals, service->options.log);
    log_throttle_flush(&service->failed_handshakes, service->options.log);
    log_throttle_flush(&service->refused_requests, service->options.log);
    service_note_refusals(service);
    service_note_failed_handshakes(service);
    access_tick(service->access, clock_us());
    check_tls(service);
    if (service->should_be_open && !service->is_open)
        service_listen(service);
}

const struct service_config *service_config(const struct service *service) {
    return service->conf;
}

uint32_t service_id(const struct service *service) {
    return service->id;
}

const struct addr *service_addr(const struct service *service) {
    const struct addr *own = service->listeners ? listener_group_addr(service->listeners) : NULL;

    return own || !service->shared_addr.length || service->is_shut ? own : &service->shared_addr;
}

struct listener_group *service_listeners(const struct service *service) {
    return service->listeners;
}

struct service_counts *service_counts(const struct service *service) {
    return service->counts;
}

static void note_refused_request(struct service *service, const struct client *client) {
    enum http_guard_refusal refusal = client->guard ? http_guard_refusal(client->guard) : HTTP_GUARD_NOTHING;

    if (refusal == HTTP_GUARD_NOTHING)
        return;
    service->misdirected += refusal == HTTP_GUARD_MISDIRECTED;
    service->malformed += refusal == HTTP_GUARD_MALFORMED;
    log_throttle_event(&service->refused_requests, service->options.log, LOG_LEVEL_WARNING, service->who,
                       "request refused", http_guard_detail(client->guard), &client->peer);
}

void service_client_left(struct service *service, const struct client *client) {
    note_refused_request(service, client);
    if (client->is_check)
        service_finish_probe(service, client);
    else if (service->probe.on_other)
        service->probe.on_other(service->probe.context, client);
    if (client->is_counted)
        access_left(service->access, client->visitor ? &client->visitor->address : &client->peer);
    service->live--;
}
