/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * destination_handlers: the ways in which a destination serves a connection.
 * Runs on: the connection's thread.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"

#include <poll.h>
#include <string.h>

enum { PART = 65536 };

static bool send_part(struct connection *connection, const void *data, size_t size) {
    bool sent = socket_send(connection->fd, data, size, CONNECTION_MS);
    if (sent)
        connection->bytes_sent += size;
    return sent;
}

/* The next bytes that come, at most `size`; 0 at the end, which `connection->end` then names. */
static size_t receive(struct connection *connection, char *part, size_t size) {
    size_t got;
    connection->end = socket_read_some(connection->fd, part, size, &got, CONNECTION_MS);
    connection->bytes_received += got;
    return got;
}

void handle_echo(struct connection *connection) {
    char part[PART];
    size_t got;
    while ((got = receive(connection, part, sizeof part)) > 0 && send_part(connection, part, got)) {
    }
}

void handle_sink(struct connection *connection) {
    struct tally *tally = tally_new();
    char part[PART];
    size_t got;
    while ((got = receive(connection, part, sizeof part)) > 0)
        tally_add(tally, part, got);
    tally_end(tally, &connection->received);
}

void handle_source(struct connection *connection) {
    struct source source;
    char part[16384];
    source_begin(&source, 1);
    do
        source_fill(&source, part, sizeof part);
    while (send_part(connection, part, sizeof part));
    connection->end = socket_wait_end(connection->fd, 1000); /* only to know whether it was a reset */
}

static void send_source(struct connection *connection, uint64_t bytes) {
    struct source source;
    char part[PART];
    source_begin(&source, 1);
    connection->sent_all = true;
    while (bytes > 0 && connection->sent_all) {
        size_t size = bytes < sizeof part ? (size_t)bytes : sizeof part;
        source_fill(&source, part, size);
        connection->sent_all = send_part(connection, part, size);
        bytes -= size;
    }
}

void handle_send_and_close(struct connection *connection) {
    send_source(connection, *(atomic_ullong *)connection->context);
}

void handle_answer_at_end(struct connection *connection) {
    handle_sink(connection);
    if (connection->end == END_FILE)
        send_source(connection, *(atomic_ullong *)connection->context);
}

void handle_greeting(struct connection *connection) {
    send_part(connection, connection->context, strlen(connection->context));
}

static bool pass_on(struct connection *connection, int from, int to) {
    char part[PART];
    size_t got = 0;
    connection->end = socket_read_some(from, part, sizeof part, &got, CONNECTION_MS);
    return got > 0 && socket_send(to, part, got, CONNECTION_MS);
}

void handle_forward(struct connection *connection) {
    int fd = socket_try("127.0.0.1", *(uint16_t *)connection->context);
    struct pollfd ends[2] = {{.fd = connection->fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    bool runs = fd >= 0;
    while (runs && poll(ends, 2, CONNECTION_MS) > 0)
        for (int i = 0; i < 2 && runs; i++)
            runs = !ends[i].revents || pass_on(connection, ends[i].fd, ends[1 - i].fd);
    if (fd >= 0)
        socket_reset(fd);
}

void handle_exchange(struct connection *connection) {
    struct exchange_request exchange_request;
    connection->end = socket_read(connection->fd, &exchange_request, sizeof exchange_request, NULL, CONNECTION_MS);
    if (connection->end != END_NONE)
        return;
    struct exchange exchange = {.seed = exchange_request.seed, .length = exchange_request.length};
    socket_exchange(connection->fd, &exchange, CONNECTION_MS);
    connection->tag = exchange_request.tag;
    connection->sent = exchange.sent;
    connection->received = exchange.received;
    connection->sent_all = exchange.sent_all;
    connection->end = exchange.end;
}
