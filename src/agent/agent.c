/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent: see agent.h.
 * States: working -> draining (drain.c) -> over; working -> over when it gave up on every server.
 */
#include "config.h"

#include "agent/agent.h"

#include "admin/recent_events.h"
#include "agent/drain.h"
#include "agent/upstream/ban_list.h"
#include "agent/visits.h"
#include "lib/base/clock.h"
#include "lib/base/strlist.h"
#include "lib/net/loopback_source.h"
#include "lib/net/sock.h"
#include "lib/os/malloc.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

enum { INSTANCE_BYTES = 16, PING_S = 10, DEAD_AFTER_S = 30, GREETING_MS = 5000 };

const struct agent_times AGENT_TIMES = {
    .upstream = {.first_ms = 1000,
                 .longest_ms = 5000,
                 .final_ms = 60000,
                 .hasten_ms = 15000,
                 .hurry_ms = 1000,
                 .settled_ms = 1000,
                 .resolve_ms = 5000},
    .data_links = {.first_ms = 250, .longest_ms = 5000, .settled_ms = 1000, .hurry_ms = 1000},
    .drained_ms = 2000,
    .finish_ms = 30000,
    .bye_ms = 500,
    .poll_ms = 50};

struct agent {
    const struct agent_settings *settings;
    char instance[2 * INSTANCE_BYTES + 1];
    char who[PROTO_NAME_MAX + 8]; /* "agent NAME" */
    struct plane *plane;
    struct data_links *data_links;
    struct upstream_parts parts;
    struct upstream *upstreams[IDENTITY_SERVERS_MAX];
    struct ban_list *bans;
    struct publications *publications;
    struct visits *visits; /* NULL: none */
    uint64_t loopback_key;
    struct drain *drain;
    bool rejected;
};

/* ---- events of the data plane ---- */

static struct upstream *upstream_at(const struct agent *agent, uint64_t tag) {
    assert(upstream_of_tag(tag) < agent->settings->server_count);
    return agent->upstreams[upstream_of_tag(tag)];
}

static void on_greeting(void *context, const struct greeting *greeting) {
    struct agent *agent = context;

    if (!data_dials_made(greeting->tag)) {
        upstream_on_greeting(upstream_at(agent, greeting->tag), greeting);
    } else if (greeting->rejected) { /* the plane takes the WELCOME of a data link by itself */
        data_links_on_rejected(agent->data_links, greeting->tag, greeting->text, greeting->length);
        plane_reject(agent->plane, greeting->link, NULL);
    }
}

static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    const struct agent *agent = context;

    data_links_on_carrier(agent->data_links, tag, role);
}

static void on_want_carriers(void *context, const struct carrier_role *role, unsigned count) {
    const struct agent *agent = context;

    data_links_on_want(agent->data_links, role, count);
}

static void on_client_back(void *context, struct client *client) {
    (void)context, (void)client;
    assert(!"an agent hands no client to its plane");
}

static void on_control(void *context, struct link_ref link, uint64_t tag, const char *text, size_t length) {
    const struct agent *agent = context;

    (void)link;
    if (!data_dials_made(tag))
        upstream_on_control(upstream_at(agent, tag), tag, text, length);
}

static void on_services_set(void *context, uint64_t session) {
    const struct agent *agent = context;

    upstream_on_services_set(upstream_at(agent, session), session);
}

static void on_health(void *context, const struct health_event *event) {
    const struct agent *agent = context;

    upstream_on_health(upstream_at(agent, event->session), event);
}

static void on_session_over(void *context, uint64_t session) {
    const struct agent *agent = context;

    upstream_on_session_over(upstream_at(agent, session), session);
}

static void on_gone(void *context, const struct link_end *end) {
    const struct agent *agent = context;

    if (data_dials_made(end->tag))
        data_links_on_gone(agent->data_links, end);
    else
        upstream_on_gone(upstream_at(agent, end->tag), end);
}

static void on_pong(void *context, struct link_ref link, uint64_t tag, uint64_t pinged_us) {
    const struct agent *agent = context;

    (void)link;
    if (!data_dials_made(tag))
        upstream_on_pong(upstream_at(agent, tag), tag, pinged_us);
}

static void on_relay_views(void *context, const struct relay_answer *answer) {
    const struct agent *agent = context;

    if (agent->settings->on_relay_views)
        agent->settings->on_relay_views(agent->settings->context, answer);
}

