/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * pump_priv: the pump's insides, for pump.c, pump_guarded.c and pump_inner.c.
 */
#ifndef MUNNEL_RELAY_STREAM_PUMP_PRIV_H
#define MUNNEL_RELAY_STREAM_PUMP_PRIV_H

#include "relay/stream/pump.h"

static inline struct pump *pump_of_socket(struct stream_socket *socket) {
    return (struct pump *)socket; /* its first member */
}

/* What pump.c calls where bytes are looked at or changed between socket and stream; pump_guarded.c and pump_inner.c
 * have one each. */
struct pump_stage {
    /* When it starts, and when there is room again: passes on what may pass, and reads, waits, answers or ends. */
    void (*settle)(struct pump *pump);
    void (*bring)(struct pump *pump, struct iovec *parts, int count); /* from the stream; counted already */
    bool (*end)(struct pump *pump); /* the stream's FIN. False: it waits, or was broken, and may be over */
};

/* pump.c */
void pump_note_move(struct pump *pump);
void pump_acknowledge(struct pump *pump); /* of the stream what the kernel has */
/* To the socket; within its limit of bandwidth, if there is one. False: it is broken, which is to be reported. */
bool pump_write(struct pump *pump, struct iovec *parts, int count);
void pump_socket_written(struct stream_socket *socket); /* as the next, of the socket's events */
void pump_socket_broken(struct stream_socket *socket);

#endif
