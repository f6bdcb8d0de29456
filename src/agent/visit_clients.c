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
#include <string.h>

enum {
    WAIT_MS = 10000,
    PAUSE_MS = 5,
    /* A server closes a control link with more than 1000 frames or 256 KiB in a second. */
    MESSAGES_A_SECOND = 600,
    BYTES_A_SECOND = 128 * 1024,
    MESSAGE_US = 1000000 / MESSAGES_A_SECOND,
    BURST_US = 200 * MESSAGE_US /* after a pause */
};

static const char no_server[] = "no server takes it now";

/* ---- pausing ---- */

static void pause_all(struct visits *visits, uint64_t us) {
    const struct timeval pause = {(long)(us / 1000000), (long)(us % 1000000)};

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

/* How long no message may be sent. Clients that come meanwhile wait in the backlog, and share the next one. */
static uint64_t pace(struct visits *visits) {
    uint64_t now_us = clock_us(), earliest_us = now_us - BURST_US;

    if (visits->paced_us < earliest_us)
        visits->paced_us = earliest_us;
    return visits->paced_us + MESSAGE_US > now_us ? visits->paced_us + MESSAGE_US - now_us : 0;
}

static void charge(struct visits *visits, size_t bytes) {
    uint64_t us = (uint64_t)bytes * 1000000 / BYTES_A_SECOND;

    visits->paced_us += us > MESSAGE_US ? us : MESSAGE_US;
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

/* Its socket, which nobody else has any more; -1: a relay thread has it. */
static evutil_socket_t take_back(struct visits *visits, const struct waiting_client *client) {
    struct visit_client taken;

    if (!visit_tickets_take(visits->tickets, client->ticket, 0, &taken))
        return -1;
    served_service_release(taken.service);
    return taken.fd;
}

static bool is_same(const struct open_address *a, const struct open_address *b) {
    return a->port == b->port && memcmp(a->host, b->host, sizeof a->host) == 0;
}

static void send_gathered(struct visits *visits);

/* Clients of one visit share a message, up to the end of this turn. */
static void gather(struct visits *visits, const struct waiting_client *client) {
    struct visit_open *open = &visits->gathered;
    uint32_t visit = (uint32_t)client->visit->index + 1;

    if (open->count == VISIT_CLIENTS_MAX || open->visit != visit || visits->gathered_session != client->session ||
        !is_same(&open->local, &client->local))
        send_gathered(visits);
    open->visit = visit;
    open->local = client->local;
    visits->gathered_session = client->session;
    open->arrivals[open->count++] = (struct visit_arrival){client->ticket, client->client};
}

/* Offers it to the next server that has not refused it; takes `fd`. If none is left, the client is forgotten. */
static void offer(struct visits *visits, struct waiting_client *client, evutil_socket_t fd, const char *detail) {
    const struct visit_server *server;

    while ((server = next_server(visits, client))) {
        struct visit_client waiting = {fd, served_service_hold(client->visit->service), ""};
        strbuf_copy(waiting.server, sizeof waiting.server, server->digits);
        client->session = client->tried[client->tried_count++] = server->session;
        client->until_us = clock_us() + WAIT_MS * 1000ULL;
        client->ticket = visit_tickets_put(visits->tickets, &waiting, server->session);
        if (client->ticket) {
            gather(visits, client);
            return;
        }
        served_service_release(waiting.service);
    }
    refuse(client->visit, fd, &client->peer, detail);
    forget(visits, client);
}

static void offer_again(struct visits *visits, struct waiting_client *client, const char *detail) {
    evutil_socket_t fd = take_back(visits, client);

    if (fd >= 0)
        offer(visits, client, fd, detail);
    else
        forget(visits, client);
}

static struct waiting_client *find(struct visits *visits, uint64_t session, uint32_t ticket) {
    for (size_t i = 0; i < VISIT_WAITING_MOST; i++)
        if (visits->waiting[i].ticket == ticket && visits->waiting[i].session == session)
            return &visits->waiting[i];
    return NULL;
}

static bool send_open(struct visits *visits, uint64_t session, const struct visit_open *open) {
    char *json = visit_open_format(open);
    bool is_sent = json && visits->options.send(visits->options.context, session, json);

    charge(visits, json ? strlen(json) : 0);
    free(json);
    return is_sent;
}

/* Clients whose server cannot be told of them are offered to the next one, which gathers again. */
static void send_gathered(struct visits *visits) {
    while (visits->gathered.count) {
        const struct visit_open open = visits->gathered;
        uint64_t session = visits->gathered_session;
        visits->gathered.count = 0;
        if (send_open(visits, session, &open))
            continue;
        for (size_t i = 0; i < open.count; i++) {
            struct waiting_client *client = find(visits, session, open.arrivals[i].ticket);
            if (client)
                offer_again(visits, client, no_server);
        }
    }
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
    offer(visits, client, fd, no_server);
}

/* ---- events ---- */

/* The event is level-triggered: what cannot be accepted would wake the loop in each turn. No event tells when a relay
 * thread has taken a client, or when there are descriptors. */
static void accept_some(struct visit *visit, evutil_socket_t listener) {
    struct addr peer;

    for (unsigned i = 0; i < VISIT_CLIENTS_MAX && visit->fd >= 0; i++) {
        if (visit->visits->waiting_count == VISIT_WAITING_MOST) {
            pause_all(visit->visits, PAUSE_MS * 1000);
            return;
        }
        evutil_socket_t fd = sock_accept(listener, &peer);
        if (fd < 0) {
            if (!sock_would_block(errno) && !sock_client_has_gone(errno))
                pause_all(visit->visits, PAUSE_MS * 1000);
            return;
        }
        begin(visit, fd, &peer);
    }
}

void visits_on_readable(evutil_socket_t listener, short what, void *context) {
    struct visit *visit = context;
    struct visits *visits = visit->visits;

    (void)what;
    visits_expire(visits);
    uint64_t pause_us = pace(visits);
    if (pause_us)
        pause_all(visits, pause_us);
    else
        accept_some(visit, listener);
    send_gathered(visits);
}

/* One that is not waiting any more was taken, by an OPEN that came by another link before this. */
void visits_on_refused(void *context, uint64_t session, const struct visit_refused *refused) {
    struct visits *visits = context;

    for (size_t i = 0; i < refused->count; i++) {
        struct waiting_client *client = find(visits, session, refused->tickets[i]);
        if (client)
            offer_again(visits, client, *refused->reason ? refused->reason : no_server);
    }
    send_gathered(visits);
    go_on(visits);
}

void visits_leave_session(struct visits *visits, uint64_t session) {
    for (size_t i = 0; i < VISIT_WAITING_MOST; i++) {
        struct waiting_client *client = &visits->waiting[i];
        if (client->ticket && client->session == session)
            offer_again(visits, client, "the connection to the server was lost");
    }
    send_gathered(visits);
    go_on(visits);
}

void visits_expire(struct visits *visits) {
    uint64_t now_us = clock_us();

    for (size_t i = 0; visits->waiting_count && i < VISIT_WAITING_MOST; i++) {
        struct waiting_client *client = &visits->waiting[i];
        bool is_due = visits->is_stopped || now_us >= client->until_us;
        if (client->ticket && (is_due || !visit_tickets_waits(visits->tickets, client->ticket)))
            offer_again(visits, client, "the server has not answered in time");
    }
    send_gathered(visits);
    go_on(visits);
}

size_t visits_waiting_of(const struct visits *visits, const struct visit *visit) {
    size_t count = 0;

    for (size_t i = 0; i < VISIT_WAITING_MOST; i++)
        count += visits->waiting[i].ticket && visits->waiting[i].visit == visit &&
                 visit_tickets_waits(visits->tickets, visits->waiting[i].ticket);
    return count;
}
