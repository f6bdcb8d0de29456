/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * relay_agent_udp: see relay_agent_udp.h.
 */
#include "config.h"

#include "relay/datagram/relay_agent_udp.h"

#include "lib/base/clock.h"
#include "lib/net/datagrams.h"
#include "relay/datagram/datagram_relay.h"

#include <errno.h>
#include <event2/event_struct.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum { READS_A_TURN = 32 };

/* What may wait for the destination's address, and for whether it refuses. */
static const struct datagram_limits early_limits = {.bytes = 256 * 1024, .count = 64, .age_us = 5000000};

struct agent_session {
    struct relay_agent agent;    /* first; its `dial` stays as long as there is another address to try */
    struct datagram_queue queue; /* for the link */
    struct datagram_tally tally;
    struct datagram_queue early; /* sent or not: for the next address, should this one refuse */
    evutil_socket_t fd;          /* -1: not connected */
    struct event readable;
    bool is_counted;               /* among the thread's udp_sessions */
    bool is_answered, is_starting; /* starting: connector_start has not returned yet */
    uint64_t dial_until_us;
    uint32_t lost; /* of the socket, by datagram_relay_note_lost */
};

static struct agent_session *as_session(struct relay *relay) {
    return (struct agent_session *)relay; /* whose first member's first member it is */
}

/* ---- the socket ---- */

static void close_socket(struct agent_session *session) {
    if (session->fd < 0)
        return;
    loop_detect_remove(session->agent.relay.thread->own_dials, &session->agent.own_dial);
    event_del(&session->readable);
    sock_close(session->fd);
    session->fd = -1;
}

/* No other address is tried any more. */
static void settle(struct agent_session *session) {
    if (session->agent.dial)
        connector_cancel(session->agent.dial);
    session->agent.dial = NULL;
    datagram_queue_forget(&session->early);
}

/* Of ICMP. Windows calls a port that is not open a reset, which UDP does not have. */
static bool is_unreachable(int error) {
    return error == ECONNREFUSED || error == ECONNRESET || error == EHOSTUNREACH || error == ENETUNREACH;
}

static enum datagram_drop drop_for(int error) {
    return error == EMSGSIZE ? DATAGRAM_DROP_TOO_LARGE : DATAGRAM_DROP_SOCKET;
}

/* False: the destination has refused an earlier one, and this one was not sent. */
static bool send_one(struct agent_session *session, const uint8_t *bytes, size_t length) {
    struct iovec part = {(void *)(uintptr_t)bytes, length}; /* which is not written to */
    if (sock_writev(session->fd, &part, 1) >= 0)
        return true;
    int error = errno;
    if (is_unreachable(error))
        return false;
    datagram_relay_drop(&session->agent.relay, DATAGRAM_OUT, drop_for(error));
    return true;
}

/* ---- the answer to OPEN ---- */

static void open_session(struct agent_session *session) {
    struct relay *relay = &session->agent.relay;
    defer_cancel(&relay->thread->ends, &session->agent.held);
    if (relay->state != RELAY_OPENING)
        return;
    relay_set_open(relay, clock_us(), relay->begun_us);
    relay_agent_send_opened(relay);
    session->agent.has_sent_opened = true;
}

static void fail(struct agent_session *session, enum refusal refusal, const char *detail) {
    struct relay *relay = &session->agent.relay;
    if (relay->state == RELAY_OPENING)
        relay_agent_refuse(relay, refusal, detail);
    else
        relay_abort(relay, REASON_DESTINATION_RESET, "destination", detail);
}

/* ---- a destination that refuses ---- */

/* The relay may be over behind it, or have another socket, or none as yet. */
static void on_refused(struct agent_session *session, int error) {
    struct relay_agent *agent = &session->agent;
    char detail[CONNECTOR_DETAIL];
    uint64_t now_us = clock_us();
    if (!session->is_answered && agent->dial && now_us < session->dial_until_us) {
        close_socket(session);
        connector_next(agent->dial, error); /* which gets the datagram: it is not dropped */
        return;
    }
    datagram_relay_drop(&agent->relay, DATAGRAM_OUT, DATAGRAM_DROP_UNREACHABLE);
    served_service_note(agent->service, false, REFUSAL_REFUSED, now_us);
    if (!session->is_answered && agent->relay.state == RELAY_OPENING) {
        snprintf(detail, sizeof detail, "%s: %s", agent->address, error_text(error));
        fail(session, REFUSAL_REFUSED, detail);
    }
}

static void send_early(struct agent_session *session) {
    const struct datagram *datagram;
    (void)datagram_queue_first(&session->early, clock_us()); /* without those that are too old */
    TAILQ_FOREACH (datagram, &session->early.waiting, next) {
        if (send_one(session, datagram->bytes, datagram->length))
            continue;
        on_refused(session, ECONNREFUSED);
        return;
    }
    if (!session->agent.dial)
        datagram_queue_forget(&session->early);
}

