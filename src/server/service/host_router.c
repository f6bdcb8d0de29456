/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_router: see host_router.h. A client sends its first bytes as soon as it has connected, so that mostly they are
 * there when it is accepted or a round trip later; at the limit the oldest is closed, which is the least likely to send
 * them.
 *
 * Bytes are looked at by MSG_PEEK. The kernel wakes only when there are more of them (SO_RCVLOWAT); for a ClientHello,
 * whose records tell their length, when all are there. A head of HTTP may come byte by byte, so after a few looks, and
 * where the kernel cannot wait for more, there is a pause before each.
 */
#include "config.h"

#include "server/service/host_router.h"

#include "lib/base/clock.h"
#include "lib/base/queue.h"
#include "lib/net/sock.h"
#include "server/service/first_bytes.h"
#include "server/service/route_answer.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS_AT_ONCE = 8, PAUSE_MS = 20, LEAVE_MS = 1000, LEAVE_READS = 16, IDLE_WAKES_MOST = 10 };

struct connection {
    TAILQ_ENTRY(connection) entry;
    struct host_router *router;
    const struct host_router_port *port;
    struct host_route route;
    uint64_t deadline_us;
    size_t seen;    /* bytes that were there at the last look */
    unsigned looks; /* while leaving: reads */
    unsigned idle_wakes;
    bool is_leaving, waits_for_more;
    struct event readable, pause;
};

struct host_router {
    struct event_base *base;
    struct first_bytes_reader *reader;
    TAILQ_HEAD(, connection) connections; /* the oldest first */
    size_t count, limit;
    uint8_t bytes[FIRST_BYTES_MOST]; /* of the one that is looked at */
};

const char *route_result_label(enum route_result result) {
    static const char *const labels[ROUTE_RESULT_COUNT] = {
#define ROUTE_RESULT_LABEL(name, label, text) label,
        ROUTE_RESULTS(ROUTE_RESULT_LABEL)
#undef ROUTE_RESULT_LABEL
    };
    return labels[result];
}

const char *route_result_text(enum route_result result) {
    static const char *const texts[ROUTE_RESULT_COUNT] = {
#define ROUTE_RESULT_TEXT(name, label, text) text,
        ROUTE_RESULTS(ROUTE_RESULT_TEXT)
#undef ROUTE_RESULT_TEXT
    };
    return texts[result];
}

/* ---- the table ---- */

struct host_router *host_router_new(struct event_base *base) {
    struct host_router *router = calloc(1, sizeof *router);

    if (!router)
        return NULL;
    router->base = base;
    router->limit = HOST_ROUTER_MOST;
    TAILQ_INIT(&router->connections);
    router->reader = first_bytes_reader_new();
    if (router->reader)
        return router;
    free(router);
    return NULL;
}

static void forget(struct connection *connection) {
    struct host_router *router = connection->router;

    event_del(&connection->readable);
    event_del(&connection->pause);
    TAILQ_REMOVE(&router->connections, connection, entry);
    router->count--;
    free(connection->route.found.tlvs);
    free(connection);
}

static void reset(struct connection *connection) {
    sock_close_reset(connection->route.fd);
    forget(connection);
}

void host_router_free(struct host_router *router) {
    if (!router)
        return;
    for (struct connection *connection; (connection = TAILQ_FIRST(&router->connections));)
        reset(connection);
    first_bytes_reader_free(router->reader);
    free(router);
}

void host_router_drop(struct host_router *router, const struct host_router_port *port) {
    for (struct connection *connection = TAILQ_FIRST(&router->connections), *next; connection; connection = next) {
        next = TAILQ_NEXT(connection, entry);
        if (connection->port == port)
            reset(connection);
    }
}

void host_router_set_limit(struct host_router *router, size_t limit) {
    router->limit = limit < 1 ? 1 : limit > HOST_ROUTER_MOST ? HOST_ROUTER_MOST : limit;
}

size_t host_router_count(const struct host_router *router) {
    return router->count;
}

/* ---- waiting ---- */

