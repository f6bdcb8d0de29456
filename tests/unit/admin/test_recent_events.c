/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_recent_events: events come back in their order, repeated ones once, and peers without credentials cannot push
 * others out.
 */
#include "config.h"

#include "admin/recent_events.h"
#include "unit.h"

#include <stdio.h>
#include <string.h>

enum { MANY = 3 * RECENT_EVENTS_MOST };

static struct recent_events *events;
static unsigned told;
static uint64_t told_number;

static void on_event(void *context, const struct recent_event *event) {
    ck_assert_ptr_eq(context, &told);
    told++;
    told_number = event->number;
}

static void begin(void) {
    events = recent_events_new();
    ck_assert_ptr_nonnull(events);
}

static void add(const char *subject, const char *text) {
    recent_events_add(events, EVENT_KIND_AGENT, EVENT_INFO, subject, text, NULL);
}

static const struct recent_event *event_after(uint64_t number) {
    const struct recent_event *event = recent_events_after(events, number);

    ck_assert_ptr_nonnull(event);
    return event;
}

START_TEST(events_come_back_in_their_order) {
    begin();
    ck_assert_uint_eq(recent_events_last(events), 0);
    ck_assert_ptr_null(recent_events_after(events, 0));
    add("web1", "joined");
    recent_events_add(events, EVENT_KIND_SERVICE, EVENT_WARNING, "ssh", "unreachable", "its last agent has gone");
    ck_assert_uint_eq(recent_events_last(events), 2);
    ck_assert_str_eq(event_after(0)->text, "joined");
    const struct recent_event *second = event_after(1);
    ck_assert_str_eq(second->text, "unreachable: its last agent has gone");
    ck_assert_str_eq(second->subject, "ssh");
    ck_assert_int_eq(second->kind, EVENT_KIND_SERVICE);
    ck_assert_int_eq(second->severity, EVENT_WARNING);
    ck_assert_uint_eq(second->count, 1);
    ck_assert_int_gt(second->wall_ms, 1700000000000);
    ck_assert_ptr_null(recent_events_after(events, 2));
    ck_assert_ptr_null(recent_events_after(events, UINT64_MAX));
    recent_events_free(events);
}
END_TEST

START_TEST(the_oldest_make_room) {
    char text[32];
    unsigned count = 0;

    begin();
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "event %d", i);
        add("web1", text);
    }
    ck_assert_uint_eq(recent_events_last(events), MANY);
    for (uint64_t number = 0; recent_events_after(events, number); number = event_after(number)->number, count++)
        ck_assert_uint_eq(event_after(number)->number, count == 0 ? MANY - RECENT_EVENTS_MOST + 1 : number + 1);
    ck_assert_uint_eq(count, RECENT_EVENTS_MOST);
    recent_events_free(events);
}
END_TEST

START_TEST(what_is_repeated_is_counted) {
    begin();
    recent_events_watch(events, on_event, &told);
    add("web1", "unresponsive");
    add("web2", "joined");
    add("web1", "unresponsive");
    recent_events_add_many(events, EVENT_KIND_AGENT, EVENT_INFO, "web1", "unresponsive", NULL, 40);
    ck_assert_uint_eq(recent_events_last(events), 2);
    ck_assert_uint_eq(event_after(0)->count, 42);
    ck_assert_uint_eq(told, 4);
    ck_assert_uint_eq(told_number, 1);
    add("web1", "responsive");
    add("web1", "unresponsive"); /* something else came between */
    ck_assert_uint_eq(recent_events_last(events), 4);
    recent_events_free(events);
}
END_TEST

START_TEST(a_date_that_was_set_back_makes_nothing_repeated) {
    begin();
    add("web1", "unresponsive");
    struct recent_event *event = (struct recent_event *)(uintptr_t)event_after(0);
    event->wall_ms += 3600 * 1000; /* as if by the date of then, */
    event->since_ms -= 61 * 1000;  /* a minute ago */
    add("web1", "unresponsive");
    ck_assert_uint_eq(recent_events_last(events), 2);
    recent_events_free(events);
}
END_TEST

START_TEST(strangers_push_out_nothing) {
    char text[32];

    begin();
    add("web1", "joined");
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "rejected %d", i);
        recent_events_add(events, EVENT_KIND_ACCESS, EVENT_WARNING, "agent port", text, NULL);
    }
    ck_assert_uint_lt(recent_events_last(events), 50); /* 20 a minute, and the minute may change meanwhile */
    ck_assert_str_eq(event_after(0)->text, "joined");
    recent_events_free(events);
}
END_TEST

START_TEST(long_texts_are_cut) {
    char longer[1000];

    begin();
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    recent_events_add(events, EVENT_KIND_AGENT, EVENT_INFO, longer, longer, longer);
    ck_assert_uint_eq(strlen(event_after(0)->subject), RECENT_EVENT_SUBJECT - 1);
    ck_assert_uint_eq(strlen(event_after(0)->text), RECENT_EVENT_TEXT - 1);
    recent_events_free(events);
    recent_events_add(NULL, EVENT_KIND_AGENT, EVENT_INFO, "web1", "joined", NULL);
}
END_TEST

static TCase *ring(void) {
    TCase *group = tcase_create("ring");

    tcase_add_test(group, events_come_back_in_their_order);
    tcase_add_test(group, the_oldest_make_room);
    tcase_add_test(group, what_is_repeated_is_counted);
    tcase_add_test(group, a_date_that_was_set_back_makes_nothing_repeated);
    tcase_add_test(group, strangers_push_out_nothing);
    tcase_add_test(group, long_texts_are_cut);
    return group;
}

UNIT_MAIN("admin/recent_events", ring)
