/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * destination_handlers: the ways in which a destination serves a visit.
 * Runs on: the visit's thread.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/destination.h"

#include <poll.h>
#include <string.h>

enum { PART = 65536 };

static bool send_part(struct visit *visit, const void *data, size_t size) {
    bool sent = socket_send(visit->fd, data, size, VISIT_MS);
    if (sent)
        visit->went += size;
    return sent;
}

/* The next bytes that come, at most `size`; 0 at the end, which `visit->end` then names. */
static size_t hear(struct visit *visit, char *part, size_t size) {
    size_t got;
    visit->end = socket_read_some(visit->fd, part, size, &got, VISIT_MS);
    visit->came += got;
    return got;
}

void serve_echo(struct visit *visit) {
    char part[PART];
    size_t got;
    while ((got = hear(visit, part, sizeof part)) > 0 && send_part(visit, part, got)) {
    }
}

void serve_sink(struct visit *visit) {
    struct tally *tally = tally_new();
    char part[PART];
    size_t got;
    while ((got = hear(visit, part, sizeof part)) > 0)
        tally_add(tally, part, got);
    tally_end(tally, &visit->received);
}

void serve_source(struct visit *visit) {
    struct source source;
    char part[16384];
    source_begin(&source, 1);
    do
        source_fill(&source, part, sizeof part);
    while (send_part(visit, part, sizeof part));
    visit->end = socket_wait_end(visit->fd, 1000); /* only to know whether it was a reset */
}

static void send_source(struct visit *visit, uint64_t bytes) {
    struct source source;
    char part[PART];
    source_begin(&source, 1);
    visit->sent_all = true;
    while (bytes > 0 && visit->sent_all) {
        size_t size = bytes < sizeof part ? (size_t)bytes : sizeof part;
        source_fill(&source, part, size);
        visit->sent_all = send_part(visit, part, size);
        bytes -= size;
    }
}

void serve_shout(struct visit *visit) {
    send_source(visit, *(atomic_ullong *)visit->context);
}

void serve_answer(struct visit *visit) {
    serve_sink(visit);
    if (visit->end == END_FILE)
        send_source(visit, *(atomic_ullong *)visit->context);
}

void serve_name(struct visit *visit) {
    send_part(visit, visit->context, strlen(visit->context));
}

static bool pass_on(struct visit *visit, int from, int to) {
    char part[PART];
    size_t got = 0;
    visit->end = socket_read_some(from, part, sizeof part, &got, VISIT_MS);
    return got > 0 && socket_send(to, part, got, VISIT_MS);
}

void serve_forward(struct visit *visit) {
    int fd = socket_try("127.0.0.1", *(uint16_t *)visit->context);
    struct pollfd ends[2] = {{.fd = visit->fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    bool runs = fd >= 0;
    while (runs && poll(ends, 2, VISIT_MS) > 0)
        for (int i = 0; i < 2 && runs; i++)
            runs = !ends[i].revents || pass_on(visit, ends[i].fd, ends[1 - i].fd);
    if (fd >= 0)
        socket_reset(fd);
}

void serve_exchange(struct visit *visit) {
    struct errand errand;
    visit->end = socket_read(visit->fd, &errand, sizeof errand, NULL, VISIT_MS);
    if (visit->end != END_NONE)
        return;
    struct exchange exchange = {.seed = errand.seed, .length = errand.length};
    socket_exchange(visit->fd, &exchange, VISIT_MS);
    visit->tag = errand.tag;
    visit->sent = exchange.sent;
    visit->received = exchange.received;
    visit->sent_all = exchange.sent_all;
    visit->end = exchange.end;
}
