/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visits: see visits.h. Here is what the servers say, and which ports are open by that; visit_clients.c has who comes
 * to them.
 */
#include "config.h"

#include "agent/visits_priv.h"

#include "admin/recent_events.h"
#include "agent/identity/service_keys.h"
#include "conf/visit_spec.h"
#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "relay/visit_tickets.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum { LINES_A_MINUTE = 20 };

static const char not_connected[] = "no server is connected";
static const char remedy_of_refusal[] = "On the server: munnel service show NAME has the agents that serve it and its "
                                        "\"visitors\", which are groups; munnel "
                                        "agent list has this agent's";
static const char remedy_of_port[] = "Stop what has the port, or write another one (\"visit\", --visit)";

/* ---- what the servers say ---- */

struct visit_server *visits_find_server(const struct visits *visits, uint64_t session) {
    struct visit_server *server;

    LIST_FOREACH (server, &visits->servers, next)
        if (server->session == session)
            break;
    return server;
}

/* The first server that permits it; NULL: none does, and `because` has why. */
static const struct visit_server *find_permitting(const struct visits *visits, size_t index, const char **because,
                                                  const char **remedy) {
    const struct visit_server *server;

    *because = not_connected;
    *remedy = NULL;
    LIST_FOREACH (server, &visits->servers, next) {
        if (server->states[index].is_permitted)
            return server;
        *because = server->states[index].reason;
        *remedy = server->states[index].remedy;
    }
    return NULL;
}

/* ---- ports ---- */

static void note(struct visits *visits, const struct visit *visit, bool is_open, const char *detail) {
    char address[ADDR_TEXT];
    const char *what = is_open ? "visited service is open on this side" : "visited service is closed on this side";
    unsigned skipped = 0;

    if (!log_limit_allows(&visits->lines, LINES_A_MINUTE, &skipped))
        return;
    log_event(visits->options.log, is_open ? LOG_LEVEL_INFO : LOG_LEVEL_WARNING, visits->options.who, what,
              LOG_FIELDS(LOG_TEXT("service", visit->name),
                         LOG_TEXT("address", addr_format(&visit->address, address, sizeof address)),
                         LOG_TEXT(is_open ? "by" : "detail", detail), LOG_NUMBER("left_out", skipped)));
    recent_events_add(visits->options.events, EVENT_KIND_SERVICE, is_open ? EVENT_INFO : EVENT_WARNING, visit->name,
                      what, detail);
}

static void close_port(struct visit *visit) {
    if (visit->readable)
        event_free(visit->readable);
    visit->readable = NULL;
    sock_close(visit->fd);
    visit->fd = -1;
}

static bool open_port(struct visit *visit, struct error *error) {
    visit->fd = sock_bind(&visit->address, error);
    if (visit->fd < 0)
        return false;
    sock_set_reset_on_close(visit->fd, true); /* accepted sockets inherit it */
    visit->readable =
        event_new(loop_base(visit->visits->options.loop), visit->fd, EV_READ | EV_PERSIST, visits_on_readable, visit);
    if (!visit->readable || sock_listen(visit->fd, SOCK_BACKLOG) || event_add(visit->readable, NULL)) {
        error_set(error, "the system lacks memory, or another program has just taken the port");
        close_port(visit);
        return false;
    }
    return true;
}

/* A port that cannot be opened is tried again each second; only another reason than before is news. */
static void try_to_open(struct visit *visit, const char *server) {
    struct error error = {""};

    if (open_port(visit, &error)) {
        *visit->problem = '\0';
        note(visit->visits, visit, true, server);
    } else if (strcmp(visit->problem, error.text) != 0) {
        strbuf_copy(visit->problem, sizeof visit->problem, error.text);
        note(visit->visits, visit, false, visit->problem);
    }
}

static void settle(struct visit *visit) {
    const char *because = not_connected, *remedy;
    const struct visit_server *server =
        visit->visits->is_stopped ? NULL : find_permitting(visit->visits, visit->index, &because, &remedy);

    if (server && visit->fd < 0)
        try_to_open(visit, server->who);
    if (visit->fd >= 0 && server)
        visit->closed_us = 0;
    else if (!visit->closed_us)
        visit->closed_us = clock_us();
    if (server || visit->visits->is_stopped)
        *visit->reason = '\0';
    if (server)
        return;
    if (visit->visits->is_stopped)
        because = "this agent is stopping";
    bool was_open = visit->fd >= 0, is_news = strcmp(visit->reason, because) != 0;
    close_port(visit);
    *visit->problem = '\0';
    strbuf_copy(visit->reason, sizeof visit->reason, because);
    if ((was_open || (is_news && because != not_connected)) && !visit->visits->is_stopped)
        note(visit->visits, visit, false, because);
}