/* Since what refuses a datagram is reported with the next one, this may be sent all the same. */
static void on_datagram(struct relay *relay, const uint8_t *bytes, size_t length) {
    struct agent_session *session = as_session(relay);
    datagram_relay_passed_on(relay, length); /* one that another address gets, too, counts once */
    bool is_kept = session->fd < 0 || (session->agent.dial && datagram_queue_has_room(&session->early, length));
    if (is_kept)
        datagram_queue_add(&session->early, bytes, length, clock_us());
    if (session->fd < 0 || send_one(session, bytes, length))
        return;
    on_refused(session, ECONNREFUSED);
    if (!is_kept && relay->state != RELAY_OVER && !send_one(session, bytes, length))
        datagram_relay_drop(relay, DATAGRAM_OUT, DATAGRAM_DROP_UNREACHABLE);
}

/* ---- what the destination sends ---- */

static void take(struct agent_session *session, const struct datagram_read *datagram) {
    uint32_t lost = datagram_relay_note_lost(&session->agent.relay.counts->datagrams, &session->lost, datagram->lost);
    session->tally.count[DATAGRAM_IN] += lost;
    session->tally.dropped[DATAGRAM_IN] += lost;
    if (!session->is_answered) {
        session->is_answered = true;
        served_service_note(session->agent.service, true, REFUSAL_COUNT, clock_us());
        settle(session);
        open_session(session);
    }
    datagram_relay_send(&session->agent.relay, datagram->bytes, datagram->length);
}

static void note_read_error(struct agent_session *session, int error) {
    if (is_unreachable(error))
        on_refused(session, error);
    else
        datagram_relay_drop(&session->agent.relay, DATAGRAM_OUT, drop_for(error)); /* it is of one that was sent */
}

static void on_readable(evutil_socket_t fd, short what, void *context) {
    struct agent_session *session = context;
    struct datagram_batch *batch = session->agent.relay.thread->datagrams;
    bool may_have_more = true;
    (void)what;
    for (int read = 0, count; may_have_more && read < READS_A_TURN; read += count) {
        count = datagram_batch_read(batch, fd, &may_have_more);
        for (int i = 0; i < count; i++)
            take(session, datagram_batch_at(batch, i));
        if (count > 0)
            continue;
        if (count < 0)
            note_read_error(session, errno);
        return;
    }
}

static bool watch(struct agent_session *session, evutil_socket_t fd) {
    struct relay *relay = &session->agent.relay;
    session->fd = fd;
    session->lost = 0;
    datagrams_tell_lost(fd);
    event_assign(&session->readable, relay_thread_base(relay->thread), fd, EV_READ | EV_PERSIST, on_readable, session);
    return relay_thread_reads_datagrams(relay->thread) && event_add(&session->readable, NULL) == 0;
}

/* Not every system reports an error without an answer as an event (Windows), so it is looked for. */
static void on_held(struct defer_item *item) {
    struct agent_session *session = (struct agent_session *)(void *)((char *)item - offsetof(struct relay_agent, held));
    if (session->fd >= 0)
        on_readable(session->fd, EV_TIMEOUT, session);
    bool waits_for_another = session->fd < 0 || session->agent.held.previous;
    if (!waits_for_another)
        open_session(session);
}

/* ---- OPEN ---- */

static void leave_live(struct agent_session *session) {
    if (session->is_counted) {
        atomic_fetch_sub_explicit(&session->agent.service->udp_sessions, 1, memory_order_relaxed);
        atomic_fetch_sub_explicit(&session->agent.relay.thread->udp_sessions->live, 1, memory_order_relaxed);
    }
    session->is_counted = false;
}

/*
 * A flood of strangers, each with a session, may not take what connections need, nor what other services of UDP need: a
 * service has at most three quarters of what those leave, so that something is left for the next one.
 */
static bool is_one_too_many(struct agent_session *session) {
    const struct udp_sessions *all = session->agent.relay.thread->udp_sessions;
    unsigned live =
        atomic_fetch_add_explicit(&session->agent.relay.thread->udp_sessions->live, 1, memory_order_relaxed);
    unsigned own = atomic_fetch_add_explicit(&session->agent.service->udp_sessions, 1, memory_order_relaxed);
    char detail[128];

    session->is_counted = true;
    if (all->most == 0 || (live < all->most && own < 3ull * (all->most - live)))
        return false;
    snprintf(detail, sizeof detail,
             "this agent has %u sessions of UDP, %u of them of this service, and takes %u at most", live, own,
             all->most);
    relay_agent_refuse(&session->agent.relay, REFUSAL_BUSY, detail);
    return true;
}

