/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visit_clients: clients that come to a visited service on this side, until a relay thread has them or no server takes
 * them: then they are reset.
 */
#include "config.h"

#include "agent/visits_priv.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "relay/visit_tickets.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>

enum {
    WAIT_MS = 10000,
    PAUSE_MS = 5,
    ACCEPTS_PER_TURN = 32,
    /* New clients: a server closes a control link with more than 1000 frames in a second. */
    CLIENT_US = 1000000 / 600,
    CLIENTS_BURST = 200 /* after a pause */
};

static const char no_server[] = "no server takes it now";

/* ---- pausing ---- */

/* No event tells when a relay thread has taken one. */
static void pause_all(struct visits *visits) {
    static const struct timeval pause = {0, PAUSE_MS * 1000};

    if (event_add(visits->resume, &pause))
        return; /* out of memory: the next turn tries again */
    for (size_t i = 0; i < visits->count; i++) {
        struct visit *visit = &visits->items[i];
        if (visit->readable)
            visit->is_paused = event_del(visit->readable) == 0;
    }
}

static void go_on(struct visits *visits) {
    if (visits->waiting_count == VISIT_WAITING_MOST)
        return;
    for (size_t i = 0; i < visits->count; i++) {
        struct visit *visit = &visits->items[i];
        if (visit->is_paused && visit->readable)
            visit->is_paused = event_add(visit->readable, NULL) != 0;
    }
}

void visits_on_resume(evutil_socket_t fd, short what, void *visits) {
    (void)fd, (void)what;
    visits_expire(visits);
}

/* False: as many have come as may, for the moment. */
static bool is_paced(struct visits *visits) {
    uint64_t now_us = clock_us(), earliest_us = now_us - (uint64_t)CLIENTS_BURST * CLIENT_US;

    if (visits->paced_us < earliest_us)
        visits->paced_us = earliest_us;
    return visits->paced_us + CLIENT_US <= now_us;
}

/* ---- one that waits ---- */

static void forget(struct visits *visits, struct waiting_client *client) {
    client->ticket = 0;
    visits->waiting_count--;
}

static void refuse(struct visit *visit, evutil_socket_t fd, const struct addr *peer, const char *detail) {
    sock_close_reset(fd);
    visit->refused++;
    log_throttle_event(&visit->visits->refusals, visit->visits->options.log, LOG_LEVEL_WARNING,
                       visit->visits->options.who, "client of a visited service refused", detail, peer);
}

static bool was_tried(const struct waiting_client *client, uint64_t session) {
    for (unsigned i = 0; i < client->tried_count; i++)
        if (client->tried[i] == session)
            return true;
    return false;
}

static const struct visit_server *next_server(const struct visits *visits, const struct waiting_client *client) {
    const struct visit_server *server;

    if (client->tried_count == VISIT_TRIES_MOST || visits->is_stopped)
        return NULL;
    LIST_FOREACH (server, &visits->servers, next)
        if (server->states[client->visit->index].is_permitted && !was_tried(client, server->session))
            break;
    return server;
}

static bool send_open(struct visits *visits, const struct waiting_client *client) {
    const struct visit_open open = {(uint32_t)client->visit->index + 1, client->ticket, client->client, client->local};
    char *json = visit_open_format(&open);
    bool is_sent = json && visits->options.send(visits->options.context, client->session, json);

    free(json);
    return is_sent;
}

/* Its socket, which nobody else has any more; -1: a relay thread has it. */
static evutil_socket_t take_back(struct visits *visits, const struct waiting_client *client) {
    struct visit_client taken;

    if (!visit_tickets_take(visits->tickets, client->ticket, 0, &taken))
        return -1;
    served_service_release(taken.service);
    return taken.fd;
}

/* Offers it to the next server that has not refused it; takes `fd`. False: none is left, and the client is forgotten.
 */
static bool offer(struct visits *visits, struct waiting_client *client, evutil_socket_t fd, const char *detail) {
    const struct visit_server *server;

    while ((server = next_server(visits, client))) {
        struct visit_client waiting = {fd, served_service_hold(client->visit->service), ""};
        strbuf_copy(waiting.server, sizeof waiting.server, server->digits);
        visits->paced_us += CLIENT_US;
        client->session = client->tried[client->tried_count++] = server->session;
        client->until_us = clock_us() + WAIT_MS * 1000ULL;
        client->ticket = visit_tickets_put(visits->tickets, &waiting, server->session);
        if (client->ticket && send_open(visits, client))
            return true;
        if (client->ticket)
            (void)take_back(visits, client); /* nobody else knows the ticket */
        else
            served_service_release(waiting.service);
    }
    refuse(client->visit, fd, &client->peer, detail);
    forget(visits, client);
    return false;
}

