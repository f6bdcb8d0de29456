/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * wire: see wire.h.
 */
#include "config.h"

#include "wire.h"

#include <string.h>

const char *const wire_frame_names[] = {
    [OPEN] = "OPEN",     [OPENED] = "OPENED", [REFUSED] = "REFUSED", [DATA] = "DATA",
    [FIN] = "FIN",       [RESET] = "RESET",   [ACK] = "ACK",         [CONTINUE] = "CONTINUE",
    [RESUME] = "RESUME", [ENDED] = "ENDED",   [PING] = "PING",       [PONG] = "PONG"};

bool wire_put(struct wire_queue *queue, struct wire_frame frame) {
    if (queue->count == WIRE_QUEUE)
        return false;
    queue->frames[queue->count++] = frame;
    return true;
}

struct wire_frame wire_pull(struct wire_queue *queue) {
    struct wire_frame frame = queue->frames[0];
    queue->count--;
    memmove(queue->frames, queue->frames + 1, queue->count * sizeof frame);
    memset(&queue->frames[queue->count], 0, sizeof frame);
    return frame;
}

void wire_drop_behind(struct wire_queue *queue, uint8_t kept) {
    memset(&queue->frames[kept], 0, (WIRE_QUEUE - kept) * sizeof *queue->frames);
    queue->count = kept;
}

stream_carrier wire_carrier_id(int carrier) {
    return (stream_carrier)((carrier + 1) | (carrier == WIRE_EXCLUSIVE ? STREAM_EXCLUSIVE : 0));
}

int wire_carrier_of(stream_carrier id) {
    return (id & ~STREAM_EXCLUSIVE) - 1;
}

/* By the rules, as an end would follow them now. */
static bool changes_nothing(const struct stream *stream, stream_carrier id, struct wire_frame frame) {
    struct stream copy = *stream;
    struct stream_answer answer = {0};
    const char *violation = NULL;
    bool is_taken;
    if (frame.type == ACK)
        violation = stream_take_ack(&copy, frame.value);
    else if (frame.type == CONTINUE)
        violation = stream_take_continue(&copy, id, frame.epoch, frame.value, UINT8_MAX);
    else if (frame.type == RESUME)
        violation = stream_take_resume(&copy, id, frame.epoch, frame.value, &answer);
    else
        violation = stream_take_bytes(&copy, id, 1, frame.type == FIN, UINT8_MAX, &is_taken);
    bool is_answered = answer.resume || answer.go_on || answer.opened;
    return !violation && !is_answered && memcmp(&copy, stream, sizeof copy) == 0;
}

/* And it stays so: epochs and ACKs only rise, and a carrier that bytes count on again is announced by CONTINUE. is_new:
 * one that may count is in front of the frame. */
static bool is_ignored(const struct stream *stream, stream_carrier id, struct wire_frame frame, bool is_new) {
    bool is_late = false;
    if (stream->phase == STREAM_OVER)
        return frame.type != RESUME && frame.type != PING && frame.type != PONG;
    if (stream->phase == STREAM_NEW)
        return false;
    if (frame.type == DATA || frame.type == FIN)
        is_late = !is_new && stream->in != id && stream->in_next != id;
    else if (frame.type == CONTINUE || frame.type == RESUME)
        is_late = frame.epoch < stream->epoch;
    else if (frame.type == ACK)
        is_late = frame.value <= stream->acked;
    return is_late && changes_nothing(stream, id, frame);
}

void wire_drop_ignored(struct wire_queue *queue, int carrier, const struct stream *const streams[]) {
    bool is_new[WIRE_STREAMS] = {false};
    uint8_t kept = 0;
    for (uint8_t i = 0; i < queue->count; i++) {
        struct wire_frame frame = queue->frames[i];
        if (is_ignored(streams[frame.stream], wire_carrier_id(carrier), frame, is_new[frame.stream]))
            continue;
        is_new[frame.stream] |= frame.type == CONTINUE;
        queue->frames[kept++] = frame;
    }
    wire_drop_behind(queue, kept);
}
