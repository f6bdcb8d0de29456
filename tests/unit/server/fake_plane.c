/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fake_plane: see fake_plane.h. It stands in for the whole of plane.c, and for the clock.
 */
#include "config.h"

#include "server/fake_plane.h"

#include "lib/base/clock.h"
#include "lib/net/sock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { ORDERS_MAX = 4096 };

struct plane {
    struct plane_options options;
};

struct udp_port {
    evutil_socket_t fd;
};

struct udp_flow {
    unsigned thread;
    bool is_refused, has_made_room;
};

static struct plane plane;
static struct fake_order *orders[ORDERS_MAX];
static size_t order_count;
static uint32_t link_count;
static _Atomic(time_t) wall_offset_s; /* the log's thread reads both clocks */
static bool fails[FAKE_KINDS];
static struct plane_counts plane_counts;
static atomic_uint_fast64_t now_us = 1000ULL * 1000000;

uint64_t clock_us(void) {
    return now_us;
}

uint64_t clock_ms(void) {
    return now_us / 1000;
}

time_t clock_wall(void) {
    return time(NULL) + wall_offset_s;
}

void fake_wall_jump(int64_t seconds) {
    wall_offset_s += (time_t)seconds;
}

void fake_clock_advance(uint64_t ms) {
    now_us += ms * 1000;
}

static void note(struct fake_order order, const char *text) {
    struct fake_order *kept = malloc(sizeof *kept);

    if (!kept || order_count == ORDERS_MAX)
        abort();
    *kept = order;
    snprintf(kept->text, sizeof kept->text, "%s", text ? text : "");
    orders[order_count++] = kept;
}

bool fake_take(enum fake_kind kind, struct fake_order *order) {
    return fake_take_with(kind, "", order);
}

bool fake_take_with(enum fake_kind kind, const char *part, struct fake_order *order) {
    for (size_t i = 0; i < order_count; i++) {
        if (orders[i]->kind != kind || !strstr(orders[i]->text, part))
            continue;
        *order = *orders[i];
        free(orders[i]);
        order_count--;
        memmove(&orders[i], &orders[i + 1], (order_count - i) * sizeof *orders);
        return true;
    }
    return false;
}

size_t fake_count(enum fake_kind kind) {
    size_t count = 0;

    for (size_t i = 0; i < order_count; i++)
        count += orders[i]->kind == kind;
    return count;
}

void fake_forget(enum fake_kind kind) {
    struct fake_order order;

    while (fake_take(kind, &order))
        ;
}

const struct plane_options *fake_options(void) {
    return &plane.options;
}

struct link_ref fake_link(void) {
    return (struct link_ref){.slot = ++link_count, .generation = 1};
}

void fake_give_back(const struct fake_order *served, enum client_outcome outcome) {
    struct client *client = served->client;

    client->outcome = outcome;
    if (outcome == CLIENT_ENDED) {
        sock_close(client->fd);
        client->fd = -1;
    }
    plane.options.events->on_client_back(plane.options.context, client);
}

unsigned plane_threads(unsigned wanted) {
    return wanted ? wanted : 1;
}

struct plane *plane_new(const struct plane_options *options, struct error *error) {
    (void)error;
    plane.options = *options;
    return &plane;
}

void plane_free(struct plane *self) {
    (void)self;
    for (size_t i = 0; i < order_count; i++) {
        if (orders[i]->kind == FAKE_SERVE) { /* as the real one: what it still has comes back */
            orders[i]->client->reason = REASON_STOPPED;
            fake_give_back(orders[i], CLIENT_ENDED);
        } else if (orders[i]->kind == FAKE_ADOPT) {
            sock_close(orders[i]->fd);
        }
        free(orders[i]);
    }
    order_count = 0;
}