static int wait_until(struct event *event, uint64_t deadline_us) {
    uint64_t now_us = clock_us();
    struct timeval left = clock_timeval(deadline_us > now_us ? deadline_us - now_us : 1);

    return event_add(event, &left);
}

/* ---- ends ---- */

static void refuse(struct connection *connection, enum route_result result, const char *detail) {
    const struct host_router_port *port = connection->port;
    struct addr peer = connection->route.found.peer;

    reset(connection);
    port->on_refused(port->context, result, &peer, detail);
}

/* What it has sent has to be read: with bytes left close() sends RST, which takes the answer with it. */
static void read_away(struct connection *connection) {
    struct iovec part = {connection->router->bytes, FIRST_BYTES_MOST};

    (void)sock_readv(connection->route.fd, &part, 1);
}

static void leave(struct connection *connection) {
    ssize_t got = -1;

    while (connection->looks++ < LEAVE_READS) {
        struct iovec part = {connection->router->bytes, FIRST_BYTES_MOST};
        got = sock_readv(connection->route.fd, &part, 1);
        if (got <= 0)
            break;
    }
    bool is_over = got == 0 || (got < 0 && !sock_would_block(errno)) || connection->looks > LEAVE_READS ||
                   clock_us() >= connection->deadline_us;
    if (!is_over && wait_until(&connection->readable, connection->deadline_us) == 0)
        return;
    sock_close(connection->route.fd);
    forget(connection);
}

static void answer(struct connection *connection, const void *bytes, size_t length) {
    struct iovec part = {(void *)bytes, length};
    evutil_socket_t fd = connection->route.fd;

    read_away(connection);
    sock_set_reset_on_close(fd, false);
    if (sock_writev(fd, &part, 1) != (ssize_t)length || sock_half_close(fd)) {
        reset(connection);
        return;
    }
    connection->is_leaving = true;
    connection->looks = 0;
    connection->deadline_us = clock_us() + LEAVE_MS * 1000ull;
    leave(connection);
}

static void turn_away(struct connection *connection, enum route_result result, const struct first_bytes *found) {
    const struct host_router_port *port = connection->port;
    struct addr peer = connection->route.found.peer;
    const char *detail = found->detail ? found->detail : *found->name ? found->name : NULL;
    size_t length;
    const void *bytes = route_answer(result, found, &length);

    if (bytes)
        answer(connection, bytes, length);
    else
        reset(connection);
    port->on_refused(port->context, result, &peer, detail);
}

static void give(struct connection *connection, struct service *service) {
    const struct host_router_port *port = connection->port;
    struct host_route route = connection->route;

    connection->route.found.tlvs = NULL; /* the taker's */
    forget(connection);
    if (service)
        port->on_routed(port->context, service, &route);
    else
        port->on_agent(port->context, &route);
}

/* ---- the choice ---- */

static enum route_result choose(const struct host_router_port *port, const struct first_bytes *found,
                                struct service **service) {
    bool may_have_name = found->kind != FIRST_BYTES_OTHER && found->kind != FIRST_BYTES_HTTP2;

    *service = NULL;
    if (found->is_wrong)
        return ROUTE_MALFORMED;
    if (found->kind == FIRST_BYTES_AGENT && port->has_agents)
        return ROUTE_AGENT;
    *service = host_routes_lead(port->routes, may_have_name ? found->name : "");
    if (*service)
        return ROUTE_ROUTED;
    if (found->kind == FIRST_BYTES_OTHER)
        return ROUTE_OTHER_PROTOCOL;
    return *found->name ? ROUTE_UNKNOWN_NAME : ROUTE_NO_NAME;
}

static void route(struct connection *connection, const struct first_bytes *found) {
    struct service *service;
    enum route_result result = choose(connection->port, found, &service);

    if (result != ROUTE_ROUTED && result != ROUTE_AGENT) {
        turn_away(connection, result, found);
        return;
    }
    memcpy(connection->route.name, found->name, sizeof found->name);
    connection->route.is_http = found->kind == FIRST_BYTES_HTTP && *found->name;
    sock_wake_at(connection->route.fd, 1);
    give(connection, service);
}

/* ---- looks ---- */

