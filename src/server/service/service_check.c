/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_check: see service_check.h.
 */
#include "config.h"

#include "server/service/service_check.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/net/sock.h"
#include "server/service/check_report.h"

#include <errno.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum { READ_SIZE = 256 };

struct service_check {
    struct service_check_options options;
    evutil_socket_t fd;
    struct event *io, *deadline, *silence;
    bool has_probe;
    struct check_facts facts;
};

static void free_check(struct service_check *check) {
    if (check->has_probe)
        service_end_probe(check->options.service);
    if (check->io)
        event_free(check->io);
    if (check->deadline)
        event_free(check->deadline);
    if (check->silence)
        event_free(check->silence);
    if (check->fd >= 0)
        sock_close_reset(check->fd);
    free(check);
}

void service_check_cancel(struct service_check *check) {
    free_check(check);
}

/* ---- over ---- */

static void on_deadline(evutil_socket_t fd, short what, void *context) {
    struct service_check *check = context;
    struct service_check_options options = check->options;
    struct check_report report;

    (void)fd;
    (void)what;
    check->facts.ended_us = clock_us();
    check_report_make(&report, &check->facts, options.service, options.sessions);
    free_check(check);
    options.done(options.context, &report);
}

/* In a turn of its own: the caller may be in the middle of what ends. */
static void finish(struct service_check *check) {
    event_active(check->deadline, EV_TIMEOUT, 1);
}

/* ---- what the destination sends ---- */

static void keep_first(struct check_facts *facts, const char *bytes, size_t length) {
    size_t kept = 0;

    for (; kept < length && kept < sizeof facts->first - 1 && bytes[kept] != '\r' && bytes[kept] != '\n'; kept++)
        facts->first[kept] = bytes[kept] >= ' ' && bytes[kept] < 0x7f ? bytes[kept] : '.';
    facts->first[kept] = '\0';
}

/* False: nothing yet. */
static bool take_first(struct service_check *check) {
    char bytes[READ_SIZE];
    struct iovec part = {bytes, sizeof bytes};
    ssize_t got = check->facts.first_us ? -1 : sock_readv(check->fd, &part, 1);

    if (check->facts.first_us || (got < 0 && sock_would_block(errno)))
        return false;
    if (check->io)
        event_del(check->io);
    check->facts.first_us = clock_us();
    check->facts.got_byte = got > 0;
    if (got > 0)
        keep_first(&check->facts, bytes, (size_t)got);
    check->facts.got_end = got <= 0;
    return true;
}

/* ---- what the service reports ---- */

static void on_accept(void *context) {
    struct service_check *check = context;
    struct service_numbers numbers;

    check->facts.accepted_us = clock_us();
    service_read(check->options.service, &numbers);
    if (!numbers.agents && !numbers.asked)
        finish(check); /* its client would wait for an agent that may never come */
}

static void on_opened(void *context, const struct check_opened *opened) {
    static const struct timeval silence = {CHECK_SILENCE_MS / 1000, CHECK_SILENCE_MS % 1000 * 1000};
    struct service_check *check = context;
    struct check_facts *facts = &check->facts;

    facts->opened_us = clock_us();
    facts->dial_ms = opened->dial_ms;
    facts->lookup_ms = opened->lookup_ms;
    strbuf_copy(facts->agent, sizeof facts->agent, opened->client->agent);
    strbuf_copy(facts->address, sizeof facts->address, opened->address);
    if (facts->got_byte || event_add(check->silence, &silence))
        finish(check);
}

/* A service that leads to its own port: the last client of the circle is refused, and only its record has why. */
static void on_other(void *context, const struct client *client) {
    static const char begin[] = "a loop: "; /* of an agent's refusal */
    struct service_check *check = context;

    if (client->refusal == REFUSAL_DENIED && strncmp(client->detail, begin, sizeof begin - 1) == 0)
        strbuf_copy(check->facts.loop, sizeof check->facts.loop, client->detail);
}

/* What came before the end may still wait in the socket. */
static void take_end(struct service_check *check, const struct client *client) {
    struct check_facts *facts = &check->facts;

    facts->is_over = true;
    facts->reason = client->outcome == CLIENT_UNANSWERED ? REASON_LINK_LOST : client->reason;
    facts->refusal = client->refusal;
    strbuf_copy(facts->detail, sizeof facts->detail, client->detail);
    strbuf_copy(facts->agent, sizeof facts->agent, client->agent);
    if (!client->opened_us)
        return;
    take_first(check);
    if (!facts->opened_us) { /* out of memory for the event */
        facts->opened_us = client->opened_us;
        strbuf_copy(facts->address, sizeof facts->address, record_address(client));
    }
}