static void settle_all(struct visits *visits) {
    for (size_t i = 0; i < visits->count; i++)
        settle(&visits->items[i]);
}

/* ---- events of sessions ---- */

static struct visit_server *add_server(struct visits *visits, uint64_t session, const struct visit_server_name *name) {
    struct visit_server *server = calloc(1, sizeof *server + visits->count * sizeof server->states[0]);

    if (!server)
        return NULL;
    server->session = session;
    strbuf_copy(server->who, sizeof server->who, name->who);
    strbuf_copy(server->digits, sizeof server->digits, name->digits);
    LIST_INSERT_HEAD(&visits->servers, server, next);
    return server;
}

static void on_connected(void *context, uint64_t session, const struct visit_server_name *name, bool is_known) {
    struct visits *visits = context;
    struct visit_server *server = visits_find_server(visits, session);

    if (!server)
        server = add_server(visits, session, name);
    for (size_t i = 0; server && i < visits->count; i++) {
        server->states[i] = (struct visit_server_state){.is_permitted = false};
        strbuf_copy(server->states[i].reason, sizeof server->states[i].reason,
                    is_known ? "the server has not answered yet" : "the server is too old for visits; update it");
        server->states[i].remedy = is_known ? NULL : "Upgrade munneld there";
    }
    if (!is_known)
        settle_all(visits);
}

/* Why it is not opened, and what to do. A server that lies about end_to_end can only keep it closed. NULL: it is
 * opened. */
static const char *find_reason(const struct visit *visit, const struct visit_state *state, const char **remedy) {
    bool has_key = visit->service->end_to_end;

    *remedy = remedy_of_refusal;
    if (state->refusal)
        return state->refusal;
    *remedy = "Bring the service's key here from where it is served, into the file of --end-to-end-keys";
    if (state->end_to_end && !has_key)
        return "it is end to end, and this agent has no key for it: munnel key new, --end-to-end-keys";
    *remedy =
        "Write \"end_to_end\": true for the service on the server; or, if it is meant to be without, remove its key";
    if (!state->end_to_end && has_key)
        return "this agent has a key for it, and the server offers it without end_to_end";
    return NULL;
}

static void on_states(void *context, uint64_t session, const struct visit_state *states, size_t count) {
    struct visits *visits = context;
    struct visit_server *server = visits_find_server(visits, session);

    for (size_t i = 0; server && i < count; i++) {
        if (states[i].id > visits->count)
            continue;
        struct visit_server_state *state = &server->states[states[i].id - 1];
        const char *reason = find_reason(&visits->items[states[i].id - 1], &states[i], &state->remedy);
        state->is_permitted = !reason;
        state->end_to_end = states[i].end_to_end;
        strbuf_copy(state->reason, sizeof state->reason, reason ? reason : "");
    }
    settle_all(visits);
}

static void on_lost(void *context, uint64_t session) {
    struct visits *visits = context;
    struct visit_server *server = visits_find_server(visits, session);

    if (!server)
        return;
    LIST_REMOVE(server, next);
    free(server);
    visits_leave_session(visits, session);
    settle_all(visits);
}

/* ---- life ---- */

static bool make_visit(struct visits *visits, const char *text, struct error *error) {
    struct visit *visit = &visits->items[visits->count];
    struct visit_spec spec;

    if (visit_spec_parse(&spec, text, error))
        return false;
    const struct service_key *key = service_keys_find(visits->options.keys, spec.name);
    const struct service_offer offer = {.name = spec.name, .to = {"visitor"}, .to_count = 1, .end_to_end = key};
    *visit = (struct visit){.visits = visits, .index = visits->count, .address = spec.address, .fd = -1};
    strbuf_copy(visit->name, sizeof visit->name, spec.name);
    visit->service = served_service_new(&offer);
    if (visit->service && key)
        served_service_encrypt(visit->service, key->visiting);
    visits->count += visit->service ? 1 : 0;
    return visit->service;
}