static struct waiting_client *find_free(struct visits *visits) {
    for (size_t i = 0; i < VISIT_WAITING_MOST; i++)
        if (!visits->waiting[i].ticket)
            return &visits->waiting[i];
    return NULL;
}

static void begin(struct visit *visit, evutil_socket_t fd, const struct addr *peer) {
    struct visits *visits = visit->visits;
    struct waiting_client *client = find_free(visits);
    struct addr here;

    if (!client) {
        refuse(visit, fd, peer, "too many clients wait already");
        return;
    }
    sock_set_keepalive(fd, &sock_keepalive_plain);
    sock_local_addr(fd, &here);
    *client = (struct waiting_client){.visit = visit,
                                      .client = open_address_of(peer),
                                      .local = open_address_of(here.length ? &here : &visit->address),
                                      .peer = *peer};
    visits->waiting_count++;
    visit->clients++;
    (void)offer(visits, client, fd, no_server);
}

/* ---- events ---- */

/* The event is level-triggered: what cannot be accepted would wake the loop in each turn. */
void visits_on_readable(evutil_socket_t listener, short what, void *context) {
    struct visit *visit = context;
    struct addr peer;

    (void)what;
    visits_expire(visit->visits);
    for (unsigned i = 0; i < ACCEPTS_PER_TURN && visit->fd >= 0; i++) {
        if (visit->visits->waiting_count == VISIT_WAITING_MOST || !is_paced(visit->visits)) {
            pause_all(visit->visits);
            return;
        }
        evutil_socket_t fd = sock_accept(listener, &peer);
        if (fd < 0) {
            if (!sock_would_block(errno) && !sock_client_has_gone(errno))
                pause_all(visit->visits);
            return;
        }
        begin(visit, fd, &peer);
    }
}

/* One that is not waiting any more was taken, by an OPEN that came by another link before this. */
void visits_on_refused(void *context, uint64_t session, const struct visit_refused *refused) {
    struct visits *visits = context;

    for (size_t i = 0; i < VISIT_WAITING_MOST; i++) {
        struct waiting_client *client = &visits->waiting[i];
        if (!client->ticket || client->ticket != refused->ticket || client->session != session)
            continue;
        evutil_socket_t fd = take_back(visits, client);
        if (fd >= 0)
            (void)offer(visits, client, fd, *refused->reason ? refused->reason : no_server);
        else
            forget(visits, client);
        break;
    }
    go_on(visits);
}

void visits_leave_session(struct visits *visits, uint64_t session) {
    for (size_t i = 0; i < VISIT_WAITING_MOST; i++) {
        struct waiting_client *client = &visits->waiting[i];
        if (!client->ticket || client->session != session)
            continue;
        evutil_socket_t fd = take_back(visits, client);
        if (fd >= 0)
            (void)offer(visits, client, fd, "the connection to the server was lost");
        else
            forget(visits, client);
    }
    go_on(visits);
}

void visits_expire(struct visits *visits) {
    uint64_t now_us = clock_us();

    for (size_t i = 0; visits->waiting_count && i < VISIT_WAITING_MOST; i++) {
        struct waiting_client *client = &visits->waiting[i];
        bool is_due = visits->is_stopped || now_us >= client->until_us;
        if (!client->ticket || (!is_due && visit_tickets_waits(visits->tickets, client->ticket)))
            continue;
        evutil_socket_t fd = take_back(visits, client);
        if (fd >= 0)
            (void)offer(visits, client, fd, "the server has not answered in time");
        else
            forget(visits, client);
    }
    go_on(visits);
}

size_t visits_waiting_of(const struct visits *visits, const struct visit *visit) {
    size_t count = 0;

    for (size_t i = 0; i < VISIT_WAITING_MOST; i++)
        count += visits->waiting[i].ticket && visits->waiting[i].visit == visit &&
                 visit_tickets_waits(visits->tickets, visits->waiting[i].ticket);
    return count;
}