static void on_relay_ended(void *context, uint64_t ticket, bool found) {
    const struct agent *agent = context;

    if (agent->settings->on_relay_ended)
        agent->settings->on_relay_ended(agent->settings->context, ticket, found);
}

static const struct plane_events EVENTS = {.on_greeting = on_greeting,
                                           .on_carrier = on_carrier,
                                           .on_want_carriers = on_want_carriers,
                                           .on_client_back = on_client_back,
                                           .on_control = on_control,
                                           .on_gone = on_gone,
                                           .on_pong = on_pong,
                                           .on_relay_views = on_relay_views,
                                           .on_relay_ended = on_relay_ended,
                                           .on_services_set = on_services_set,
                                           .on_health = on_health,
                                           .on_session_over = on_session_over};

/* ---- events of the upstreams and the drain ---- */

static bool all_gave_up(const struct agent *agent) {
    size_t index = 0;

    while (index < agent->settings->server_count && upstream_gave_up(agent->upstreams[index]))
        index++;
    return index == agent->settings->server_count;
}

static void on_change(void *context) {
    struct agent *agent = context;

    if (agent->drain) {
        drain_advance(agent->drain);
    } else if (all_gave_up(agent)) {
        agent->rejected = true;
        log_event(agent->settings->log, LOG_LEVEL_ERROR, agent->who, "ends: no server is left that it can use", NULL);
        loop_stop(agent->settings->loop);
    }
}

static bool is_served(void *context, const struct upstream *but, const char *server_instance) {
    const struct agent *agent = context;

    for (size_t i = 0; i < agent->settings->server_count; i++)
        if (agent->upstreams[i] != but && upstream_serves(agent->upstreams[i], server_instance))
            return true;
    return false;
}

static void on_answer(void *context, const struct publication *entry, const struct publication_at *at) {
    const struct agent *agent = context;

    if (agent->settings->on_answer)
        agent->settings->on_answer(agent->settings->context, entry, at);
}

static void on_drain_over(void *context) {
    const struct agent *agent = context;

    log_event(agent->settings->log, LOG_LEVEL_INFO, agent->who, "stopped", NULL);
    loop_stop(agent->settings->loop);
}

static void start_drain(struct agent *agent) {
    const struct agent_settings *settings = agent->settings;
    struct drain_parts parts = {.loop = settings->loop,
                                .log = settings->log,
                                .plane = agent->plane,
                                .who = agent->who,
                                .upstreams = agent->upstreams,
                                .upstream_count = settings->server_count,
                                .drained_ms = settings->times.drained_ms,
                                .finish_ms = settings->times.finish_ms,
                                .bye_ms = settings->times.bye_ms,
                                .poll_ms = settings->times.poll_ms,
                                .on_over = on_drain_over,
                                .context = agent};

    recent_events_add(settings->events, EVENT_KIND_AGENT, EVENT_INFO, settings->name, "draining",
                      "it ends once its relays are over");
    publications_end(agent->publications, clock_ms(),
                     settings->only_published ? PUBLICATIONS_ALL : PUBLICATIONS_LEASED);
    for (size_t i = 0; i < settings->server_count; i++)
        upstream_publish(agent->upstreams[i], true);
    if (agent->visits)
        visits_stop(agent->visits);
    agent->drain = drain_new(&parts);
    if (agent->drain)
        drain_advance(agent->drain);
    else
        loop_stop(settings->loop); /* out of memory: stop without a drain */
}

void agent_end(struct agent *agent) {
    if (!agent->drain) {
        start_drain(agent);
        return;
    }
    log_event(agent->settings->log, LOG_LEVEL_WARNING, agent->who,
              "stopped at once by a second signal: running relays are reset", NULL);
    loop_stop(agent->settings->loop);
}

/* ---- life ---- */

static int make_instance(struct agent *agent, struct error *error) {
    uint8_t bytes[INSTANCE_BYTES];

    if (secret_random(bytes, sizeof bytes) != 0)
        return error_set(error, "the system's random generator failed");
    secret_to_hex(bytes, sizeof bytes, agent->instance);
    return 0;
}

static bool send_json(void *context, uint64_t session, const char *json) {
    const struct agent *agent = context;

    return upstream_send_json(upstream_at(agent, session), session, json);
}

