/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener_life: the agent port is made, changed by a reload, and freed.
 *
 * Runs on: the control thread. Owns: nothing of its own; see agent_listener.h.
 */
#include "config.h"

#include "server/auth/agent_listener_priv.h"

#include "lib/net/sock.h"
#include "server/auth/penalty_box.h"
#include "server/service/listener_group.h"

#include <stdlib.h>

enum { ACCEPTS_PER_TURN = 32, LINES_A_MINUTE = 10, PENALTY_FORGOTTEN_S = 600 };

static bool has_room(void *context) {
    (void)context;
    return true; /* on_accept makes room */
}

static void settle_inspected(struct agent_listener *listener) {
    listener->inspected = (struct inspect_port){.balancers = listener->balancers,
                                                .deadline_s = listener->options.limits.deadline_s,
                                                .on_known = agent_listener_on_known,
                                                .on_failed = agent_listener_on_failed,
                                                .context = listener};
}

static void init_throttles(struct agent_listener *listener) {
    for (int kind = 0; kind < SNIFF_COUNT; kind++)
        listener->not_tls[kind].a_minute = LINES_A_MINUTE;
    listener->silent.a_minute = listener->full.a_minute = listener->blocked.a_minute = LINES_A_MINUTE;
    listener->balancer.a_minute = LINES_A_MINUTE;
}

void agent_listener_tick(struct agent_listener *listener) {
    for (int kind = 0; kind < SNIFF_COUNT; kind++)
        log_throttle_flush(&listener->not_tls[kind], listener->options.log);
    log_throttle_flush(&listener->silent, listener->options.log);
    log_throttle_flush(&listener->full, listener->options.log);
    log_throttle_flush(&listener->blocked, listener->options.log);
    log_throttle_flush(&listener->balancer, listener->options.log);
}

static struct agent_listener *allocate(const struct agent_listener_options *options) {
    const struct penalty_terms terms = {.longest_s = options->limits.penalty_s, .forgotten_s = PENALTY_FORGOTTEN_S};
    struct agent_listener *listener = calloc(1, sizeof *listener);

    if (!listener)
        return NULL;
    listener->penalties = penalty_box_new(&terms);
    if (listener->penalties)
        return listener;
    free(listener);
    return NULL;
}

static struct listener_group *prepare_listeners(struct agent_listener *listener, const struct agent_port *port,
                                                const struct listener_donors *donors, struct error *error) {
    struct listener_options listening = {.base = listener->options.base,
                                         .log = listener->options.log,
                                         .who = AGENT_PORT_WHO,
                                         .keepalive = sock_keepalive_link,
                                         .backlog = SOCK_BACKLOG,
                                         .freebind = port->freebind,
                                         .interface = port->interface,
                                         .passed = listener->options.passed,
                                         .accepts_per_turn = ACCEPTS_PER_TURN,
                                         .has_room = has_room,
                                         .on_accept = agent_listener_on_accept,
                                         .context = listener};

    return listener_group_prepare(&listening, port->listen, donors, error);
}

struct agent_listener *agent_listener_new(const struct agent_listener_options *options, struct error *error) {
    struct agent_listener *listener = allocate(options);

    if (!listener) {
        error_set(error, "out of memory");
        return NULL;
    }
    listener->options = *options;
    init_throttles(listener);
    SSL_CTX_up_ref(options->tls);
    preauth_table_init(&listener->preauth, options->base, agent_listener_on_readable, listener);
    if (acl_read(&listener->balancers, options->accept_proxy, error) == 0)
        listener->listeners = prepare_listeners(listener, &options->port, &(struct listener_donors){.count = 0}, error);
    settle_inspected(listener);
    listener->options.port = (struct agent_port){.listen = NULL};
    listener->options.accept_proxy = NULL;
    if (listener->listeners)
        return listener;
    agent_listener_free(listener);
    return NULL;
}

int agent_listener_open(struct agent_listener *listener, struct error *error) {
    if (listener_group_open(listener->listeners, error))
        return -1;
    listener_group_log(listener->listeners, "listening for agents on");
    return 0;
}

void agent_listener_set_limits(struct agent_listener *listener, const struct agent_limits *limits) {
    listener->options.limits = *limits;
    penalty_box_set_longest(listener->penalties, limits->penalty_s);
    settle_inspected(listener);
}

/* --- reload --- */

int agent_listener_prepare(struct agent_listener *listener, const struct agent_port *port,
                           const struct listener_donors *donors, struct error *error) {
    listener->next = prepare_listeners(listener, port, donors, error);
    return listener->next ? 0 : -1;
}

int agent_listener_prepare_balancers(struct agent_listener *listener, const struct strlist *accept_proxy,
                                     struct error *error) {
    return acl_read(&listener->next_balancers, accept_proxy, error);
}

void agent_listener_apply(struct agent_listener *listener) {
    struct listener_group *before = listener->listeners;
    struct acl *balancers = listener->balancers;

    listener->balancers = listener->next_balancers;
    listener->next_balancers = balancers;
    settle_inspected(listener);
    if (!listener->next)
        return;
    listener_group_commit(listener->next);
    listener->listeners = listener->next;
    listener->next = before; /* closed by agent_listener_discard */
}

void agent_listener_discard(struct agent_listener *listener) {
    listener_group_free(listener->next);
    acl_free(listener->next_balancers);
    listener->next = NULL;
    listener->next_balancers = NULL;
}

struct listener_group *agent_listener_group(const struct agent_listener *listener) {
    return listener->listeners;
}

void agent_listener_set_tls(struct agent_listener *listener, SSL_CTX *tls) {
    SSL_CTX_up_ref(tls);
    SSL_CTX_free(listener->options.tls);
    listener->options.tls = tls;
}

void agent_listener_shut(struct agent_listener *listener) {
    listener_group_free(listener->listeners);
    listener->listeners = NULL;
    inspect_drop(listener->options.inspect, &listener->inspected);
    preauth_table_remove_waiting(&listener->preauth);
}

void agent_listener_free(struct agent_listener *listener) {
    if (!listener)
        return;
    agent_listener_shut(listener);
    preauth_table_done(&listener->preauth);
    SSL_CTX_free(listener->options.tls);
    penalty_box_free(listener->penalties);
    acl_free(listener->balancers);
    free(listener);
}
