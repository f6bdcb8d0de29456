/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_listener: see agent_listener.h. At a limit the oldest connection without a complete ClientHello is closed, not
 * the newest: otherwise 256 silent connections would lock all agents out. Such a connection waits here, where it costs
 * a descriptor and no TLS state. If none waits, the oldest handshake is closed, once it has taken longer than that of
 * an agent does; not one that is in a relay thread's queue, whose peer is not slow: otherwise a crowd would push out
 * those that have waited longest, just as their turn comes.
 *
 * Owns: its listeners, the table of connections, the penalties.
 */
#include "config.h"

#include "server/auth/agent_listener_priv.h"

#include "admin/recent_events.h"
#include "lib/base/clock.h"
#include "lib/net/sock.h"
#include "lib/net/source_key.h"
#include "server/auth/penalty_box.h"

#include <stdlib.h>

enum { HANDSHAKE_MS = 500, PENALTY_AUTH_S = 5, PENALTY_DEADLINE_S = 10 };

static const char who[] = AGENT_PORT_WHO;
static const char no_first_message[] = "no HELLO within the deadline";
static const char close_full[] = "connection closed: too many unauthenticated connections";

static uint64_t deadline_us(const struct agent_listener *listener) {
    return listener->options.limits.deadline_s * 1000000ull;
}

/* ---- penalties ---- */

static bool is_trusted(struct agent_listener *listener, uint64_t source, const struct addr *peer) {
    uint64_t now_us = clock_us();

    if (penalty_box_trusts(listener->penalties, source, now_us))
        return true;
    if (!listener->options.has_agent(listener->options.context, peer))
        return false;
    penalty_box_trust(listener->penalties, source, now_us); /* spares the walk over all sessions next time */
    return true;
}

static bool is_blocked(struct agent_listener *listener, uint64_t source, const struct addr *peer) {
    return penalty_box_left(listener->penalties, source, clock_us()) && !is_trusted(listener, source, peer);
}

static void add_penalty(struct agent_listener *listener, uint64_t source, const struct addr *peer, unsigned seconds,
                        const char *reason) {
    char from[ADDR_TEXT];

    if (is_trusted(listener, source, peer))
        return;
    penalty_box_add(listener->penalties, source, seconds, clock_us());
    penalty_box_describe(listener->penalties, source, source_name(peer, from, sizeof from), reason);
    recent_events_add(listener->options.events, EVENT_KIND_ACCESS, EVENT_WARNING, who, "source blocked for a while",
                      addr_format(peer, from, sizeof from));
}

void agent_listener_penalize(struct agent_listener *listener, const struct addr *peer) {
    add_penalty(listener, source_key_of(peer), peer, PENALTY_AUTH_S, "not authenticated");
}

void agent_listener_trust(struct agent_listener *listener, const struct addr *peer) {
    penalty_box_trust(listener->penalties, source_key_of(peer), clock_us());
}

const struct penalty_box *agent_listener_penalties(const struct agent_listener *listener) {
    return listener->penalties;
}

bool agent_listener_forgive(struct agent_listener *listener, const struct addr *peer) {
    return penalty_box_forgive(listener->penalties, source_key_of(peer), clock_us());
}

void agent_listener_reset_penalties(struct agent_listener *listener) {
    penalty_box_reset(listener->penalties);
}

/* ---- one connection, until its ClientHello is complete ---- */

static void adopt(struct agent_listener *listener, struct preauth_conn *conn) {
    evutil_socket_t fd = preauth_table_adopt(conn);

    sock_wake_at(fd, 1);
    plane_adopt(listener->options.plane, fd, &conn->peer, listener->options.tls, conn->tag,
                conn->since_us + deadline_us(listener));
}

/* Each kind of refusal has a throttle of its own. */
static void count_refusal(struct agent_listener *listener, const struct log_throttle *throttle) {
    enum agent_refusal refusal = throttle == &listener->silent    ? AGENT_REFUSAL_SILENT
                                 : throttle == &listener->full    ? AGENT_REFUSAL_FULL
                                 : throttle == &listener->blocked ? AGENT_REFUSAL_BLOCKED
                                                                  : AGENT_REFUSAL_NOT_TLS;
    listener->refused[refusal]++;
}

static void drop(struct agent_listener *listener, struct preauth_conn *conn, struct log_throttle *throttle,
                 enum log_level level, const char *what, const char *reason) {
    log_throttle_event(throttle, listener->options.log, level, who, what, reason, &conn->peer);
    count_refusal(listener, throttle);
    preauth_table_remove(&listener->preauth, conn);
}