static int make_visits(struct agent *agent, struct error *error) {
    const struct agent_settings *settings = agent->settings;

    if (!settings->visits || !settings->visits->count)
        return 0;
    agent->visits = visits_new(&(struct visits_options){.loop = settings->loop,
                                                        .log = settings->log,
                                                        .events = settings->events,
                                                        .who = agent->who,
                                                        .keys = settings->keys,
                                                        .specs = settings->visits,
                                                        .send = send_json,
                                                        .context = agent},
                               error);
    return agent->visits ? 0 : -1;
}

/* TCP has the other half of the descriptors; and the machine's other programs, whose every question to a resolver needs
 * a port of UDP, have most of those. */
unsigned agent_udp_sessions_most(void) {
    int limit = sock_raise_limit();
    unsigned by_files = limit > 1 ? (unsigned)limit / 2 : 1, by_ports = sock_ephemeral_ports() / 4;

    return by_ports < 1 ? 1 : by_ports < by_files ? by_ports : by_files;
}

static int make_plane(struct agent *agent, struct error *error) {
    const struct agent_settings *settings = agent->settings;
    struct plane_options options = {.is_agent = true,
                                    .threads = settings->threads,
                                    .control = settings->loop,
                                    .log = settings->log,
                                    .instance = agent->instance,
                                    .ping_s = PING_S,
                                    .dead_after_s = DEAD_AFTER_S,
                                    .greeting_ms = GREETING_MS,
                                    .events = &EVENTS,
                                    .context = agent,
                                    .resolver = settings->resolver,
                                    .tickets = agent->visits ? visits_tickets(agent->visits) : NULL,
                                    .allow = settings->allow};

    options.udp_sessions_most = agent_udp_sessions_most();
    options.loopback_key = agent->loopback_key = loopback_source_key();
    agent->plane = plane_new(&options, error);
    return agent->plane ? 0 : -1;
}

static void on_withdrawn(void *context, const char *name) {
    const struct agent *agent = context;

    for (size_t i = 0; i < agent->settings->server_count && agent->upstreams[i]; i++)
        upstream_withdraw(agent->upstreams[i], name);
}

static int make_publications(struct agent *agent, struct error *error) {
    const struct agent_settings *settings = agent->settings;
    const struct publications_owner owner = {.on_withdrawn = on_withdrawn, .context = agent};
    struct publication *entry;

    agent->publications = publications_new(settings->server_count, &owner);
    for (size_t i = 0; agent->publications && i < settings->published_count; i++)
        if (publications_add(agent->publications, &settings->published[i], clock_ms(), &entry) != PUBLICATIONS_ADDED)
            return error_set(error, "out of memory");
    return agent->publications ? 0 : error_set(error, "out of memory");
}

static int make_upstreams(struct agent *agent, struct error *error) {
    const struct agent_settings *settings = agent->settings;

    agent->bans = ban_list_new();
    agent->data_links = data_links_new(settings->loop, agent->plane, settings->log, &settings->times.data_links);
    if (!agent->data_links || !agent->bans)
        return error_set(error, "out of memory");
    agent->parts = (struct upstream_parts){.loop = settings->loop,
                                           .plane = agent->plane,
                                           .log = settings->log,
                                           .events = settings->events,
                                           .resolver = settings->resolver,
                                           .data_links = agent->data_links,
                                           .allow = settings->allow,
                                           .keys = settings->keys,
                                           .bans = agent->bans,
                                           .publications = agent->publications,
                                           .only_published = settings->only_published,
                                           .visits = agent->visits ? visits_user(agent->visits) : NULL,
                                           .name = settings->name,
                                           .group = settings->group,
                                           .instance = agent->instance,
                                           .times = settings->times.upstream,
                                           .on_change = on_change,
                                           .is_served = is_served,
                                           .on_answer = on_answer,
                                           .context = agent};
    for (unsigned i = 0; i < settings->server_count; i++) {
        agent->upstreams[i] = upstream_new(&agent->parts, &settings->servers[i], i, error);
        if (!agent->upstreams[i])
            return -1;
    }
    return 0;
}

struct agent *agent_new(const struct agent_settings *settings, struct error *error) {
    struct agent *agent = calloc(1, sizeof *agent);

    assert(settings->server_count > 0 && settings->server_count <= IDENTITY_SERVERS_MAX);
    if (!agent) {
        error_set(error, "out of memory");
        return NULL;
    }
    agent->settings = settings;
    snprintf(agent->who, sizeof agent->who, "agent %s", settings->name);
    if (make_instance(agent, error) != 0 || make_visits(agent, error) != 0 || make_plane(agent, error) != 0 ||
        make_publications(agent, error) != 0 || make_upstreams(agent, error) != 0) {
        agent_free(agent);
        return NULL;
    }
    return agent;
}