void plane_adopt(struct plane *self, int fd, const struct addr *peer, SSL_CTX *tls, uint64_t tag,
                 uint64_t deadline_us) {
    (void)deadline_us;
    (void)self;
    (void)peer;
    (void)tls;
    note((struct fake_order){.kind = FAKE_ADOPT, .fd = fd, .tag = tag}, NULL);
}

void plane_accept_control(struct plane *self, struct link_ref link, uint64_t tag, const char *json, const char *who,
                          unsigned ping_s, unsigned dead_after_s) {
    (void)self;
    (void)who;
    (void)ping_s;
    (void)dead_after_s;
    note((struct fake_order){.kind = FAKE_ACCEPT, .link = link, .is_control = true, .tag = tag}, json);
}

bool plane_accept_data(struct plane *self, struct link_ref link, const struct carrier_role *role, const char *json,
                       const char *who, unsigned resume_ms) {
    (void)self;
    (void)who;
    note((struct fake_order){.kind = FAKE_ACCEPT,
                             .link = link,
                             .tag = role->session,
                             .role = *role,
                             .resume_ms = resume_ms},
         json);
    return true;
}

void plane_reject(struct plane *self, struct link_ref link, const char *json) {
    (void)self;
    note((struct fake_order){.kind = FAKE_REJECT, .link = link}, json);
}

void plane_accept_tls(struct plane *self, struct client *client) {
    (void)self;
    note((struct fake_order){.kind = FAKE_ACCEPT_TLS, .client = client}, "");
}

void fake_end_tls(const struct fake_order *asked, enum client_tls_result result) {
    asked->client->tls_result = result;
    if (result != CLIENT_TLS_DONE) {
        sock_close(asked->client->fd);
        asked->client->fd = -1;
    }
    fake_options()->events->on_client_tls(fake_options()->context, asked->client);
}

void client_drop_tls(struct client *client) {
    SSL_CTX_free(client->tls_context);
    client->tls_context = NULL;
}

void plane_serve(struct plane *self, unsigned thread, struct client *client) {
    (void)self;
    note((struct fake_order){.kind = FAKE_SERVE, .thread = thread, .tag = client->session, .client = client},
         client->agent);
}

/* ---- UDP ---- */

struct udp_port *plane_port_new(struct plane *self, evutil_socket_t fd, const struct addr *addr,
                                const struct udp_port_options *options) {
    struct udp_port *port = malloc(sizeof *port);

    (void)self, (void)addr, (void)options;
    if (!port)
        abort();
    port->fd = fd;
    return port;
}

void plane_port_open(struct udp_port *port) {
    (void)port;
}

void plane_port_shut(struct udp_port *port) {
    (void)port;
}

void plane_port_set(struct udp_port *port, const struct udp_port_options *options) {
    (void)port, (void)options;
}

void plane_port_let_beside(struct udp_port *port, bool on) {
    (void)port, (void)on;
}

void plane_port_free(struct udp_port *port) {
    sock_close(port->fd);
    free(port);
}

struct udp_flow *fake_flow(unsigned thread) {
    struct udp_flow *flow = malloc(sizeof *flow);

    if (!flow)
        abort();
    *flow = (struct udp_flow){.thread = thread};
    return flow;
}

bool fake_flow_is_refused(const struct udp_flow *flow) {
    return flow->is_refused;
}

struct addr plane_flow_peer(const struct udp_flow *flow) {
    struct endpoint endpoint = {.host = "10.0.0.1", .port = 7};
    struct addr addr;

    (void)flow;
    if (!addr_from_endpoint(&addr, &endpoint))
        abort();
    return addr;
}

struct addr plane_flow_local(const struct udp_flow *flow) {
    return plane_flow_peer(flow);
}

unsigned plane_flow_thread(const struct udp_flow *flow) {
    return flow->thread;
}

/* Its service's on_flow is the test's to call again. */
bool plane_flow_make_room(struct udp_flow *flow) {
    bool is_first = !flow->has_made_room;

    flow->has_made_room = true;
    return is_first;
}

void plane_flow_refuse(struct udp_flow *flow) {
    flow->is_refused = true;
}