static void on_dialled(void *context, const struct connector_result *result) {
    struct agent_session *session = context;
    struct relay *relay = context;
    struct relay_agent *agent = &session->agent;
    if (!result->has_more)
        agent->dial = NULL;
    counter_add(&relay->thread->counts.dials, 1);
    if (!result->is_connected) {
        served_service_note(agent->service, false, result->refusal, clock_us());
        fail(session, result->refusal, result->detail);
        return;
    }
    if (!watch(session, result->fd)) {
        fail(session, REFUSAL_BUSY, "out of memory");
        return;
    }
    agent->lookup_us = result->lookup_us;
    addr_format(&result->address, agent->address, sizeof agent->address);
    loop_detect_add(relay->thread->own_dials, &agent->own_dial, &result->here, addr_port(&result->address),
                    agent->hops);
    if (relay->state == RELAY_OPENING && !agent->is_check)
        defer_add(&relay->thread->ends, &agent->held);
    else
        open_session(session);
    if (!session->is_starting)
        send_early(session);
}

static void dial(struct agent_session *session, const struct open_request *open) {
    struct relay *relay = &session->agent.relay;
    struct addr from;
    struct connector_order order = relay_agent_order(relay, open, &from);
    order.callback = on_dialled;
    session->dial_until_us = clock_us() + open->budget_ms * 1000ull;
    session->is_starting = true;
    struct connector *running = connector_start(&order);
    session->is_starting = false;
    if (running && relay->state == RELAY_OVER)
        connector_cancel(running);
    else if (running)
        session->agent.dial = running;
}

/* ---- the end ---- */

/* What was sent may have reached the destination: no other agent gets the client then. */
static void stop(struct relay *relay, enum relay_reason reason, const char *detail) {
    if (as_session(relay)->fd >= 0)
        open_session(as_session(relay));
    relay_agent_stop(relay, reason, detail);
}

static void cancel(struct relay *relay) {
    if (as_session(relay)->fd >= 0)
        open_session(as_session(relay));
    relay_agent_cancel(relay);
}

/* One of an agent that drains may never end, and the client's next datagram begins another one: no server has it come
 * back here by then. */
static void sweep(struct relay *relay, uint64_t now_us) {
    struct agent_session *session = as_session(relay);
    if (atomic_load_explicit(&relay->thread->draining, memory_order_relaxed)) {
        relay_abort(relay, REASON_STOPPED, "agent", NULL);
        return;
    }
    relay_note_rates(relay);
    datagram_relay_drop_stale(relay, now_us);
    if (session->agent.dial && now_us >= session->dial_until_us && session->fd >= 0)
        settle(session);
}

/* How the server says that it had nothing left to relay. */
static enum relay_reason expected_end(const char *detail) {
    static const enum relay_reason expected[] = {REASON_DONE, REASON_IDLE_TIMEOUT};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strcmp(detail, reason_text(expected[i])) == 0)
            return expected[i];
    return REASON_COUNT;
}

static void on_over(struct relay *relay, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    char detail[PROTO_DETAIL_SIZE];
    reset_parse(payload, length, detail);
    enum relay_reason reason = how == STREAM_HOW_RESET ? expected_end(detail) : REASON_COUNT;
    if (reason == REASON_COUNT)
        relay_agent_on_over(relay, how, payload, length);
    else
        relay_finish(relay, reason, "server", NULL);
}

static void on_finished(struct relay *relay, enum relay_reason reason, const char *by, const char *detail) {
    struct agent_session *session = as_session(relay);
    if (session->fd >= 0)
        datagram_queue_forget(&session->early);
    else
        datagram_queue_end(&session->early);
    close_socket(session);
    leave_live(session);
    relay_agent_on_finished(relay, reason, by, detail);
}

static void describe(const struct relay *relay, struct relay_view *view) {
    relay_agent_describe(relay, view);
    datagram_relay_describe(relay, view);
}

static const struct relay_role role = {.on_repeat_opened = relay_agent_send_opened,
                                       .on_over = on_over,
                                       .on_datagram = on_datagram,
                                       .on_finished = on_finished,
                                       .stop = stop,
                                       .sweep = sweep,
                                       .cancel = cancel,
                                       .free = relay_agent_free,
                                       .has_id = relay_agent_has_id,
                                       .describe = describe};

void relay_open_udp(struct thread_session *session, uint32_t number, const struct open_request *open,
                    struct served_service *service) {
    struct agent_session *made = malloc(sizeof *made);
    if (!made)
        return; /* the mux refuses it */
    struct relay *relay = &made->agent.relay;
    made->fd = -1;
    made->is_counted = made->is_answered = made->is_starting = false;
    relay_agent_init(&made->agent, session, open, &role);
    made->agent.held.run = on_held;
    datagram_relay_init(relay, &made->queue, &made->tally);
    datagram_queue_init(&made->early, &relay->thread->kept_datagrams, &early_limits, &relay->counts->datagrams,
                        DATAGRAM_OUT);
    made->early.tally = &made->tally;
    if (!relay_agent_enter(&made->agent, number, open, service))
        free(made);
    else if (!relay_agent_refuses(relay) && !is_one_too_many(made))
        dial(made, open);
}
