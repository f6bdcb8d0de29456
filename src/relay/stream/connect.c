/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * connect: see connect.h.
 */
#include "config.h"

#include "relay/stream/connect.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/strbuf.h"
#include "lib/net/port_range.h"
#include "lib/net/sock.h"
#include "proto/services.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stdlib.h>
#include <string.h>

enum { DIAL_LEAST_MS = 250 };

struct connector {
    struct connector_order order;
    struct addr from; /* order.from */
    int next_destination;
    struct endpoint endpoint;       /* the destination that is being tried */
    struct addr numeric;            /* its address, if it needs no look-up */
    struct resolver_answer *answer; /* else, and allocated then: it is larger than all the rest */
    const struct addr *addresses;   /* in the one or the other */
    int address_count, next_address;
    const struct addr *address; /* of these, the one that is being tried */
    struct addr here;
    evutil_socket_t fd; /* of datagrams, for the result */
    struct resolver_question *question;
    bool starting;
    struct event timer; /* of the address that is being tried */
    uint64_t deadline_us, asked_us, lookup_us;
    enum refusal refusal; /* the last failure, until something succeeds */
    char detail[CONNECTOR_DETAIL];
};

static void try_address(struct connector *dial);
static void try_destination(struct connector *dial);

/* By RST: the connection may just have been established, and a FIN would look like an empty, complete stream. */
static void drop_descriptor(struct connector *dial) {
    if (dial->order.socket)
        sock_close_reset(stream_socket_detach(dial->order.socket));
}

static void free_dial(struct connector *dial) {
    event_del(&dial->timer);
    if (dial->question)
        resolver_cancel(dial->question);
    free(dial->answer);
    free(dial);
}

static bool has_more(const struct connector *dial) {
    return dial->next_address < dial->address_count || dial->next_destination < dial->order.to_count;
}

static void finish(struct connector *dial, bool is_connected) {
    bool stays = is_connected && !dial->order.socket && has_more(dial);
    struct connector_result result = {.is_connected = is_connected,
                                      .here = dial->here,
                                      .fd = is_connected ? dial->fd : -1,
                                      .has_more = stays,
                                      .destination = dial->next_destination - 1,
                                      .lookup_us = dial->lookup_us,
                                      .refusal = dial->refusal};
    connector_callback callback = dial->order.callback;
    void *context = dial->order.context;
    if (is_connected)
        result.address = *dial->address;
    else
        strbuf_copy(result.detail, sizeof result.detail, dial->detail);
    if (!stays && !dial->starting) {
        free_dial(dial);
    } else if (!stays) {
        dial->order.callback = NULL; /* connector_start frees it */
    }
    callback(context, &result);
}

static void note_failure(struct connector *dial, enum refusal refusal, const struct addr *address, const char *detail) {
    char text[ADDR_TEXT];
    dial->refusal = refusal;
    snprintf(dial->detail, sizeof dial->detail, "%s: %s",
             address ? addr_format(address, text, sizeof text) : endpoint_format(&dial->endpoint, text, sizeof text),
             detail);
}

static unsigned left_ms(const struct connector *dial) {
    uint64_t now_us = clock_us();
    return now_us < dial->deadline_us ? (unsigned)((dial->deadline_us - now_us) / 1000) : 0;
}

/* The attempts that are still to come, a look-up among them, share what is left of the time. */
static unsigned share_ms(const struct connector *dial) {
    int addresses = dial->address_count - dial->next_address + 1;
    int destinations = dial->order.to_count - dial->next_destination;
    unsigned share = left_ms(dial) / (unsigned)(addresses + destinations);
    return share > DIAL_LEAST_MS ? share : DIAL_LEAST_MS;
}

static enum refusal refusal_of(int error) {
    return error == ETIMEDOUT ? REFUSAL_TIMEOUT : REFUSAL_REFUSED;
}

static void drop_attempt(struct connector *dial, enum refusal refusal, const char *detail) {
    note_failure(dial, refusal, dial->address, detail);
    drop_descriptor(dial);
    try_address(dial);
}

static void on_timer(evutil_socket_t fd, short what, void *context) {
    (void)fd;
    (void)what;
    drop_attempt(context, REFUSAL_TIMEOUT, "no answer in time");
}

static void on_connected(struct stream_socket *socket, int error) {
    struct connector *dial = socket->context;
    event_del(&dial->timer);
    if (error == 0) {
        finish(dial, true);
    } else {
        drop_attempt(dial, refusal_of(error), error_text(error));
    }
}

static void wait_for_connection(struct connector *dial) {
    struct timeval limit = clock_timeval((uint64_t)share_ms(dial) * 1000);
    if (event_add(&dial->timer, &limit))
        drop_attempt(dial, REFUSAL_BUSY, "out of memory");
}

/* Errors that say nothing of the destination. A client's own address can be out of ports; the machine's are for
 * datagrams, whose connect(2) says so with EAGAIN. */
static bool is_our_fault(const struct connector *dial, int error) {
    bool is_out_of_ports = !dial->order.socket && (error == EAGAIN || error == EADDRINUSE);
    bool lacks_port = dial->order.from && (error == EADDRINUSE || error == EADDRNOTAVAIL);
    return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM || lacks_port || is_out_of_ports;
}

static void fail_to_connect(struct connector *dial, int error) {
    note_failure(dial, is_our_fault(dial, error) ? REFUSAL_BUSY : refusal_of(error), dial->address, error_text(error));
    try_address(dial);
}