void agent_free(struct agent *agent) {
    if (!agent)
        return;
    drain_free(agent->drain);
    agent->drain = NULL;
    for (unsigned i = 0; i < agent->settings->server_count && agent->upstreams[i]; i++)
        upstream_stop(agent->upstreams[i]); /* no more dials while the plane delivers its last events */
    if (agent->data_links)
        data_links_stop(agent->data_links);
    if (agent->plane)
        plane_free(agent->plane);
    for (unsigned i = 0; i < agent->settings->server_count; i++)
        upstream_free(agent->upstreams[i]);
    data_links_free(agent->data_links);
    visits_free(agent->visits);
    ban_list_free(agent->bans);
    publications_free(agent->publications);
    free(agent);
}

void agent_start(struct agent *agent) {
    for (unsigned i = 0; i < agent->settings->server_count; i++)
        upstream_start(agent->upstreams[i]);
}

void agent_recheck(struct agent *agent) {
    ban_list_tick(agent->bans, clock_us());
    publications_end(agent->publications, clock_ms(), PUBLICATIONS_EXPIRED);
    publications_sweep(agent->publications);
    for (unsigned i = 0; i < agent->settings->server_count; i++)
        upstream_recheck(agent->upstreams[i]);
    data_links_recheck(agent->data_links);
    if (agent->visits)
        visits_recheck(agent->visits);
}

void agent_check_paths(struct agent *agent, enum network_event event) {
    bool checks = plane_check_paths(agent->plane, event);

    log_event(agent->settings->log, checks ? LOG_LEVEL_DEBUG : LOG_LEVEL_WARNING, agent->who,
              checks ? "checks its links" : "out of memory: links are not checked",
              LOG_FIELDS(LOG_TEXT("detail", network_event_text(event))));
    for (unsigned i = 0; i < agent->settings->server_count; i++)
        upstream_retry_now(agent->upstreams[i]);
    data_links_retry_now(agent->data_links);
}

unsigned agent_working(const struct agent *agent) {
    unsigned working = 0;

    for (unsigned i = 0; i < agent->settings->server_count; i++)
        working += upstream_is_working(agent->upstreams[i]);
    return working;
}

bool agent_is_alive(struct agent *agent) {
    return plane_probe_liveness(agent->plane);
}

void agent_log_statistics(const struct agent *agent) {
    struct plane_counts counts;

    plane_count(agent->plane, &counts);
    log_event(agent->settings->log, LOG_LEVEL_INFO, agent->who, "statistics",
              LOG_FIELDS(LOG_NUMBER("servers", agent_working(agent)), LOG_NUMBER("links", counts.links),
                         LOG_NUMBER("handshakes_done", counts.handshakes_done), LOG_NUMBER("relays", counts.relays),
                         LOG_NUMBER("relays_ended", counts.relays_ended), LOG_NUMBER("unconfirmed", counts.unconfirmed),
                         LOG_NUMBER("dials", counts.dials), LOG_NUMBER("heap", malloc_in_use())));
}

const char *agent_instance(const struct agent *agent) {
    return agent->instance;
}

bool agent_is_draining(const struct agent *agent) {
    return agent->drain;
}

struct plane *agent_plane(const struct agent *agent) {
    return agent->plane;
}

uint64_t agent_loopback_key(const struct agent *agent) {
    return agent->loopback_key;
}

struct ban_list *agent_bans(struct agent *agent) {
    return agent->bans;
}

const struct visits *agent_visits(const struct agent *agent) {
    return agent->visits;
}

void agent_send_bans(struct agent *agent) {
    for (unsigned i = 0; i < agent->settings->server_count; i++)
        upstream_send_bans(agent->upstreams[i]);
}

struct publications *agent_publications(struct agent *agent) {
    return agent->publications;
}

void agent_publish(struct agent *agent) {
    for (size_t i = 0; i < agent->settings->server_count; i++)
        upstream_publish(agent->upstreams[i], false);
}

const struct upstream *agent_upstream(const struct agent *agent, size_t index) {
    return agent->upstreams[index];
}

enum agent_exit agent_result(const struct agent *agent, char *detail, size_t size) {
    const struct upstream *first = agent->upstreams[0];

    if (!agent->rejected)
        return AGENT_EXIT_OK;
    snprintf(detail, size, "%s: %s", upstream_who(first), upstream_failure(first));
    return AGENT_EXIT_REJECTED;
}
