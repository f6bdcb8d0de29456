/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * recent_events: see recent_events.h.
 */
#include "config.h"

#include "admin/recent_events.h"

#include "lib/base/clock.h"
#include "lib/base/strbuf.h"
#include "lib/log/log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    ACCESS_A_MINUTE = 20,
    REPEATED_WITHIN_MS = 60000,
    LOOK_BACK = 16 /* events in which a repeated one is looked for */
};

struct recent_events {
    struct recent_event ring[RECENT_EVENTS_MOST]; /* an event's place is its number modulo that */
    uint64_t last;
    struct log_limit access;
    void (*on_event)(void *context, const struct recent_event *event);
    void *context;
};

struct recent_events *recent_events_new(void) {
    return calloc(1, sizeof(struct recent_events));
}

void recent_events_free(struct recent_events *events) {
    free(events);
}

void recent_events_watch(struct recent_events *events,
                         void (*on_event)(void *context, const struct recent_event *event), void *context) {
    events->on_event = on_event;
    events->context = context;
}

static int64_t wall_ms(void) {
    struct timespec now = {0};

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct recent_event *place_of(struct recent_events *events, uint64_t number) {
    return &events->ring[number % RECENT_EVENTS_MOST];
}

static uint64_t first_of(const struct recent_events *events) {
    return events->last > RECENT_EVENTS_MOST ? events->last - RECENT_EVENTS_MOST + 1 : 1;
}

static bool is_same_subject(const struct recent_event *a, const struct recent_event *b) {
    return a->kind == b->kind && strcmp(a->subject, b->subject) == 0;
}

/* Only the newest of its subject: what lies between two equal ones must not look as if it came last. */
static struct recent_event *find_repeated(struct recent_events *events, const struct recent_event *event) {
    uint64_t first = first_of(events);

    for (uint64_t number = events->last, looks = 0; number >= first && looks < LOOK_BACK; number--, looks++) {
        struct recent_event *other = place_of(events, number);
        if (!is_same_subject(other, event))
            continue;
        bool is_same = other->severity == event->severity && strcmp(other->text, event->text) == 0 &&
                       event->since_ms - other->since_ms < REPEATED_WITHIN_MS;
        return is_same ? other : NULL;
    }
    return NULL;
}

static struct recent_event *append(struct recent_events *events, const struct recent_event *event) {
    struct recent_event *place = place_of(events, ++events->last);

    *place = *event;
    place->number = events->last;
    return place;
}

void recent_events_add_many(struct recent_events *events, enum event_kind kind, enum event_severity severity,
                            const char *subject, const char *text, const char *detail, uint64_t count) {
    struct recent_event event = {.wall_ms = wall_ms(), .since_ms = clock_ms(), .kind = kind, .severity = severity};
    unsigned left_out = 0;

    if (!events)
        return;
    strbuf_copy(event.subject, sizeof event.subject, subject);
    struct strbuf words = strbuf_begin(event.text, sizeof event.text);
    strbuf_add(&words, text);
    if (detail && *detail) {
        strbuf_add(&words, ": ");
        strbuf_add(&words, detail);
    }
    struct recent_event *place = find_repeated(events, &event);
    if (!place && kind == EVENT_KIND_ACCESS && !log_limit_allows(&events->access, ACCESS_A_MINUTE, &left_out))
        return;
    if (!place)
        place = append(events, &event);
    place->count += count + left_out;
    if (events->on_event)
        events->on_event(events->context, place);
}

void recent_events_add(struct recent_events *events, enum event_kind kind, enum event_severity severity,
                       const char *subject, const char *text, const char *detail) {
    recent_events_add_many(events, kind, severity, subject, text, detail, 1);
}

uint64_t recent_events_last(const struct recent_events *events) {
    return events->last;
}

const struct recent_event *recent_events_after(const struct recent_events *events, uint64_t number) {
    uint64_t first = first_of(events), next = number + 1 > first ? number + 1 : first;

    return number < events->last ? &events->ring[next % RECENT_EVENTS_MOST] : NULL;
}
