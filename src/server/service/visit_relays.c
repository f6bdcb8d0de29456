/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_relays: makes and ends the two relays of a visit, see visits.h.
 *
 * They are joined by TCP over the loopback: a pair of Unix sockets does not tell a reset from an end, so that a stream
 * that was cut would look whole. The end that was accepted is known by the address of the one that was connected;
 * whatever else comes to that port is reset.
 */
#include "config.h"

#include "server/service/visits_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "relay/ended_relays.h"
#include "relay/record.h"
#include "server/service/client_table.h"
#include "server/service/service_priv.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

enum { CONNECT_MS = 5000, ATTACH_MS = 10000, ACCEPTS_PER_TURN = 64 };

static struct visit *visit_of(const struct client *client) {
    return (struct visit *)(uintptr_t)client->visitor; /* whose first member it is */
}

static struct session *session_of(const struct visits *visits, const struct visit *visit) {
    return session_table_find(visits->options.sessions, visit->session);
}

/* ---- the end ---- */

static void free_connecting(struct visits *visits, struct visit *visit) {
    struct session *session = session_of(visits, visit);

    TAILQ_REMOVE(&visits->connecting, visit, entry);
    if (session)
        session_visiting(session)->opening--;
    sock_close_reset(visit->fd);
    free(visit);
}

static void free_if_over(struct visits *visits, struct visit *visit) {
    if (visit->client || visit->relay || visit->is_beginning)
        return;
    TAILQ_REMOVE(&visits->running, visit, entry);
    visits->running_count--;
    free(visit);
}

void visits_client_ended(struct visits *visits, const struct client *client) {
    struct visit *visit = visit_of(client);

    if (visit->is_beginning)
        strbuf_copy(visit->detail, sizeof visit->detail,
                    *client->detail ? client->detail : reason_text(client->reason));
    visit->client = NULL;
    free_if_over(visits, visit);
}

/* The client of the service finds its own connection closed: by a reset, unless the relay was whole. */
void visits_relay_back(struct visits *visits, struct client *client) {
    struct visit *visit = visit_of(client);
    bool has_begun = client->outcome == CLIENT_ENDED;

    if (has_begun && visits->options.ended)
        ended_relays_add_client(visits->options.ended, visits->options.instance, client);
    if (!has_begun) {
        sock_close_reset(client->fd);
        client->fd = -1;
        visits_refuse(visits, session_of(visits, visit), client->ticket, VISIT_NO_LINK, client->detail);
        visits_send_refusals(visits);
    }
    client_table_give_back(visits->options.clients, client);
    visit->relay = NULL;
    free_if_over(visits, visit);
    if (visits->options.on_client_end)
        visits->options.on_client_end(visits->options.context);
}

void visits_expire(struct visits *visits) {
    uint64_t now_us = clock_us();
    struct visit *visit;

    if (visits->is_paused)
        visits->is_paused = event_add(visits->readable, NULL) != 0;
    while ((visit = TAILQ_FIRST(&visits->connecting)) && visit->until_us <= now_us) {
        visits_refuse(visits, session_of(visits, visit), visit->arrival.ticket, VISIT_LACK,
                      "the server cannot connect to itself");
        free_connecting(visits, visit);
    }
    visits_send_refusals(visits);
}

void visits_free(struct visits *visits) {
    if (!visits)
        return;
    while (!TAILQ_EMPTY(&visits->connecting))
        free_connecting(visits, TAILQ_FIRST(&visits->connecting));
    while (!TAILQ_EMPTY(&visits->running)) {
        struct visit *visit = TAILQ_FIRST(&visits->running);
        TAILQ_REMOVE(&visits->running, visit, entry);
        free(visit);
    }
    if (visits->readable)
        event_free(visits->readable);
    sock_close(visits->listener);
    free(visits);
}

/* ---- the relay to the visitor ---- */

