/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * datagram_relay: see datagram_relay.h.
 */
#include "config.h"

#include "relay/datagram/datagram_relay.h"

#include <stddef.h>

static struct datagram_tally *tally_of(const struct relay *relay) {
    return relay->pump.stream.datagrams->tally;
}

void datagram_relay_count(struct relay *relay, enum datagram_way way) {
    counter_add(&relay->counts->datagrams.count[way], 1);
    tally_of(relay)->count[way]++;
}

static struct relay *of_stream(struct mux_stream *stream) {
    return (struct relay *)(void *)((char *)stream - offsetof(struct relay, pump.stream));
}

static void on_opened(struct mux_stream *stream, const uint8_t *payload, size_t length) {
    struct relay *relay = of_stream(stream);
    relay->role->on_opened(relay, payload, length);
}

static void on_repeat_opened(struct mux_stream *stream) {
    struct relay *relay = of_stream(stream);
    relay->role->on_repeat_opened(relay);
}

static void on_suspended(struct mux_stream *stream) {
    struct relay *relay = of_stream(stream);
    if (relay->role->on_suspended)
        relay->role->on_suspended(relay);
}

static void on_over(struct mux_stream *stream, enum stream_outcome_how how, const uint8_t *payload, size_t length) {
    struct relay *relay = of_stream(stream);
    relay->role->on_over(relay, how, payload, length);
}

static void on_datagram(struct mux_stream *stream, const uint8_t *bytes, size_t length) {
    struct relay *relay = of_stream(stream);
    datagram_relay_count(relay, DATAGRAM_OUT);
    relay->role->on_datagram(relay, bytes, length);
}

void datagram_relay_passed_on(struct relay *relay, size_t length) {
    relay->pump.out += length;
    counter_add(&relay->counts->bytes.out, length);
    relay_note_moved(relay);
}

void datagram_relay_init(struct relay *relay, struct datagram_queue *queue, struct datagram_tally *tally) {
    static const struct mux_stream_events events = {.on_opened = on_opened,
                                                    .on_repeat_opened = on_repeat_opened,
                                                    .on_suspended = on_suspended,
                                                    .on_over = on_over,
                                                    .on_datagram = on_datagram};
    datagram_queue_init(queue, &relay->session->datagrams, &datagram_limits_of_link, &relay->counts->datagrams,
                        DATAGRAM_IN);
    *tally = (struct datagram_tally){.count = {0}};
    queue->tally = tally;
    relay->pump.stream.events = &events;
    relay->pump.stream.datagrams = queue;
}

void datagram_relay_send(struct relay *relay, const uint8_t *bytes, size_t length) {
    relay->pump.in += length;
    counter_add(&relay->counts->bytes.in, length);
    datagram_relay_count(relay, DATAGRAM_IN);
    relay_note_moved(relay);
    if (length <= FRAME_DATAGRAM_MAX)
        mux_stream_send_datagram(&relay->pump.stream, bytes, length);
    else
        datagram_relay_drop(relay, DATAGRAM_IN, DATAGRAM_DROP_TOO_LARGE);
}

void datagram_relay_drop_stale(struct relay *relay, uint64_t now_us) {
    (void)datagram_queue_first(relay->pump.stream.datagrams, now_us);
}

void datagram_relay_drop(struct relay *relay, enum datagram_way way, enum datagram_drop why) {
    counter_add(&relay->counts->datagrams.dropped[way][why], 1);
    tally_of(relay)->dropped[way]++;
}

void datagram_relay_describe(const struct relay *relay, struct relay_view *view) {
    const struct datagram_tally *tally = tally_of(relay);
    enum datagram_way up = relay->faces_client ? DATAGRAM_IN : DATAGRAM_OUT,
                      down = relay->faces_client ? DATAGRAM_OUT : DATAGRAM_IN;
    view->has_datagrams = true;
    view->datagrams =
        (struct datagram_tally){{tally->count[up], tally->count[down]}, {tally->dropped[up], tally->dropped[down]}};
}

uint32_t datagram_relay_note_lost(struct datagram_counts *counts, uint32_t *seen, uint32_t lost) {
    uint32_t since = lost - *seen;
    if (!lost || !since)
        return 0;
    *seen = lost;
    counter_add(&counts->count[DATAGRAM_IN], since);
    counter_add(&counts->dropped[DATAGRAM_IN][DATAGRAM_DROP_SOCKET], since);
    return since;
}
