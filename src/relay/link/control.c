/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: a control link after its handshake: JSON messages, pings, errors of the bufferevent.
 *
 * Runs on: the link's thread. Both ends ping, so that each notices a path that is dead in one direction only.
 */
#include "config.h"

#include "relay/link/link_priv.h"

#include "lib/base/clock.h"
#include "lib/tls/tls.h"

#include <event2/buffer.h>
#include <openssl/err.h>
#include <string.h>

enum {
    OUTPUT_MOST = 256 * 1024,
    FRAMES_PER_SECOND = 1000,
    BYTES_PER_SECOND = 256 * 1024,
    UNDELIVERED_MOST = 2 * FRAME_JSON_MAX, /* bytes of messages that the control plane has not taken yet */
    REMAINING_READ = 4096,                 /* at a time */
    REMAINING_MAX = 2 * FRAME_JSON_MAX
};

static void ping_at(struct link *link, uint64_t now_us) {
    link->next_ping_us = now_us + (uint64_t)link->ping_s * 1000000;
}

static void close_for(struct link *link, const char *detail) {
    link_close(link, LINK_CLOSE_RESET, REASON_PROTOCOL, detail);
}

const char *link_control_put(struct link *link, enum frame_type type, const void *payload, size_t length) {
    if (evbuffer_get_length(bufferevent_get_output(link->stream)) > OUTPUT_MOST)
        return "the other side does not read: more than 256 KiB of answers wait for it";
    return link_put_frame(link, type, payload, length) ? NULL : "out of memory";
}

/* ---- messages ---- */

static bool must_wait(const struct link *link) {
    return link->undelivered >= UNDELIVERED_MOST;
}

static void on_taken(struct link *link, size_t length) {
    bool waited = must_wait(link);
    link->undelivered -= length;
    if (!waited || must_wait(link) || link->state != LINK_CONTROL)
        return;
    link->last_rx_us = clock_us(); /* silence does not count while reading was disabled */
    bufferevent_enable(link->stream, EV_READ);
    link_control_read(link);
}

/* Read no further when the control plane is behind: what waits for it then waits in the kernel, and in the peer. */
static void deliver(struct link *link, const struct frame *frame) {
    link->undelivered += frame->length;
    if (must_wait(link))
        bufferevent_disable(link->stream, EV_READ);
    if (!plane_event_control(link, frame->payload, frame->length, on_taken)) /* messages are never dropped */
        link_close(link, LINK_CLOSE_RESET, REASON_MEMORY, "out of memory");
}

static void take_pong(struct link *link, const uint8_t payload[FRAME_PING_SIZE]) {
    uint64_t pinged_us;
    memcpy(&pinged_us, payload, sizeof pinged_us);
    link_path_note_pong(link, pinged_us);
    plane_event_pong(link, payload);
}

static void take_frame(struct link *link, const struct frame *frame) {
    const char *detail = NULL;
    switch ((int)frame->type) {
    case FRAME_PING:
        detail = link_control_put(link, FRAME_PONG, frame->payload, frame->length);
        if (detail)
            close_for(link, detail);
        break;
    case FRAME_PONG:
        take_pong(link, frame->payload);
        break;
    case FRAME_CONTROL:
        deliver(link, frame);
        break;
    default:
        close_for(link, "frame not allowed on a control link");
    }
}

/* A peer that sends without end is not served without end. NULL, or which limit it has passed. */
static const char *check_rate(struct link *link, size_t bytes) {
    uint64_t second = link->last_rx_us / 1000000;
    if (link->rate_second != second)
        link->rate_frames = link->rate_bytes = 0;
    link->rate_second = second;
    link->rate_bytes += (unsigned)bytes;
    if (++link->rate_frames > FRAMES_PER_SECOND)
        return "too many frames on a control link: more than 1000 in one second";
    return link->rate_bytes > BYTES_PER_SECOND ? "too much on a control link: more than 256 KiB in one second" : NULL;
}

/* Takes one frame or closes the link; if the frame is incomplete, *needs is set to its length. */
static void read_frame(struct link *link, struct evbuffer *input, size_t *needs) {
    struct frame frame;
    char text[FRAME_TEXT];
    size_t taken = 0;
    const uint8_t *bytes = evbuffer_pullup(input, (ev_ssize_t)*needs);
    const char *detail = bytes ? NULL : "out of memory";
    enum frame_status status = bytes ? frame_parse(bytes, *needs, &frame, &taken) : FRAME_BAD;
    if (status == FRAME_INCOMPLETE || (status != FRAME_BAD && taken > *needs)) {
        *needs = taken;
        return;
    }
    if (!detail)
        detail = status == FRAME_BAD ? frame_explain(bytes, text) : check_rate(link, taken);
    if (detail)
        close_for(link, detail);
    else if (status == FRAME_OK)
        take_frame(link, &frame);
    if (link->state == LINK_CONTROL)
        evbuffer_drain(input, taken);
    *needs = FRAME_HEADER;
}