/* Its bytes are counted for the service once, by the other relay, which the service's limits hold back as well. */
static struct service_terms *make_terms(const struct service *service) {
    return service_terms_new(&(struct service_terms_plan){.service = service->conf->name, .destination = "visitor"});
}

static struct client *make_relay(struct visits *visits, struct visit *visit, struct session *session,
                                 struct visiting_entry *entry, const struct service *service) {
    const struct addr peer = open_address_to_addr(&visit->arrival.client);

    if (!entry->terms)
        entry->terms = make_terms(service);
    struct client *relay =
        entry->terms ? client_table_take(visits->options.clients, visit->fd, &peer, entry->terms) : NULL;
    if (!relay)
        return NULL;
    visit->fd = -1;
    relay->visitor = &visit->visitor;
    relay->ticket = visit->arrival.ticket;
    relay->local = visit->local;
    relay->attempt_ms = ATTACH_MS;
    relay->via = bandwidth_hold(session_bandwidth(session));
    relay->session = session_tag(session);
    strbuf_copy(relay->agent, sizeof relay->agent, session_label(session));
    return relay;
}

/* ---- the client of the service ---- */

/* False: it is not to be, and `verdict` and `detail` have why. */
static bool begin_client(struct visit *visit, struct service *service, evutil_socket_t fd, enum visit_verdict *verdict,
                         const char **detail) {
    struct inspected found = {.peer = open_address_to_addr(&visit->arrival.client),
                              .has_addresses = true,
                              .reached = visit->local};
    enum access_verdict access = ACCESS_ADMITTED;

    visit->client = service_take_visitor(service, fd, &found, &visit->visitor, &access);
    if (!visit->client) {
        *verdict = access == ACCESS_MEMORY ? VISIT_LACK : VISIT_ACCESS;
        *detail = access_verdict_detail(access);
        return false;
    }
    service->options.on_client(service->options.context, visit->client);
    if (visit->client)
        return true;
    *verdict = VISIT_NOT_SERVED;
    *detail = visit->detail;
    return false;
}

/* Dispatch has delivered events meanwhile, by which links, lists and the session may have gone. */
static enum visit_verdict begin_relay(struct visits *visits, struct visit *visit) {
    struct session *session = session_of(visits, visit);
    struct visiting_entry *entry = session ? visits_find_entry(session, visit->wanted) : NULL;
    struct service *service = NULL;
    enum visit_verdict verdict = session ? visits_judge(visits, session, entry, &service) : VISIT_NO_LINK;

    if (verdict != VISIT_ACCEPTED)
        return verdict;
    visit->relay = make_relay(visits, visit, session, entry, service);
    if (!visit->relay)
        return VISIT_LACK;
    visits->counts[VISIT_ACCEPTED]++;
    plane_serve(visits->options.plane, session_take_client(session), visit->relay);
    return VISIT_ACCEPTED;
}

/* Both ends are there. `fd` is the client's of the service. */
static void begin_running(struct visits *visits, struct visit *visit, struct session *session, evutil_socket_t fd) {
    struct visiting_entry *entry = visits_find_entry(session, visit->wanted);
    struct service *service = NULL;
    const char *detail = NULL;
    enum visit_verdict verdict = visits_judge(visits, session, entry, &service);

    TAILQ_REMOVE(&visits->connecting, visit, entry);
    session_visiting(session)->opening--;
    TAILQ_INSERT_TAIL(&visits->running, visit, entry);
    visits->running_count++;
    visit->is_beginning = true;
    if (verdict != VISIT_ACCEPTED)
        sock_close_reset(fd);
    else if (begin_client(visit, service, fd, &verdict, &detail))
        verdict = begin_relay(visits, visit);
    if (verdict != VISIT_ACCEPTED) {
        sock_close_reset(visit->fd); /* which ends the client of the service, if there is one */
        visit->fd = -1;
        visits_refuse(visits, session_of(visits, visit), visit->arrival.ticket, verdict, detail);
    }
    visit->is_beginning = false;
    free_if_over(visits, visit);
}

/* ---- the connection to ourselves ---- */

