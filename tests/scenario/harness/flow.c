/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * flow: see flow.h.
 */
#include "config.h"

#include "harness/flow.h"

#include "harness/deadline.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>

enum { PART = 16384, LOOK_MS = 20, TOGETHER_MS = 10000 };

struct flow { /* one end */
    int fd;
    const atomic_bool *stop;
    uint64_t left; /* to be sent */
    uint32_t burst, burst_left, pause_ms;
    uint64_t paused_until;
    struct source source;
    uint8_t part[PART];
    size_t part_at, part_end;
    struct tally *sent, *received;
    bool finished;
    enum end end;
};

static bool is_paused(const struct flow *flow) {
    return now_ms() < flow->paused_until;
}

static void note_sent(struct flow *flow, size_t length) {
    tally_add(flow->sent, flow->part + flow->part_at, length);
    flow->part_at += length;
    if (flow->left != FLOW_ENDLESS)
        flow->left -= length;
    if (flow->burst == 0)
        return;
    flow->burst_left -= length < flow->burst_left ? (uint32_t)length : flow->burst_left;
    if (flow->burst_left > 0)
        return;
    flow->burst_left = flow->burst;
    flow->paused_until = now_ms() + flow->pause_ms;
}

static void send_some(struct flow *flow) {
    if (flow->part_at == flow->part_end) {
        flow->part_at = 0;
        flow->part_end = flow->left < PART ? (size_t)flow->left : PART;
        source_fill(&flow->source, flow->part, flow->part_end);
    }
    ssize_t length = send(flow->fd, flow->part + flow->part_at, flow->part_end - flow->part_at, MSG_DONTWAIT);
    if (length > 0)
        note_sent(flow, (size_t)length);
    else if (errno != EAGAIN && errno != EINTR)
        flow->end = errno == EPIPE || errno == ECONNRESET ? END_RESET : END_ERROR;
}

static void receive_some(struct flow *flow) {
    uint8_t part[PART];
    ssize_t length = recv(flow->fd, part, sizeof part, MSG_DONTWAIT);
    if (length > 0)
        tally_add(flow->received, part, (size_t)length);
    else if (length == 0)
        flow->end = END_FILE;
    else if (errno != EAGAIN && errno != EINTR)
        flow->end = errno == ECONNRESET ? END_RESET : END_ERROR;
}

static void finish_if_done(struct flow *flow) {
    bool is_done = flow->left == 0 || (flow->left == FLOW_ENDLESS && *flow->stop);
    if (!is_done || flow->finished)
        return;
    shutdown(flow->fd, SHUT_WR);
    flow->finished = true;
}

static void step(struct flow *flow) {
    bool sends = !flow->finished && !is_paused(flow);
    short events = (short)((flow->end == END_NONE ? POLLIN : 0) | (sends ? POLLOUT : 0));
    struct pollfd ready = {.fd = flow->fd, .events = events};
    if (poll(&ready, 1, LOOK_MS) <= 0)
        return;
    if (flow->end == END_NONE && ready.revents & (POLLIN | POLLHUP | POLLERR))
        receive_some(flow);
    if (sends && (flow->end == END_NONE || flow->end == END_FILE) && ready.revents & (POLLOUT | POLLERR))
        send_some(flow);
}

/* False: it did not end, or not by FIN and after all was sent; `end` has how. */
static bool run(struct flow *flow, struct tally_result *sent, struct tally_result *received, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    flow->sent = tally_new();
    flow->received = tally_new();
    flow->burst_left = flow->burst;
    while ((flow->end == END_NONE || (flow->end == END_FILE && !flow->finished)) && deadline_left(deadline) > 0) {
        finish_if_done(flow);
        step(flow);
    }
    if (flow->end == END_NONE)
        flow->end = END_LATE;
    tally_end(flow->sent, sent);
    tally_end(flow->received, received);
    return flow->end == END_FILE && flow->finished;
}

void handle_flow(struct connection *connection) {
    struct flow_plan plan;
    connection->end = socket_read(connection->fd, &plan, sizeof plan, NULL, CONNECTION_MS);
    if (connection->end != END_NONE)
        return;
    struct flow flow = {.fd = connection->fd,
                        .stop = connection->context,
                        .left = plan.down,
                        .burst = plan.burst,
                        .pause_ms = plan.pause_ms};
    source_begin(&flow.source, plan.tag + 1);
    connection->tag = plan.tag;
    connection->sent_all = run(&flow, &connection->sent, &connection->received, plan.ms);
    connection->end = flow.end;
}

static const char *differs(struct destination *destination, uint64_t tag, const struct tally_result *sent,
                           const struct tally_result *received) {
    struct connection *other = NULL;
    if (!HOLDS_WITHIN(TOGETHER_MS, (other = destination_tagged(destination, tag))))
        return "the destination's end is not over";
    if (other->end != END_FILE || !other->sent_all)
        return other->end == END_RESET ? "the destination was reset" : "the destination's end is late, or another";
    if (!tally_same(sent, &other->received))
        return "the destination got other bytes than were sent";
    return tally_same(received, &other->sent) ? NULL : "the client got other bytes than were sent";
}

const char *flow_differs(int fd, struct destination *destination, const struct flow_plan *plan,
                         const atomic_bool *stop) {
    struct tally_result sent, received;
    struct flow flow = {.fd = fd, .stop = stop, .left = plan->up, .burst = plan->burst, .pause_ms = plan->pause_ms};
    if (!socket_send(fd, plan, sizeof *plan, plan->ms))
        return "the plan could not be sent";
    source_begin(&flow.source, plan->tag + 2);
    if (!run(&flow, &sent, &received, plan->ms))
        return flow.end == END_RESET ? "the client was reset" : "the client's end is late, or another";
    return differs(destination, plan->tag, &sent, &received);
}