void link_control_read(struct link *link) {
    struct evbuffer *input = bufferevent_get_input(link->stream);
    size_t needs = FRAME_HEADER;
    while (link->state == LINK_CONTROL && !must_wait(link) && evbuffer_get_length(input) >= needs) {
        link->last_rx_us = clock_us();
        read_frame(link, input, &needs);
    }
}

static void send_ping(struct link *link, uint64_t now_us) {
    uint8_t payload[FRAME_PING_SIZE];
    memcpy(payload, &now_us, sizeof payload);
    const char *detail = link_control_put(link, FRAME_PING, payload, sizeof payload);
    if (detail) {
        close_for(link, detail);
        return;
    }
    if (!link->pinged_us)
        link->pinged_us = now_us;
    ping_at(link, now_us);
}

void link_control_ping(struct link *link, uint64_t now_us) {
    send_ping(link, now_us);
}

/* A peer that was asked less often until now is not dead for having been silent since. */
void link_control_set_ping(struct link *link, unsigned ping_s, unsigned dead_after_s, uint64_t now_us) {
    link->ping_s = ping_s;
    link->dead_after_s = dead_after_s;
    link->last_rx_us = now_us;
    send_ping(link, now_us);
}

static void sweep(struct link *link, uint64_t now_us) {
    if (must_wait(link)) /* silence does not count while reading is disabled */
        link->last_rx_us = now_us;
    if (link->dead_after_s > 0 && now_us - link->last_rx_us > (uint64_t)link->dead_after_s * 1000000) {
        char detail[64];
        snprintf(detail, sizeof detail, "nothing received for %u s", link->dead_after_s);
        link_close(link, LINK_CLOSE_RESET, REASON_LINK_SILENT, detail);
        return;
    }
    if (!link_path_sweep(link, now_us, !must_wait(link)))
        return;
    if (link->ping_s > 0 && now_us >= link->next_ping_us)
        send_ping(link, now_us);
}

/*
 * A peer that refuses us sends an alert or CONTROL BYE and then resets the connection. If our write met the reset, what
 * it sent before is still unread in the kernel.
 */
static void read_remaining(struct link *link) {
    struct evbuffer *input = bufferevent_get_input(link->stream);
    size_t most = link->state == LINK_CONTROL ? REMAINING_MAX : 0; /* other states: only the alert */
    uint8_t bytes[REMAINING_READ];
    int length;

    ERR_clear_error();
    evbuffer_unfreeze(input, 0); /* the end that only the bufferevent adds to */
    do {
        length = SSL_read(link->ssl, bytes, sizeof bytes);
    } while (length > 0 && evbuffer_add(input, bytes, (size_t)length) == 0 && evbuffer_get_length(input) < most);
    evbuffer_freeze(input, 0);
}

void link_stream_failed(struct link *link, short what) {
    struct error error = {""};
    if (link->state == LINK_LEAVING) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_LINK_LOST, "rejected");
        return;
    }
    bool in_tls = link->state == LINK_HANDSHAKE;
    if ((what & BEV_EVENT_EOF) && !in_tls) {
        link_close(link, LINK_CLOSE_POLITELY, REASON_LINK_LOST, "closed by the other side");
        return;
    }
    if ((what & BEV_EVENT_WRITING) && !in_tls)
        read_remaining(link);
    enum tls_verdict verdict = tls_explain(link->ssl, &error);
    link->tls_failed = in_tls && verdict != TLS_CUT;
    link->refused_by_peer = verdict == TLS_REFUSED_BY_PEER || verdict == TLS_UNTRUSTED_BY_PEER;
    link->untrusted = verdict == TLS_UNTRUSTED || verdict == TLS_UNTRUSTED_BY_PEER;
    link_control_read(link);
    link_close(link, LINK_CLOSE_RESET, REASON_LINK_LOST, error.text);
}

void link_control_begin(struct link *link) {
    static const struct link_phase phase = {.sweep = sweep, .ping = link_control_ping};
    link_set_phase(link, &phase);
    link_set_state(link, LINK_CONTROL);
    link->last_rx_us = clock_us();
    ping_at(link, link->last_rx_us);
    bufferevent_enable(link->stream, EV_READ | EV_WRITE);
    link_control_read(link);
}