static bool is_same(const struct addr *a, const struct addr *b) {
    return addr_port(a) == addr_port(b) && addr_same_host(a, b);
}

static void take_accepted(struct visits *visits, evutil_socket_t fd, const struct addr *peer) {
    struct visit *visit;

    TAILQ_FOREACH (visit, &visits->connecting, entry)
        if (is_same(&visit->here, peer))
            break;
    struct session *session = visit ? session_of(visits, visit) : NULL;
    if (session && session_is_connected(session)) {
        begin_running(visits, visit, session, fd);
        return;
    }
    sock_close_reset(fd);
    if (visit)
        free_connecting(visits, visit);
}

/* The event is level-triggered: without descriptors it would come again in each turn. */
static void accept_some(struct visits *visits, evutil_socket_t listener) {
    struct addr peer;

    for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
        evutil_socket_t fd = sock_accept(listener, &peer);
        if (fd >= 0) {
            take_accepted(visits, fd, &peer);
            continue;
        }
        if (!sock_would_block(errno) && !sock_client_has_gone(errno)) {
            event_del(visits->readable);
            visits->is_paused = true;
        }
        return;
    }
}

static void on_readable(evutil_socket_t listener, short what, void *context) {
    (void)what;
    accept_some(context, listener);
    visits_send_refusals(context);
}

static bool make_listener(struct visits *visits, struct error *error) {
    const struct endpoint endpoint = {.host = "127.0.0.1"};
    struct addr addr;

    if (visits->listener >= 0)
        return true;
    evutil_socket_t fd = addr_from_endpoint(&addr, &endpoint) ? sock_bind(&addr, error) : -1;
    if (fd < 0)
        return false;
    sock_set_reset_on_close(fd, true); /* accepted sockets inherit it */
    sock_local_addr(fd, &visits->address);
    visits->readable = event_new(visits->options.base, fd, EV_READ | EV_PERSIST, on_readable, visits);
    if (!visits->address.length || !visits->readable || sock_listen(fd, SOCK_BACKLOG) ||
        event_add(visits->readable, NULL)) {
        if (visits->readable)
            event_free(visits->readable);
        visits->readable = NULL;
        sock_close(fd);
        return false;
    }
    visits->listener = fd;
    return true;
}

static bool has_room_for(const struct visits *visits, struct session *session) {
    size_t live = client_table_live(visits->options.clients), limit = client_table_limit(visits->options.clients);

    return session_visiting(session)->opening < VISIT_TICKETS_MAX && live < limit && limit - live >= 2;
}

/* NULL: it lacks something. */
static struct visit *start_connecting(struct visits *visits, struct error *error) {
    struct visit *visit = calloc(1, sizeof *visit);
    bool is_done = false;

    if (!visit || !make_listener(visits, error)) {
        free(visit);
        return NULL;
    }
    visit->fd = sock_connect(&visits->address, &visit->here, &is_done);
    if (visit->fd < 0 || !visit->here.length) {
        sock_close_reset(visit->fd);
        free(visit);
        return NULL;
    }
    sock_set_reset_on_close(visit->fd, true);
    return visit;
}

void visits_begin(struct visits *visits, struct session *session, const struct visit_open *open,
                  const struct visit_arrival *arrival) {
    struct error error = {""};
    struct visit *visit = has_room_for(visits, session) ? start_connecting(visits, &error) : NULL;

    if (!visit) {
        visits_refuse(visits, session, arrival->ticket, VISIT_LACK, error.text);
        return;
    }
    strbuf_copy(visit->visitor.agent, sizeof visit->visitor.agent, session_label(session));
    visit->visitor.address = *session_peer(session);
    visit->session = session_tag(session);
    visit->wanted = open->visit;
    visit->arrival = *arrival;
    visit->local = open->local;
    visit->until_us = clock_us() + CONNECT_MS * 1000ULL;
    session_visiting(session)->opening++;
    TAILQ_INSERT_TAIL(&visits->connecting, visit, entry);
}