static void connect_datagrams(struct connector *dial, const struct addr *address) {
    dial->address = address;
    dial->fd = sock_connect_datagrams(address, dial->order.from, &dial->here);
    if (dial->fd < 0)
        fail_to_connect(dial, errno);
    else
        finish(dial, true);
}

static void connect_to(struct connector *dial, const struct addr *address) {
    static const struct stream_socket_events events = {.on_connected = on_connected};
    bool done = false;
    dial->address = address;
    evutil_socket_t fd = dial->order.from ? sock_connect_from(address, dial->order.from, &dial->here, &done)
                                          : sock_connect(address, &dial->here, &done);
    if (fd < 0) {
        fail_to_connect(dial, errno);
    } else if (!stream_socket_attach(dial->order.socket, loop_base(dial->order.loop), fd, !done, &events, dial)) {
        sock_close(fd);
        fail_to_connect(dial, ENOMEM);
    } else {
        stream_socket_cut_unless_whole(dial->order.socket);
        if (done)
            finish(dial, true);
        else
            wait_for_connection(dial);
    }
}

static void try_address(struct connector *dial) {
    if (dial->next_address >= dial->address_count) {
        try_destination(dial);
        return;
    }
    if (left_ms(dial) == 0) {
        note_failure(dial, REFUSAL_TIMEOUT, NULL, "connect_timeout is used up by earlier attempts");
        finish(dial, false);
        return;
    }
    const struct addr *address = &dial->addresses[dial->next_address++];
    if (!acl_permits(dial->order.allow, address, dial->endpoint.host)) {
        note_failure(dial, REFUSAL_DENIED, address, "not allowed by this agent's rules; see --allow");
        try_address(dial);
        return;
    }
    if (dial->order.from && !addr_is_ipv4_loopback(address)) {
        note_failure(dial, REFUSAL_DENIED, address, CONNECT_FROM_REFUSAL);
        try_address(dial);
        return;
    }
    (dial->order.socket ? connect_to : connect_datagrams)(dial, address);
}

static bool keep_answer(struct connector *dial, const struct resolver_answer *answer) {
    if (!dial->answer)
        dial->answer = malloc(sizeof *dial->answer);
    if (!dial->answer)
        return false;
    *dial->answer = *answer;
    dial->addresses = dial->answer->addresses;
    dial->address_count = answer->count;
    return true;
}

static void on_answer(void *context, const struct resolver_answer *answer) {
    struct connector *dial = context;
    dial->question = NULL;
    dial->lookup_us += clock_us() - dial->asked_us;
    if (answer->count == 0)
        note_failure(dial, REFUSAL_DNS, NULL, answer->detail ? answer->detail : "no address");
    else if (!keep_answer(dial, answer))
        note_failure(dial, REFUSAL_BUSY, NULL, "out of memory");
    try_address(dial);
}

/* The zone is looked for here: the server, which sends the text, has other interfaces. */
static int parse_destination(struct endpoint *endpoint, const char *text, uint16_t client_port, struct error *error) {
    if (relative_endpoint_parse(endpoint, text, client_port, error))
        return -1;
    const char *zone = endpoint_missing_zone(endpoint);
    return zone ? error_set(error, "the agent's machine has no interface \"%s\"", zone) : 0;
}

static void try_destination(struct connector *dial) {
    struct error error = {""};
    dial->address_count = dial->next_address = 0;
    if (dial->next_destination >= dial->order.to_count) {
        finish(dial, false);
        return;
    }
    const char *text = dial->order.to[dial->next_destination++];
    if (parse_destination(&dial->endpoint, text, dial->order.client_port, &error)) {
        note_failure(dial, REFUSAL_REFUSED, NULL, error.text);
        try_destination(dial);
        return;
    }
    if (addr_from_endpoint(&dial->numeric, &dial->endpoint)) {
        dial->addresses = &dial->numeric;
        dial->address_count = 1;
        try_address(dial);
        return;
    }
    dial->asked_us = clock_us();
    dial->question =
        resolver_ask(dial->order.resolver, dial->order.loop, &dial->endpoint, share_ms(dial), on_answer, dial);
    if (!dial->question) {
        note_failure(dial, REFUSAL_BUSY, NULL, "out of memory");
        finish(dial, false);
    }
}

struct connector *connector_start(const struct connector_order *order) {
    struct connector_result refused = {.refusal = REFUSAL_BUSY, .detail = "out of memory"};
    struct connector *dial = malloc(sizeof *dial);
    if (!dial) {
        order->callback(order->context, &refused);
        return NULL;
    }
    *dial = (struct connector){.order = *order};
    if (order->from) {
        dial->from = *order->from;
        dial->order.from = &dial->from;
    }
    event_assign(&dial->timer, loop_base(order->loop), -1, 0, on_timer, dial);
    dial->refusal = REFUSAL_BUSY;
    strbuf_copy(dial->detail, sizeof dial->detail, "no destination was named");
    dial->deadline_us = clock_us() + (uint64_t)order->timeout_ms * 1000;
    dial->starting = true;
    try_destination(dial);
    dial->starting = false;
    if (dial->order.callback)
        return dial;
    free_dial(dial);
    return NULL;
}

void connector_cancel(struct connector *dial) {
    drop_descriptor(dial);
    free_dial(dial);
}

void connector_next(struct connector *dial, int error_number) {
    note_failure(dial, refusal_of(error_number), dial->address, error_text(error_number));
    try_address(dial);
}
