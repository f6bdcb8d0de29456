/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_change: a service by another configuration; see service.h.
 */
#include "config.h"

#include "conf/shared_listen.h"
#include "lib/base/clock.h"
#include "lib/base/strlist.h"
#include "server/service/access.h"
#include "server/service/service_priv.h"
#include "server/service/service_tls.h"

#include <stdlib.h>
#include <string.h>

/* Each listener stays where it is. */
static bool keeps_addresses(const struct service *service, const struct service_options *options) {
    const struct service_config *before = service->conf, *after = options->conf;
    bool keeps_interface = before->interface && after->interface ? strcmp(before->interface, after->interface) == 0
                                                                 : before->interface == after->interface;

    return keeps_interface && shared_listen_same_own_of(service->options.config, before, options->config, after);
}

/* What it has is read again by itself: files that are wrong at the moment do not keep other options from changing. */
static bool prepare_tls(const struct service *service, struct service_next *next, struct error *error) {
    next->keeps_tls = !service->is_shut && service_tls_is_same(service->conf, next->options.conf);
    return next->keeps_tls || service_make_tls(service, &next->options, &next->tls, error);
}

static bool make_next(struct service *service, struct service_next *next, struct error *error) {
    const struct service_config *conf = next->options.conf;

    next->terms = service_make_terms(conf, next->options.id, service->counts, service->bandwidth);
    next->balance = balance_new(conf->balance);
    next->access = access_new(conf, error);
    if (next->access && acl_read(&next->balancers, &conf->accept_proxy, error))
        return false;
    if (!next->terms || !next->balance) {
        error_set(error, "out of memory");
        return false;
    }
    if (!next->access || !prepare_tls(service, next, error))
        return false;
    if (service->listeners && keeps_addresses(service, &next->options)) {
        const struct listener_options listening = service_listener_options(service, &next->options);
        return listener_group_check_access(service->listeners, &listening, error) == 0;
    }
    next->listeners = service_prepare_listeners(service, &next->options, error);
    return next->listeners;
}

int service_prepare(struct service *service, const struct service_options *options, struct error *error) {
    struct service_next *next = service->next = calloc(1, sizeof *next);

    if (!next)
        return error_set(error, "out of memory");
    next->options = *options;
    server_config_hold(options->config);
    if (!options->id)
        next->options.id = service->id;
    return make_next(service, next, error) ? 0 : -1;
}

void service_discard(struct service *service) {
    struct service_next *next = service->next;

    service->next = NULL;
    if (!next)
        return;
    if (next->terms)
        service_terms_release(next->terms);
    balance_free(next->balance);
    access_free(next->access);
    acl_free(next->balancers);
    service_tls_free(next->tls);
    listener_group_free(next->listeners);
    server_config_free(next->options.config);
    free(next);
}

/* By a new id none of the agents has answered; announce.c asks them all. */
static void apply_agents(struct service *service, struct service_next *next) {
    struct balance *before = service->balance;

    if (next->options.id == service->id) {
        balance_take_over(next->balance, before);
    } else {
        if (!service->is_paused && balance_usable(before))
            service->since_us = clock_us();
        service->asked = service->refusing_count = 0;
        service->id = next->options.id;
    }
    service->balance = next->balance;
    next->balance = before;
}

static void apply_listeners(struct service *service, struct service_next *next) {
    const struct listener_options listening = service_listener_options(service, &next->options);
    struct listener_group *before = service->listeners;

    if (!next->listeners) {
        listener_group_hand_over(before, &listening);
        return;
    }
    listener_group_commit(next->listeners);
    service->listeners = next->listeners;
    next->listeners = before; /* what others have not taken of it is closed with `next` */
    service->is_open = false;
    if (!service->should_be_open)
        listener_group_shut(service->listeners);
}

static void apply_terms(struct service *service, struct service_next *next) {
    struct service_terms *terms = service->terms;
    struct access *access = service->access;
    struct acl *balancers = service->balancers;
    struct service_tls *tls = service->tls;
    struct server_config *config = service->options.config;
    const struct bandwidth_limits limits = service_limits(next->options.conf);

    bandwidth_set(service->bandwidth, &limits);
    access_take_over(next->access, access);
    service->terms = next->terms;
    service->access = next->access;
    service->balancers = next->balancers;
    if (!next->keeps_tls) {
        service->tls = next->tls;
        next->tls = tls;
    }
    service->conf = next->options.conf;
    service->needs = service_needs_of(service->conf);
    service->options = next->options;
    service_settle_port(service);
    next->terms = terms;
    next->access = access;
    next->balancers = balancers;
    next->options.config = config;
}

/* One that was removed has come back before its last client went. */
static void revive(struct service *service) {
    if (!service->is_shut)
        return;
    service->is_shut = service->is_paused = false;
    service->since_us = clock_us();
}

void service_apply(struct service *service) {
    struct service_next *next = service->next;

    if (!next) {
        listener_group_commit(service->listeners);
        return;
    }
    revive(service);
    apply_agents(service, next);
    apply_listeners(service, next);
    apply_terms(service, next); /* what was in force until now is in `next` */
}

void service_keep(struct service *service, const struct service_config *conf, struct server_config *config) {
    server_config_hold(config);
    server_config_free(service->options.config);
    service->options.config = config;
    service->options.conf = service->conf = conf;
}