static void drop_not_tls(struct agent_listener *listener, struct preauth_conn *conn, enum sniff_kind kind) {
    drop(listener, conn, &listener->not_tls[kind], LOG_LEVEL_WARNING, "connection closed: no TLS handshake of an agent",
         sniff_name(kind));
}

static void drop_late(struct agent_listener *listener, struct preauth_conn *conn, enum sniff_kind kind) {
    add_penalty(listener, conn->source, &conn->peer, PENALTY_DEADLINE_S, no_first_message);
    if (kind == SNIFF_NOTHING)
        drop(listener, conn, &listener->silent, LOG_LEVEL_INFO,
             "connection closed: nothing received within the deadline", NULL);
    else
        drop_not_tls(listener, conn, kind);
}

static void wait_for(struct agent_listener *listener, struct preauth_conn *conn, size_t needs);

void agent_listener_on_readable(evutil_socket_t fd, short what, void *context) {
    struct preauth_conn *conn = context;
    struct agent_listener *listener = conn->context;
    uint8_t bytes[SNIFF_SIZE];
    size_t needs = 0;
    ssize_t length = sock_peek(fd, bytes, sizeof bytes);
    enum sniff_kind kind = sniff(bytes, length > 0 ? (size_t)length : 0, sizeof bytes, &needs);

    if (kind == SNIFF_TLS)
        adopt(listener, conn);
    else if (what & EV_TIMEOUT)
        drop_late(listener, conn, kind);
    else if (kind == SNIFF_NOTHING) /* a port scan or a health check */
        drop(listener, conn, &listener->not_tls[kind], LOG_LEVEL_DEBUG,
             "connection closed by its peer: nothing received", NULL);
    else if (kind == SNIFF_TLS_PART && (size_t)length > conn->received)
        wait_for(listener, conn, needs);
    else if (kind == SNIFF_TLS_PART &&
             !(what & EV_CLOSED)) /* no receive buffer for the rest: TLS reads what is there */
        adopt(listener, conn);
    else /* also a ClientHello whose rest will not come */
        drop_not_tls(listener, conn, kind);
}

/* Until `needs` bytes have come, no more will come, or the deadline is over. */
static void wait_for(struct agent_listener *listener, struct preauth_conn *conn, size_t needs) {
    uint64_t now_us = clock_us(), end_us = conn->since_us + deadline_us(listener);

    if (needs > 1 && (addr_is_unix(&conn->peer) || !sock_wake_at(conn->fd, needs))) {
        adopt(listener, conn); /* without SO_RCVLOWAT each byte would wake us: TLS reads the rest */
        return;
    }
    conn->received = needs > 1 ? needs - 1 : 0;
    if (preauth_table_watch(conn, end_us > now_us ? end_us - now_us : 1))
        preauth_table_remove(&listener->preauth, conn);
}

/* ---- admission ---- */

/* The oldest handshake that has taken too long, after its relay thread was asked to close it. One that completes
 * meanwhile stays; then plane_disconnect_preauth returns false. */
static struct preauth_conn *find_slow_handshake(struct agent_listener *listener, const uint64_t *source) {
    struct preauth_conn *oldest = preauth_table_oldest(&listener->preauth, source, PREAUTH_HANDSHAKING);

    if (!oldest || clock_us() - oldest->since_us < HANDSHAKE_MS * 1000ull)
        return NULL;
    return plane_disconnect_preauth(listener->options.plane, oldest->tag, close_full) ? oldest : NULL;
}

/* Makes room for one more of `source`. False: none of the connections may be closed for it. */
static bool make_room(struct agent_listener *listener, uint64_t source, const struct addr *peer) {
    size_t of_source = preauth_table_count_source(&listener->preauth, source, listener->options.limits.per_source);
    bool source_is_full = of_source >= listener->options.limits.per_source,
         is_full = preauth_table_count(&listener->preauth) >= listener->options.limits.most;

    if (!source_is_full && !is_full)
        return true;
    size_t expected = listener->options.expects(listener->options.context, peer);
    if (expected && of_source < listener->options.limits.per_source + expected)
        return true;
    const uint64_t *which = source_is_full ? &source : NULL;
    struct preauth_conn *oldest = preauth_table_oldest(&listener->preauth, which, PREAUTH_WAITING);
    if (!oldest && !source_is_full &&
        is_trusted(listener, source, peer)) /* the total limit does not bind agents' sources */
        return true;
    if (!oldest)
        oldest = find_slow_handshake(listener, which);
    if (!oldest)
        return false;
    drop(listener, oldest, &listener->full, LOG_LEVEL_WARNING, close_full, NULL);
    return true;
}

