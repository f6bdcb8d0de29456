/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * inspect: see inspect.h. A balancer sends its header as soon as it has connected, so mostly it is there already when
 * the connection is accepted, and nothing is waited for. At the limit the oldest is closed: a header takes one round
 * trip, and what has waited longest is the least likely to send one.
 *
 * Bytes are looked at by MSG_PEEK and then read up to the header's end. An incomplete header is read at once: the event
 * is level-triggered, and would fire in each turn for bytes that stay.
 */
#include "config.h"

#include "server/service/inspect.h"

#include "lib/base/clock.h"
#include "lib/base/queue.h"
#include "lib/net/sock.h"
#include "proto/proxy_protocol.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>

enum { LOCAL_WAIT_MS = 100 };
enum step { STEP_HEADER, STEP_LOCAL };
enum outcome { OUTCOME_WAIT, OUTCOME_NEXT, OUTCOME_KNOWN, OUTCOME_FAILED };

struct connection {
    TAILQ_ENTRY(connection) entry;
    struct inspect *inspect;
    const struct inspect_port *port;
    evutil_socket_t fd;
    struct addr balancer; /* its own peer */
    struct inspected found;
    enum step step;
    enum inspect_failure failure; /* with OUTCOME_FAILED, as the next */
    struct error why;
    uint64_t deadline_us;
    bool is_late;
    struct event readable;
    size_t length;
    uint8_t bytes[PROXY_READ_MAX]; /* of the header, read from the socket */
};

struct inspect {
    struct event_base *base;
    TAILQ_HEAD(, connection) connections; /* the oldest first */
    size_t count, limit;
};

const char *inspect_failure_text(enum inspect_failure failure) {
    static const char *const texts[INSPECT_FAILURE_COUNT] = {
#define INSPECT_FAILURE_TEXT(name, text) text,
        INSPECT_FAILURES(INSPECT_FAILURE_TEXT)
#undef INSPECT_FAILURE_TEXT
    };
    return texts[failure];
}

/* ---- the table ---- */

struct inspect *inspect_new(struct event_base *base) {
    struct inspect *inspect = calloc(1, sizeof *inspect);

    if (!inspect)
        return NULL;
    inspect->base = base;
    inspect->limit = INSPECT_MOST;
    TAILQ_INIT(&inspect->connections);
    return inspect;
}

/* Returns its descriptor. */
static evutil_socket_t forget(struct connection *connection) {
    struct inspect *inspect = connection->inspect;
    evutil_socket_t fd = connection->fd;

    event_del(&connection->readable);
    TAILQ_REMOVE(&inspect->connections, connection, entry);
    inspect->count--;
    free(connection);
    return fd;
}

static void close_connection(struct connection *connection) {
    free(connection->found.tlvs);
    sock_close_reset(forget(connection));
}

void inspect_free(struct inspect *inspect) {
    if (!inspect)
        return;
    for (struct connection *connection; (connection = TAILQ_FIRST(&inspect->connections));)
        close_connection(connection);
    free(inspect);
}

void inspect_drop(struct inspect *inspect, const struct inspect_port *port) {
    for (struct connection *connection = TAILQ_FIRST(&inspect->connections), *next; connection; connection = next) {
        next = TAILQ_NEXT(connection, entry);
        if (connection->port == port)
            close_connection(connection);
    }
}

void inspect_set_limit(struct inspect *inspect, size_t limit) {
    inspect->limit = limit < 1 ? 1 : limit > INSPECT_MOST ? INSPECT_MOST : limit;
}

size_t inspect_count(const struct inspect *inspect) {
    return inspect->count;
}

/* ---- ends ---- */

static enum outcome fail(struct connection *connection, enum inspect_failure failure, const char *detail) {
    connection->failure = failure;
    error_set(&connection->why, "%s%s%s", inspect_failure_text(failure), detail ? ": " : "", detail ? detail : "");
    return OUTCOME_FAILED;
}

static void end_failed(struct connection *connection) {
    struct connection ended = *connection;

    close_connection(connection);
    ended.port->on_failed(ended.port->context, ended.failure, &ended.balancer, ended.why.text);
}

static void end_known(struct connection *connection) {
    const struct inspect_port *port = connection->port;
    struct inspected found = connection->found;

    port->on_known(port->context, forget(connection), &found);
}

/* ---- its steps ---- */

/* The socket has these bytes: they were looked at before. */
static bool take(struct connection *connection, size_t count) {
    struct iovec part = {connection->bytes + connection->length, count};

    if (sock_readv(connection->fd, &part, 1) != (ssize_t)count)
        return false;
    connection->length += count;
    return true;
}

static enum outcome end_of_peer(struct connection *connection) {
    return connection->length ? fail(connection, INSPECT_MALFORMED, "the connection ended within it")
                              : fail(connection, INSPECT_CLOSED, NULL);
}

/* The TLVs are for the destination: without memory for them it gets its header without. */
static void take_facts(struct connection *connection, const struct proxy_header *header) {
    bool has_more = header->authority.bytes || header->alpn.bytes || header->tls.is_used;

    if (connection->port->wants_tlvs && has_more)
        connection->found.tlvs = proxy_tlvs_new(header);
    if (!header->has_addresses)
        return;
    connection->found.has_addresses = true;
    connection->found.peer = open_address_to_addr(&header->source);
    connection->found.reached = header->destination;
}

