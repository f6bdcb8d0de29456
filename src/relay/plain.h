/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * plain: the side of a relay without TLS: a client's or a destination's socket.
 *
 * What comes in is read straight into frames (batch); what goes out is written at once and waits in an evbuffer only
 * when the kernel does not take it. The relay stops the link's reading while something waits, so that what waits is
 * bounded by what the link had already read. One edge-triggered event from connect to close: stopping and going on cost
 * no system call, and what an edge told while reading was stopped is remembered.
 * Runs on: the relay's thread. Owns: the descriptor (until plain_detach), its event, what waits.
 * States: closed -> (connecting) -> open -> (end of input) / (half-closed) -> closed.
 */
#ifndef MUNNEL_RELAY_PLAIN_H
#define MUNNEL_RELAY_PLAIN_H

#include "relay/again.h"
#include "relay/batch.h"

#include <sys/uio.h>

struct plain;

struct plain_events {
    void (*on_readable)(struct plain *plain);
    void (*on_flushed)(struct plain *plain);              /* nothing waits any more */
    void (*on_broken)(struct plain *plain);               /* the peer's RST, or the kernel gave up */
    void (*on_connected)(struct plain *plain, int error); /* error: 0, or the errno with which it failed */
};

struct plain { /* embedded in a relay */
    int fd;    /* -1: closed */
    bool connecting, reading, may_have_more, is_doubtful, end_is_near, got_end, ending, half_closed;
    bool is_streaming;   /* the last read took more than a frame: the next is prepared for many */
    bool cuts_by_itself; /* sock_set_reset_on_close is on: whoever is served to the end has it switched off */
    const struct plain_events *events;
    void *context; /* of whoever set the events */
    struct again *again, *doubts;
    struct again_item item;  /* more to read */
    struct again_item doubt; /* an edge may have told of a reset behind the data that was read */
    struct evbuffer *out;    /* NULL while nothing waits */
    struct event event;
};

/* `again` serves whoever has more to read; `doubts`, some milliseconds later, whoever may have missed a reset. */
void plain_init(struct plain *plain, struct again *again, struct again *doubts);
/* Takes the descriptor; nothing is read until plain_set_reading. false: no memory for the event (the descriptor is not
 * taken). */
bool plain_attach(struct plain *plain, struct event_base *base, int fd, bool connecting,
                  const struct plain_events *events, void *context);
void plain_cut_unless_whole(struct plain *plain); /* from now on a process that is killed resets it */
int plain_detach(struct plain *plain);            /* gives the descriptor back untouched; what waits stays */
void plain_set_events(struct plain *plain, const struct plain_events *events, void *context);

void plain_set_reading(struct plain *plain, bool on);

/* What a read found. */
enum plain_read { PLAIN_DATA, PLAIN_DATA_AND_END, PLAIN_END, PLAIN_NOTHING, PLAIN_BROKEN };
/* Reads once, at most `limit` bytes, into DATA frames of `batch`; *taken is the number of payload bytes. */
enum plain_read plain_read(struct plain *plain, struct batch *batch, size_t limit, size_t *taken);

/* Writes, or lets wait what cannot be written (parts may be changed); until connected everything waits. is_last:
 * plain_end is called next. false: broken. */
bool plain_write(struct plain *plain, struct iovec *parts, int count, bool is_last);
/* Tries what waits; on_flushed is called when it is all gone. */
void plain_flush(struct plain *plain);
size_t plain_waiting(const struct plain *plain);

/* No more will be written: half-closes as soon as nothing waits. */
void plain_end(struct plain *plain);
/* Is everything out and, if plain_end was called, half-closed? */
bool plain_is_done(const struct plain *plain);
/* Both directions are over, or the other side is gone: close, by RST if something was cut. Drops what waits. */
void plain_close(struct plain *plain, bool reset);

#endif