static void wait_for(struct connection *connection, size_t needs, size_t there) {
    bool is_first = connection->looks == 0;

    connection->seen = there;
    connection->waits_for_more = needs <= 1 || sock_wake_at(connection->route.fd, needs);
    bool must_pause =
        !connection->waits_for_more || connection->idle_wakes > 0 || (connection->looks >= LOOKS_AT_ONCE && !is_first);
    connection->looks++;
    if (wait_until(must_pause ? &connection->pause : &connection->readable,
                   must_pause ? clock_us() + PAUSE_MS * 1000ull : connection->deadline_us))
        refuse(connection, ROUTE_FULL, "out of memory");
}

/* Woken again and again without more bytes: the end of the stream is behind them. Once alone may be the kernel, which
 * wakes too early while its memory for the connection is short: of many packets with a byte each, say. */
static bool is_idle(struct connection *connection, size_t there, bool is_woken) {
    if (there != connection->seen)
        connection->idle_wakes = 0;
    else if (is_woken && there > 0)
        connection->idle_wakes++;
    return connection->idle_wakes > IDLE_WAKES_MOST;
}

static void read_first(struct connection *connection, size_t there, bool is_late, bool is_woken) {
    struct first_bytes found;

    first_bytes_read(connection->router->reader, connection->router->bytes, there, &found);
    if (found.kind != FIRST_BYTES_NONE && found.kind != FIRST_BYTES_PART)
        route(connection, &found);
    else if (is_late)
        turn_away(connection, ROUTE_TIMEOUT, &found);
    else if (is_idle(connection, there, is_woken))
        refuse(connection, ROUTE_CLOSED, NULL);
    else
        wait_for(connection, found.needs, there);
}

static void look(struct connection *connection, bool is_woken) {
    bool is_late = clock_us() >= connection->deadline_us;
    ssize_t got = sock_peek(connection->route.fd, connection->router->bytes, FIRST_BYTES_MOST);

    if (got == 0 || (got < 0 && !sock_would_block(errno)))
        refuse(connection, ROUTE_CLOSED, NULL);
    else
        read_first(connection, got > 0 ? (size_t)got : 0, is_late, is_woken);
}

static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct connection *connection = context;

    (void)fd;
    if (connection->is_leaving)
        leave(connection);
    else
        look(connection, !(what & EV_TIMEOUT) && connection->waits_for_more);
}

static void on_pause(evutil_socket_t fd, short what, void *context) {
    struct connection *connection = context;

    (void)fd;
    (void)what;
    if (!connection->waits_for_more)
        look(connection, false);
    else if (wait_until(&connection->readable, connection->deadline_us))
        refuse(connection, ROUTE_FULL, "out of memory");
}

/* ---- the begin ---- */

static struct connection *add(struct host_router *router, const struct host_router_port *port) {
    struct connection *connection = calloc(1, sizeof *connection);

    if (!connection)
        return NULL;
    connection->router = router;
    connection->port = port;
    connection->deadline_us = clock_us() + HOST_ROUTER_DEADLINE_S * 1000000ull;
    TAILQ_INSERT_TAIL(&router->connections, connection, entry);
    router->count++;
    return connection;
}

static void close_oldest(struct host_router *router) {
    struct connection *oldest = TAILQ_FIRST(&router->connections);

    if (oldest->is_leaving)
        reset(oldest);
    else
        refuse(oldest, ROUTE_FULL, NULL);
}

void host_router_begin(struct host_router *router, const struct host_router_port *port, evutil_socket_t fd,
                       const struct inspected *found) {
    if (router->count >= router->limit)
        close_oldest(router);
    struct connection *connection = add(router, port);
    if (!connection) {
        sock_close_reset(fd);
        free(found->tlvs);
        port->on_refused(port->context, ROUTE_FULL, &found->peer, "out of memory");
        return;
    }
    connection->route = (struct host_route){.fd = fd, .found = *found};
    (void)event_assign(&connection->readable, router->base, fd, EV_READ, on_readable, connection);
    (void)evtimer_assign(&connection->pause, router->base, on_pause, connection);
    look(connection, false);
}
