/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service: see service.h.
 * States of its ports: bound <-> open -> shut. With no_agent "close" they are open only while there is an agent.
 */
#include "config.h"

#include "server/service/service_priv.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "server/service/access.h"
#include "server/service/client_table.h"
#include "server/service/listener_group.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ACCEPTS_PER_TURN = 64, LINES_A_MINUTE = 10 };

#define PROBE_IS_OVER UINT64_MAX /* no client has this number */

static void refuse_client(struct service *service, int fd, const struct addr *peer, enum access_verdict verdict) {
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

/* ---- a check ---- */

static bool is_from(const struct service_probe *probe, int fd, const struct addr *peer) {
    struct open_address from = open_address_of(peer);

    if (addr_is_unix(peer))
        return probe->is_unix && sock_peer_process(fd) == getpid();
    return from.port && from.port == probe->from.port && memcmp(from.host, probe->from.host, sizeof from.host) == 0;
}

static bool is_probe(const struct service *service, int fd, const struct addr *peer) {
    return service->probe.on_end && !service->probed && is_from(&service->probe, fd, peer);
}

static void note_probe(struct service *service, struct client *client) {
    client->is_check = true;
    service->probed = client->number;
    service->probe.on_accept(service->probe.context);
}

bool service_begin_probe(struct service *service, const struct service_probe *probe) {
    if (service->probe.on_end)
        return false;
    service->probe = *probe;
    service->probed = 0;
    return true;
}

void service_end_probe(struct service *service) {
    service->probe = (struct service_probe){.on_end = NULL};
}

void service_probe_opened(struct service *service, const struct check_opened *opened) {
    if (service->probe.on_end && service->probed == opened->client->number)
        service->probe.on_opened(service->probe.context, opened);
}

/* `client` NULL: the service goes. */
static void finish_probe(struct service *service, const struct client *client) {
    struct service_probe probe = service->probe;

    if (!probe.on_end || (client && service->probed != client->number))
        return;
    service->probed = PROBE_IS_OVER;
    probe.on_end(probe.context, client);
}

/* ---- clients ---- */

static void on_accept(void *context, int fd, const struct addr *peer, const struct addr *local) {
    struct service *service = context;
    bool is_check = is_probe(service, fd, peer);
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
    client->local = open_address_of(local);
    service->live++;
    counter_add(&service->part->accepted, 1);
    if (is_check)
        note_probe(service, client);
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
                                     .counts = counts});
}