static void refuse(struct agent_listener *listener, evutil_socket_t fd, const struct addr *peer,
                   struct log_throttle *throttle, const char *what) {
    log_throttle_event(throttle, listener->options.log, LOG_LEVEL_WARNING, who, what, NULL, peer);
    count_refusal(listener, throttle);
    sock_close(fd);
}

static void admit(struct agent_listener *listener, evutil_socket_t fd, const struct addr *peer) {
    uint64_t source = source_key_of(peer);
    struct preauth_conn *conn = NULL;

    if (is_blocked(listener, source, peer)) {
        refuse(listener, fd, peer, &listener->blocked,
               "connection refused: its address is blocked after failed attempts");
        return;
    }
    if (make_room(listener, source, peer))
        conn = preauth_table_add(&listener->preauth, fd, peer, source, clock_us());
    if (conn)
        wait_for(listener, conn, 1);
    else
        refuse(listener, fd, peer, &listener->full, "connection refused: too many unauthenticated connections");
}

void agent_listener_on_accept(void *context, evutil_socket_t fd, const struct addr *peer, const struct addr *local) {
    struct agent_listener *listener = context;

    if (listener->balancers)
        inspect_begin(listener->options.inspect, &listener->inspected, fd, peer, local);
    else
        admit(listener, fd, peer);
}

/* It has the options of a client's socket. */
void agent_listener_take(struct agent_listener *listener, evutil_socket_t fd, const struct addr *peer) {
    sock_set_reset_on_close(fd, false);
    sock_set_keepalive(fd, &sock_keepalive_link);
    admit(listener, fd, peer);
}

/* ---- behind balancers: limits and penalties go by the address of the PROXY header ---- */

void agent_listener_on_known(void *context, evutil_socket_t fd, const struct inspected *found) {
    admit(context, fd, &found->peer);
}

static const enum agent_refusal refusals[INSPECT_FAILURE_COUNT] = {
    [INSPECT_NOT_LISTED] = AGENT_REFUSAL_PROXY_NOT_LISTED,
    [INSPECT_MALFORMED] = AGENT_REFUSAL_PROXY_MALFORMED,
    [INSPECT_TIMEOUT] = AGENT_REFUSAL_PROXY_TIMEOUT,
    [INSPECT_FULL] = AGENT_REFUSAL_PROXY_FULL,
    [INSPECT_MEMORY] = AGENT_REFUSAL_MEMORY,
};

void agent_listener_on_failed(void *context, enum inspect_failure failure, const struct addr *peer,
                              const char *detail) {
    struct agent_listener *listener = context;

    if (failure == INSPECT_CLOSED) {
        listener->balancer_checks++;
        return;
    }
    listener->refused[refusals[failure]]++;
    log_throttle_event(&listener->balancer, listener->options.log, LOG_LEVEL_WARNING, who, "connection refused", detail,
                       peer);
}

void agent_listener_begun(struct agent_listener *listener, uint64_t tag) {
    struct preauth_conn *conn = preauth_table_find(&listener->preauth, tag);

    if (conn)
        preauth_table_begin_handshake(conn, clock_us());
}

bool agent_listener_release(struct agent_listener *listener, uint64_t tag) {
    struct preauth_conn *conn = preauth_table_find(&listener->preauth, tag);

    if (!conn)
        return false;
    preauth_table_remove(&listener->preauth, conn);
    return true;
}

bool agent_listener_failed(struct agent_listener *listener, uint64_t tag, bool is_late) {
    const struct preauth_conn *conn = preauth_table_find(&listener->preauth, tag);

    if (conn && is_late)
        add_penalty(listener, conn->source, &conn->peer, PENALTY_DEADLINE_S, no_first_message);
    return agent_listener_release(listener, tag);
}

size_t agent_listener_count(const struct agent_listener *listener) {
    return preauth_table_count(&listener->preauth);
}

uint64_t agent_listener_refused(const struct agent_listener *listener) {
    uint64_t sum = 0;

    for (unsigned i = 0; i < AGENT_REFUSAL_COUNT; i++)
        sum += listener->refused[i];
    return sum;
}

uint64_t agent_listener_balancer_checks(const struct agent_listener *listener) {
    return listener->balancer_checks;
}

uint64_t agent_listener_refused_by(const struct agent_listener *listener, enum agent_refusal refusal) {
    return listener->refused[refusal];
}

const char *agent_refusal_label(enum agent_refusal refusal) {
    static const char *const labels[AGENT_REFUSAL_COUNT] = {
#define AGENT_REFUSAL_LABEL(name, label) label,
        AGENT_REFUSALS(AGENT_REFUSAL_LABEL)
#undef AGENT_REFUSAL_LABEL
    };
    return labels[refusal];
}
