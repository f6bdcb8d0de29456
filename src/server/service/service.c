/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service: see service.h. Here a service is made and freed, and its clients come and go.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "server/service/client_table.h"

#include <stdio.h>
#include <stdlib.h>

enum { ACCEPTS_PER_TURN = 64, LINES_A_MINUTE = 10 };

static void refuse_client(struct service *service, evutil_socket_t fd, const struct addr *peer,
                          enum access_verdict verdict) {
    sock_close_reset(fd);
    service->refused[verdict]++;
    log_throttle_event(&service->refusals, service->options.log, LOG_LEVEL_WARNING, service->who, "client refused",
                       access_verdict_detail(verdict), peer);
}

static enum access_verdict judge(struct service *service, const struct addr *peer) {
    if (service->conf->max_clients && service->live >= service->conf->max_clients)
        return ACCESS_MAX_CLIENTS;
    return access_judge(service->access, peer, clock_us());
}

/* A listener of all addresses does not have it. */
static struct open_address address_reached(evutil_socket_t fd, const struct addr *listening) {
    struct addr here;

    sock_local_addr(fd, &here);
    return open_address_of(here.length ? &here : listening);
}

static void on_accept(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local) {
    struct service *service = context;
    bool is_check = service_is_probe(service, fd, peer);
    enum access_verdict verdict = is_check ? ACCESS_ADMITTED : judge(service, peer);

    if (verdict != ACCESS_ADMITTED) {
        refuse_client(service, fd, peer, verdict);
        return;
    }
    bool is_counted = !is_check && access_counts(service->access);
    struct client *client = client_table_take(service->options.clients, fd, peer, service->terms);
    if (!client) {
        if (is_counted)
            access_left(service->access, peer);
        refuse_client(service, fd, peer, ACCESS_MEMORY);
        return;
    }
    client->service = service;
    client->is_counted = is_counted;
    client->local = service->conf->proxy_protocol ? address_reached(fd, local) : open_address_of(local);
    service->live++;
    counter_add(&service->part->accepted, 1);
    if (is_check)
        service_note_probe(service, client);
    service->options.on_client(service->options.context, client);
}

static bool has_room(void *context) {
    struct service *service = context;

    return client_table_has_room(service->options.clients);
}

struct service_terms *service_make_terms(const struct service_config *conf, uint32_t id,
                                         struct service_counts *counts) {
    return service_terms_new(
        &(struct service_terms_plan){.service = conf->name,
                                     .destination = conf->connect.count > 0 ? conf->connect.items[0] : "",
                                     .id = id,
                                     .idle_timeout_s = conf->idle_timeout_s,
                                     .half_close_timeout_s = conf->half_close_timeout_s,
                                     .sends_tlvs = conf->proxy_protocol == PROXY_V2,
                                     .counts = counts});
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
                                     .has_room = has_room,
                                     .on_accept = on_accept,
                                     .context = service};
}

struct listener_group *service_prepare_listeners(struct service *service, const struct service_options *options,
                                                 struct error *error) {
    const struct listener_options listening = service_listener_options(service, options);

    return listener_group_prepare(&listening, &options->conf->listen, &options->donors, error);
}

struct service *service_new(const struct service_options *options, struct error *error) {
    const struct service_config *conf = options->conf;
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
    service->refusals.a_minute = LINES_A_MINUTE;
    snprintf(service->who, sizeof service->who, "service %s", conf->name);
    service->balance = balance_new(conf->balance);
    service->counts = service_counts_new(options->threads);
    service->terms = service->counts ? service_make_terms(conf, options->id, service->counts) : NULL;
    service->access = access_new(conf, error);
    if (!service->balance || !service->terms)
        error_set(error, "out of memory");
    else if (service->access)
        service->listeners = service_prepare_listeners(service, options, error);
    if (service->listeners) {
        service->part = service_counts_part(service->counts, options->threads);
        return service;
    }
    service_free(service);
    return NULL;
}

void service_shut(struct service *service) {
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
    balance_free(service->balance);
    free(service->refusing);
    access_free(service->access);
    if (service->terms)
        service_terms_release(service->terms);
    service_counts_release(service->counts);
    server_config_free(service->options.config);
    free(service);
}

void service_tick(struct service *service) {
    log_throttle_flush(&service->refusals, service->options.log);
    service_note_refusals(service);
    access_tick(service->access, clock_us());
    if (service->should_be_open && !service->is_open)
        service_listen(service);
}

const struct service_config *service_config(const struct service *service) {
    return service->conf;
}

uint32_t service_id(const struct service *service) {
    return service->id;
}

struct listener_group *service_listeners(const struct service *service) {
    return service->listeners;
}

struct service_counts *service_counts(const struct service *service) {
    return service->counts;
}

void service_client_left(struct service *service, const struct client *client) {
    if (client->is_check)
        service_finish_probe(service, client);
    if (client->is_counted)
        access_left(service->access, &client->peer);
    service->live--;
}
