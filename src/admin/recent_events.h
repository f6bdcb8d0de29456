/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * recent_events: the last RECENT_EVENTS_MOST things that have happened to the server, its agents and services, for
 * people who look at it: what its log has, but for the records of relays.
 *
 * Fixed memory. Each event has a number, by which a reader asks for those that followed; a gap in the numbers is what
 * it was too slow for. What is repeated within a minute is no new event: its count grows. Of ACCESS, which peers
 * without credentials can cause, 20 a minute are added, and the others counted with the next one. Runs on: the control
 * thread. Owns: its ring.
 */
#ifndef MUNNEL_ADMIN_RECENT_EVENTS_H
#define MUNNEL_ADMIN_RECENT_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RECENT_EVENTS_MOST = 1024, RECENT_EVENT_SUBJECT = 88, RECENT_EVENT_TEXT = 256 };

enum event_severity { EVENT_INFO, EVENT_WARNING, EVENT_ERROR };

enum event_kind {                         /* what it is about, for filters */
                  EVENT_KIND_SERVER,      /* started, stops, reloads; subject: "server" */
                  EVENT_KIND_AGENT,       /* joined, left, draining, suspended, resumed, ejected; subject: its label */
                  EVENT_KIND_SERVICE,     /* reachable, unreachable, clients refused; subject: its name */
                  EVENT_KIND_CERTIFICATE, /* read, or near its expiry; subject: "server" */
                  EVENT_KIND_ACCESS, /* agents rejected, sources blocked; subject: "agent port", or what it names itself
                                      */
                  EVENT_KIND_COUNT
};

struct recent_event {
    uint64_t number;   /* 1, 2, ... since the start */
    int64_t wall_ms;   /* since 1970; when it came first */
    uint64_t since_ms; /* the same by clock_ms(): the date may be set back */
    enum event_kind kind;
    enum event_severity severity;
    uint64_t count;                                              /* how often it came */
    char subject[RECENT_EVENT_SUBJECT], text[RECENT_EVENT_TEXT]; /* cut off if longer; not checked for UTF-8 */
};

struct recent_events;

struct recent_events *recent_events_new(void); /* NULL: out of memory */
void recent_events_free(struct recent_events *events);

/* Called for each that is added, or whose count has grown; NULL: not at all. For one reader, which passes it on. */
void recent_events_watch(struct recent_events *events,
                         void (*on_event)(void *context, const struct recent_event *event), void *context);

/* detail: added to the text behind ": ", or NULL. `events` NULL: nothing happens. */
void recent_events_add(struct recent_events *events, enum event_kind kind, enum event_severity severity,
                       const char *subject, const char *text, const char *detail);
/* As if it had come `count` times, within a second or so. */
void recent_events_add_many(struct recent_events *events, enum event_kind kind, enum event_severity severity,
                            const char *subject, const char *text, const char *detail, uint64_t count);

uint64_t recent_events_last(const struct recent_events *events); /* number of the newest; 0: none yet */
/* The first that follows this number and is still there; NULL: none. Valid until the next one is added. */
const struct recent_event *recent_events_after(const struct recent_events *events, uint64_t number);

#endif