/* Whoever reaches it needs no other permission. */
static void warn_if_reachable(const struct visits *visits, const struct visit *visit) {
    char address[ADDR_TEXT];

    if (!addr_is_loopback(&visit->address))
        log_event(visits->options.log, LOG_LEVEL_WARNING, visits->options.who,
                  "a visited service is opened for other machines, too",
                  LOG_FIELDS(LOG_TEXT("service", visit->name),
                             LOG_TEXT("address", addr_format(&visit->address, address, sizeof address))));
}

static char *make_names(const struct visits *visits) {
    struct visit_name names[VISITS_MAX];

    for (size_t i = 0; i < visits->count; i++)
        names[i] = (struct visit_name){(uint32_t)i + 1, visits->items[i].name};
    return visit_names_format(names, visits->count);
}

static bool fill(struct visits *visits, struct error *error) {
    const struct strlist *specs = visits->options.specs;

    error_set(error, "out of memory");
    for (size_t i = 0; i < specs->count && i < VISITS_MAX; i++)
        if (!make_visit(visits, specs->items[i], error))
            return false;
    visits->names = make_names(visits);
    visits->tickets = visit_tickets_new();
    visits->resume = event_new(loop_base(visits->options.loop), -1, 0, visits_on_resume, visits);
    visits->user = (struct visit_user){.names = visits->names,
                                       .on_connected = on_connected,
                                       .on_states = on_states,
                                       .on_refused = visits_on_refused,
                                       .on_lost = on_lost,
                                       .context = visits};
    return visits->names && visits->tickets && visits->resume;
}

struct visits *visits_new(const struct visits_options *options, struct error *error) {
    size_t count = options->specs->count;
    struct visits *visits = calloc(1, sizeof *visits + count * sizeof visits->items[0]);

    if (!visits) {
        error_set(error, "out of memory");
        return NULL;
    }
    visits->options = *options;
    visits->refusals.a_minute = LINES_A_MINUTE;
    if (!fill(visits, error)) {
        visits_free(visits);
        return NULL;
    }
    for (size_t i = 0; i < visits->count; i++)
        warn_if_reachable(visits, &visits->items[i]);
    return visits;
}

void visits_free(struct visits *visits) {
    struct visit_server *server;

    if (!visits)
        return;
    while ((server = LIST_FIRST(&visits->servers))) {
        LIST_REMOVE(server, next);
        free(server);
    }
    for (size_t i = 0; i < visits->count; i++) {
        close_port(&visits->items[i]);
        served_service_release(visits->items[i].service);
    }
    if (visits->resume)
        event_free(visits->resume);
    visit_tickets_free(visits->tickets);
    free(visits->names);
    free(visits);
}

const struct visit_user *visits_user(const struct visits *visits) {
    return &visits->user;
}

struct visit_tickets *visits_tickets(const struct visits *visits) {
    return visits->tickets;
}

void visits_recheck(struct visits *visits) {
    visits_expire(visits);
    settle_all(visits);
    log_throttle_flush(&visits->refusals, visits->options.log);
}

void visits_stop(struct visits *visits) {
    visits->is_stopped = true;
    settle_all(visits);
    visits_expire(visits);
}

/* ---- for people who look at it ---- */

size_t visits_count(const struct visits *visits) {
    return visits->count;
}

void visits_read(const struct visits *visits, size_t index, struct visit_view *view) {
    const struct visit *visit = &visits->items[index];
    const char *because = NULL, *remedy = NULL;
    const struct visit_server *server = find_permitting(visits, index, &because, &remedy);
    bool is_open = visit->fd >= 0;

    *view = (struct visit_view){.name = visit->name,
                                .address = &visit->address,
                                .is_open = is_open,
                                .because = is_open           ? NULL
                                           : *visit->problem ? visit->problem
                                                             : because,
                                .remedy = is_open           ? NULL
                                          : *visit->problem ? remedy_of_port
                                                            : remedy,
                                .closed_us = visit->closed_us,
                                .server = is_open && server ? server->who : NULL,
                                .end_to_end = server && server->states[index].end_to_end,
                                .clients = visit->clients,
                                .refused = visit->refused,
                                .waiting = visits_waiting_of(visits, visit)};
}