/* ---- control messages ---- */

void plane_send_control(struct plane *self, struct link_ref link, const char *json) {
    (void)self;
    note((struct fake_order){.kind = FAKE_CONTROL, .link = link}, json);
}

void fake_fail(enum fake_kind kind, bool does_fail) {
    fails[kind] = does_fail;
}

void plane_set_ping(struct plane *self, struct link_ref link, unsigned ping_s, unsigned dead_after_s) {
    struct fake_order order = {.kind = FAKE_SET_PING, .link = link};
    char text[40];

    (void)self;
    snprintf(text, sizeof text, "%u %u", ping_s, dead_after_s);
    note(order, text);
}

bool plane_ping(struct plane *self, struct link_ref link) {
    (void)self;
    if (fails[FAKE_PING])
        return false;
    note((struct fake_order){.kind = FAKE_PING, .link = link}, NULL);
    return true;
}

void plane_recall(struct plane *self, uint64_t session, struct service_terms *terms) {
    (void)self;
    note((struct fake_order){.kind = FAKE_RECALL, .tag = session, .terms = terms}, NULL);
}

bool plane_end_relays(struct plane *self, uint64_t session, struct service_terms *terms, enum relay_reason reason,
                      const char *detail) {
    (void)self;
    (void)reason;
    note((struct fake_order){.kind = FAKE_END_RELAYS, .tag = session, .terms = terms}, detail);
    return true;
}

void plane_close(struct plane *self, struct link_ref link, const char *detail) {
    (void)self;
    note((struct fake_order){.kind = FAKE_CLOSE, .link = link}, detail);
}

bool plane_retire_session(struct plane *self, uint64_t session) {
    (void)self;
    if (fails[FAKE_RETIRE])
        return false;
    note((struct fake_order){.kind = FAKE_RETIRE, .tag = session}, NULL);
    return true;
}

bool plane_disconnect(struct plane *self, uint64_t tag, enum relay_reason reason, const char *why) {
    (void)self;
    (void)reason;
    if (fails[FAKE_DISCONNECT])
        return false;
    note((struct fake_order){.kind = FAKE_DISCONNECT, .tag = tag}, why);
    return true;
}

bool plane_disconnect_preauth(struct plane *self, uint64_t tag, const char *why) {
    (void)self;
    note((struct fake_order){.kind = FAKE_DISCONNECT_PREAUTH, .tag = tag}, why);
    return true;
}

bool plane_probe_liveness(struct plane *self) {
    (void)self;
    return true;
}

bool plane_view_relays(struct plane *self, const struct relay_query *query) {
    (void)self;
    if (fails[FAKE_VIEW])
        return false;
    note((struct fake_order){.kind = FAKE_VIEW, .tag = query->ticket}, query->id ? query->id : query->service);
    return true;
}

bool plane_end_relay(struct plane *self, const char *id, uint64_t ticket) {
    (void)self;
    note((struct fake_order){.kind = FAKE_END, .tag = ticket}, id);
    return true;
}

void fake_answer_views(const struct fake_order *asked, const struct relay_view *const *views, size_t count) {
    const struct relay_answer answer = {.ticket = asked->tag, .matching = count, .count = count, .views = views};

    plane.options.events->on_relay_views(plane.options.context, &answer);
}

void fake_answer_end(const struct fake_order *asked, bool found) {
    plane.options.events->on_relay_ended(plane.options.context, asked->tag, found);
}

unsigned plane_thread_count(const struct plane *self) {
    (void)self;
    return 1;
}

const struct thread_counts *plane_thread_counts(const struct plane *self, unsigned thread) {
    static struct thread_counts counts;

    (void)self;
    (void)thread;
    return &counts;
}

void plane_count(const struct plane *self, struct plane_counts *counts) {
    (void)self;
    *counts = plane_counts;
}

struct plane_counts *fake_counts(void) {
    return &plane_counts;
}