static enum outcome read_header(struct connection *connection) {
    struct proxy_header header;
    struct error error;
    size_t taken;
    ssize_t got = sock_peek(connection->fd, connection->bytes + connection->length,
                            sizeof connection->bytes - connection->length);

    if (got < 0 && sock_would_block(errno))
        return connection->is_late ? fail(connection, INSPECT_TIMEOUT, NULL) : OUTCOME_WAIT;
    if (got <= 0)
        return end_of_peer(connection);
    size_t there = connection->length + (size_t)got;
    enum proxy_read_result result = proxy_read(&header, connection->bytes, there, &taken, &error);
    if (result == PROXY_READ_MALFORMED)
        return fail(connection, INSPECT_MALFORMED, error.text);
    bool is_whole = result == PROXY_READ_WHOLE;
    if (!take(connection, (is_whole ? taken : there) - connection->length))
        return end_of_peer(connection);
    if (!is_whole)
        return connection->is_late ? fail(connection, INSPECT_TIMEOUT, NULL) : OUTCOME_WAIT;
    take_facts(connection, &header);
    return header.command == PROXY_COMMAND_LOCAL ? OUTCOME_NEXT : OUTCOME_KNOWN;
}

/*
 * A balancer's health check mostly ends with its header. Such a connection is no client: no agent has to connect to the
 * destination for it. One that stays for a while, or sends something, is a check of what is behind the port.
 */
static enum outcome await_local(struct connection *connection) {
    uint8_t byte;
    ssize_t got = sock_peek(connection->fd, &byte, sizeof byte);

    if (got > 0)
        return OUTCOME_KNOWN;
    if (got == 0 || !sock_would_block(errno))
        return fail(connection, INSPECT_CLOSED, NULL);
    return connection->is_late ? OUTCOME_KNOWN : OUTCOME_WAIT;
}

static const struct {
    enum outcome (*run)(struct connection *connection);
    unsigned wait_ms; /* 0: until the port's deadline */
} steps[] = {
    [STEP_HEADER] = {read_header, 0},
    [STEP_LOCAL] = {await_local, LOCAL_WAIT_MS},
};

static enum outcome await_more(struct connection *connection) {
    uint64_t now_us = clock_us();
    struct timeval left = clock_timeval(connection->deadline_us > now_us ? connection->deadline_us - now_us : 1);

    return event_add(&connection->readable, &left) ? fail(connection, INSPECT_MEMORY, NULL) : OUTCOME_WAIT;
}

static enum outcome begin_next_step(struct connection *connection) {
    connection->step++;
    connection->is_late = false;
    if (steps[connection->step].wait_ms)
        connection->deadline_us = clock_us() + steps[connection->step].wait_ms * 1000ull;
    return steps[connection->step].run(connection);
}

static void go_on(struct connection *connection) {
    enum outcome outcome = steps[connection->step].run(connection);

    while (outcome == OUTCOME_NEXT)
        outcome = begin_next_step(connection);
    if (outcome == OUTCOME_WAIT)
        outcome = await_more(connection);
    if (outcome == OUTCOME_KNOWN)
        end_known(connection);
    else if (outcome == OUTCOME_FAILED)
        end_failed(connection);
}

static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct connection *connection = context;

    (void)fd;
    connection->is_late = what & EV_TIMEOUT;
    go_on(connection);
}

/* ---- the begin ---- */

static void close_oldest(struct inspect *inspect) {
    struct connection *oldest = TAILQ_FIRST(&inspect->connections);

    fail(oldest, INSPECT_FULL, NULL);
    end_failed(oldest);
}

static struct connection *add(struct inspect *inspect, const struct inspect_port *port, evutil_socket_t fd) {
    struct connection *connection = malloc(sizeof *connection);

    if (!connection)
        return NULL;
    connection->inspect = inspect;
    connection->port = port;
    connection->fd = fd;
    connection->step = STEP_HEADER;
    connection->is_late = false;
    connection->length = 0;
    connection->deadline_us = clock_us() + port->deadline_s * 1000000ull;
    if (event_assign(&connection->readable, inspect->base, fd, EV_READ, on_readable, connection)) {
        free(connection);
        return NULL;
    }
    TAILQ_INSERT_TAIL(&inspect->connections, connection, entry);
    inspect->count++;
    return connection;
}

static void refuse(const struct inspect_port *port, evutil_socket_t fd, const struct addr *peer,
                   enum inspect_failure failure) {
    sock_close_reset(fd);
    port->on_failed(port->context, failure, peer, inspect_failure_text(failure));
}

void inspect_begin(struct inspect *inspect, const struct inspect_port *port, evutil_socket_t fd,
                   const struct addr *peer, const struct addr *local) {
    if (!acl_match(port->balancers, peer, NULL)) {
        refuse(port, fd, peer, INSPECT_NOT_LISTED);
        return;
    }
    if (inspect->count >= inspect->limit)
        close_oldest(inspect);
    struct connection *connection = add(inspect, port, fd);
    if (!connection) {
        refuse(port, fd, peer, INSPECT_MEMORY);
        return;
    }
    connection->found = (struct inspected){.peer = *peer, .local = *local};
    connection->balancer = *peer;
    go_on(connection);
}