struct listener_options service_listener_options(struct service *service, const struct service_options *options) {
    return (struct listener_options){.base = options->base,
                                     .log = options->log,
                                     .who = service->who,
                                     .keepalive = SOCK_KEEPALIVE_PLAIN,
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

static int start_listening(struct service *service, struct error *error) {
    if (service->is_open || service->is_shut || service->is_paused)
        return 0;
    service->should_be_open = true;
    if (listener_group_open(service->listeners, error))
        return -1;
    service->is_open = true;
    listener_group_log(service->listeners, "listening for clients on");
    return 0;
}

int service_open(struct service *service, struct error *error) {
    if (service->is_paused) {
        listener_group_shut(service->listeners); /* they may be another service's, which listened */
        return 0;
    }
    if (service->conf->no_agent == CONFIG_CLOSE && !service->balance->count) {
        listener_group_log(service->listeners, "not listening until an agent is available:");
        listener_group_shut(service->listeners); /* those of the service manager, or of another service, may be open */
        return 0;
    }
    return start_listening(service, error);
}

/* Opening again fails with EADDRINUSE if another process has bound the port meanwhile; service_tick retries. */
static void start_listening_or_log(struct service *service) {
    struct error error;

    if (start_listening(service, &error) && log_limit_allows(&service->open_lines, 1, NULL))
        log_write(service->options.log, LOG_LEVEL_ERROR, service->who, "%s; retrying", error.text);
}

static void stop_listening(struct service *service, const char *why) {
    if (!service->should_be_open) /* it may be true without is_open: then some ports are open, or none */
        return;
    service->should_be_open = service->is_open = false;
    listener_group_shut(service->listeners);
    log_write(service->options.log, LOG_LEVEL_WARNING, service->who, "%s", why);
}

/* Not while an agent has yet to answer: the service may have changed, and its port should not close in between. */
static void close_without_agent(struct service *service) {
    if (service->conf->no_agent == CONFIG_CLOSE && !service->balance->count && !service->asked)
        stop_listening(service, "not listening until an agent is available");
}

void service_settle(struct service *service) {
    if (service->is_shut)
        return;
    if (service->conf->no_agent != CONFIG_CLOSE || service->balance->count)
        start_listening_or_log(service);
    else
        close_without_agent(service);
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
    finish_probe(service, NULL);
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

static void add_event(const struct service *service, enum event_severity severity, const char *text,
                      const char *detail) {
    recent_events_add(service->options.events, EVENT_KIND_SERVICE, severity, service->conf->name, text, detail);
}

void service_ask(struct service *service, const struct session *session) {
    service->asked += session_serves(session, &service->conf->groups);
}

void service_join(struct service *service, struct session *session) {
    service->asked--;
    if (!balance_join(service->balance, session)) {
        log_write(service->options.log, LOG_LEVEL_ERROR, service->who, "cannot use %s: out of memory",
                  session_who(session));
        return;
    }
    if (service->balance->count == 1 && !service->is_paused)
        service->since_us = clock_us();
    if (service->balance->count == 1)
        add_event(service, EVENT_INFO, "reachable by agent", session_label(session));
    if (service->conf->no_agent == CONFIG_CLOSE)
        start_listening_or_log(service);
}

bool service_pause(struct service *service, const char *by) {
    if (service->is_paused || service->is_shut)
        return false;
    service->is_paused = true;
    service->since_us = clock_us();
    strbuf_copy(service->paused_by, sizeof service->paused_by, by);
    stop_listening(service, "paused: not listening until it is resumed");
    add_event(service, EVENT_WARNING, "paused by", by);
    return true;
}

bool service_resume(struct service *service, const char *by) {
    if (!service->is_paused || service->is_shut)
        return false;
    service->is_paused = false;
    service->since_us = clock_us();
    if (service->conf->no_agent != CONFIG_CLOSE || service->balance->count)
        start_listening_or_log(service);
    add_event(service, EVENT_INFO, "resumed by", by);
    return true;
}

static bool has_room_for_refusal(struct service *service) {
    if (service->refusing_count < service->refusing_room)
        return true;
    size_t room = service->refusing_room ? 2 * service->refusing_room : 4;
    struct service_refusal *refusals = realloc(service->refusing, room * sizeof *refusals);
    if (!refusals)
        return false;
    service->refusing = refusals;
    service->refusing_room = room;
    return true;
}

/* Without memory the refusal is not kept: clients wait as for an agent that is not there. */
void service_refuse(struct service *service, struct session *session, const char *reason) {
    service->asked--;
    close_without_agent(service);
    if (!has_room_for_refusal(service))
        return;
    struct service_refusal *refusal = &service->refusing[service->refusing_count++];
    refusal->session = session;
    strbuf_copy(refusal->reason, sizeof refusal->reason, reason);
}

static void remove_refusal(struct service *service, const struct session *session) {
    size_t at = 0;

    while (at < service->refusing_count && service->refusing[at].session != session)
        at++;
    if (at < service->refusing_count)
        service->refusing[at] = service->refusing[--service->refusing_count];
}

void service_leave(struct service *service, struct session *session) {
    if (!session_serves(session, &service->conf->groups))
        return;
    if (service->id > session_announcement(session)->answered_id)
        service->asked--;
    remove_refusal(service, session);
    size_t before = service->balance->count;
    balance_leave(service->balance, session);
    if (before > 0 && !service->balance->count && !service->is_paused)
        service->since_us = clock_us();
    if (before > 0 && !service->balance->count && !service->is_shut)
        add_event(service, EVENT_WARNING, "unreachable: its last agent has gone", session_label(session));
    close_without_agent(service);
}

static bool has_responsive_agent(const struct service *service) {
    for (size_t i = 0; i < service->balance->count; i++)
        if (!session_is_silent(service->balance->members[i].session))
            return true;
    return false;
}

/* Without another agent they would only lose the one that may answer yet. */
void service_recall(struct service *service, const struct session *session, struct plane *plane) {
    if (session_serves(session, &service->conf->groups) && has_responsive_agent(service))
        plane_recall(plane, session_tag(session), service->terms);
}

/* One event for the many clients that a limit may refuse in a second. */
static void note_refusals(struct service *service) {
    for (unsigned i = 0; i < ACCESS_VERDICT_COUNT; i++) {
        if (service->refused[i] == service->noted[i])
            continue;
        recent_events_add_many(service->options.events, EVENT_KIND_SERVICE, EVENT_WARNING, service->conf->name,
                               "clients refused", access_verdict_detail((enum access_verdict)i),
                               service->refused[i] - service->noted[i]);
        service->noted[i] = service->refused[i];
    }
}

void service_tick(struct service *service) {
    log_throttle_flush(&service->refusals, service->options.log);
    note_refusals(service);
    access_tick(service->access, clock_us());
    if (service->should_be_open && !service->is_open)
        start_listening_or_log(service);
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

uint64_t service_refused(const struct service *service) {
    uint64_t sum = 0;

    for (unsigned i = 0; i < ACCESS_VERDICT_COUNT; i++)
        sum += service->refused[i];
    return sum;
}

struct service_counts *service_counts(const struct service *service) {
    return service->counts;
}

static size_t count_ready(const struct balance *balance) {
    uint64_t now_us = clock_us();
    size_t ready = 0;

    for (size_t i = 0; i < balance->count; i++)
        ready += session_can_take(balance->members[i].session, now_us);
    return ready;
}

void service_read(const struct service *service, struct service_numbers *numbers) {
    *numbers = (struct service_numbers){.clients = service->live,
                                        .waiting = service->queue.count,
                                        .agents = service->balance->count,
                                        .ready = count_ready(service->balance),
                                        .asked = service->asked,
                                        .refusing = service->refusing_count,
                                        .is_open = service->is_open,
                                        .since_us = service->since_us,
                                        .paused_by = service->is_paused ? service->paused_by : NULL};
    memcpy(numbers->refused, service->refused, sizeof numbers->refused);
}

size_t service_agents(const struct service *service) {
    return service->balance->count;
}

struct session *service_agent(const struct service *service, size_t index) {
    return service->balance->members[index].session;
}

static const struct balance_member *find_member(const struct service *service, const struct session *session) {
    for (size_t i = 0; i < service->balance->count; i++)
        if (service->balance->members[i].session == session)
            return &service->balance->members[i];
    return NULL;
}

void service_read_agent(const struct service *service, const struct session *session, struct service_agent *agent) {
    const struct balance_member *member = find_member(service, session);

    *agent = (struct service_agent){.is_permitted = member};
    if (member)
        agent->ejected_until_us = member->ejected_until_us;
    for (size_t i = 0; i < service->refusing_count; i++)
        if (service->refusing[i].session == session)
            agent->refusal = service->refusing[i].reason;
}

void service_client_left(struct service *service, const struct client *client) {
    if (client->is_check)
        finish_probe(service, client);
    if (client->is_counted)
        access_left(service->access, &client->peer);
    service->live--;
}