/* A service that goes has no listeners any more, and its check no use: it ends at once. */
static void on_end(void *context, const struct client *client) {
    struct service_check *check = context;

    if (client) {
        take_end(check, client);
        finish(check);
        return;
    }
    check->has_probe = false;
    struct service_check_options options = check->options;
    free_check(check);
    options.done(options.context, NULL);
}

/* ---- its own end ---- */

/* Of an end only the client's record has the reason. It is there when the relay has ended in both directions. */
static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct service_check *check = context;

    (void)what;
    if (!take_first(check))
        return;
    if (check->facts.got_end)
        sock_half_close(fd);
    else if (check->facts.opened_us)
        finish(check);
}

static void on_connected(evutil_socket_t fd, short what, void *context) {
    struct service_check *check = context;

    (void)what;
    check->facts.connect_error = sock_connect_result(fd);
    if (check->facts.connect_error) {
        event_del(check->io);
        finish(check);
        return;
    }
    event_free(check->io);
    check->io = event_new(check->options.base, check->fd, EV_READ | EV_PERSIST, on_readable, check);
    if (!check->io || event_add(check->io, NULL))
        finish(check);
}

static void on_silence(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    finish(context);
}

/* ---- the begin ---- */

/* An address at which a port that listens on all of them is reached from here. */
static struct addr reachable(const struct addr *listening) {
    struct endpoint endpoint = {.port = addr_port(listening)};
    struct addr addr = *listening;
    char host[ADDR_TEXT];

    addr_format_host(listening, host, sizeof host);
    bool is_any = strcmp(host, "0.0.0.0") == 0, is_any6 = strcmp(host, "::") == 0;
    snprintf(endpoint.host, sizeof endpoint.host, "%s", is_any6 ? "::1" : "127.0.0.1");
    if (is_any || is_any6)
        (void)addr_from_endpoint(&addr, &endpoint);
    return addr;
}

/* Does the kernel tell the service that a connection to its Unix socket is this process's? */
static bool is_known(const struct service_check *check, const struct addr *addr) {
    return !addr_is_unix(addr) || sock_peer_process(check->fd);
}

/* False: it is over, with what is known. */
static bool connect_to_port(struct service_check *check) {
    struct service *service = check->options.service;
    const struct addr *listening = service_addr(service);
    struct addr here, addr;
    bool is_done = false;

    check->facts.has_port = listening;
    if (!listening)
        return false;
    addr = reachable(listening);
    addr_format(&addr, check->facts.port, sizeof check->facts.port);
    if (service_config(service)->freebind && sock_addr_is_gone(&addr)) { /* a connection to it may meet silence */
        check->facts.connect_error = EADDRNOTAVAIL;
        return false;
    }
    check->fd = sock_connect(&addr, &here, &is_done);
    if (check->fd < 0 || !is_known(check, &addr)) {
        check->facts.connect_error = check->fd < 0 ? errno : ENOTSUP;
        return false;
    }
    const struct service_probe probe = {
        open_address_of(&here), addr_is_unix(&addr), on_accept, on_opened, on_other, on_end, check};
    service_end_probe(service); /* that of service_check_start, which had no address yet */
    check->has_probe = service_begin_probe(service, &probe);
    check->io = event_new(check->options.base, check->fd, EV_WRITE | EV_PERSIST, on_connected, check);
    return check->io && event_add(check->io, NULL) == 0;
}

static bool make_timers(struct service_check *check) {
    static const struct timeval most = {CHECK_MOST_MS / 1000, CHECK_MOST_MS % 1000 * 1000};

    check->deadline = event_new(check->options.base, -1, 0, on_deadline, check);
    check->silence = event_new(check->options.base, -1, 0, on_silence, check);
    return check->deadline && check->silence && event_add(check->deadline, &most) == 0;
}

struct service_check *service_check_start(const struct service_check_options *options, bool *is_busy) {
    struct service_check *check = calloc(1, sizeof *check);
    struct service_numbers numbers;

    *is_busy = false;
    if (!check)
        return NULL;
    check->options = *options;
    check->fd = -1;
    check->facts.begun_us = clock_us();
    const struct service_probe probe = {
        .on_accept = on_accept, .on_opened = on_opened, .on_other = on_other, .on_end = on_end, .context = check};
    check->has_probe = service_begin_probe(options->service, &probe);
    *is_busy = !check->has_probe;
    if (!check->has_probe || !make_timers(check)) {
        free_check(check);
        return NULL;
    }
    service_read(options->service, &numbers);
    if (numbers.paused_by || !connect_to_port(check))
        finish(check);
    return check;
}
