/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * data_links_fixture: see data_links_fixture.h.
 */
#include "config.h"

#include "agent/upstream/data_links_fixture.h"

#include "agent/harness.h"
#include "lib/base/clock.h"
#include "unit.h"

#include <stdlib.h>

enum { LIMIT_MS = 5000 };

struct loop *loop;
struct data_links *links;
struct session_links *session, *other;
const struct carrier_role SHARED = {SESSION, 0, false}, EXCLUSIVE = {SESSION, 0, true};

/* The plane's events of data links lead to data_links.c alone. */
static void on_carrier(void *context, uint64_t tag, const struct carrier_role *role) {
    (void)context;
    ck_assert(data_dials_made(tag));
    data_links_on_carrier(links, tag, role);
}

static void on_want_carriers(void *context, const struct carrier_role *role, unsigned count) {
    (void)context;
    data_links_on_want(links, role, count);
}

static void on_gone(void *context, const struct link_end *end) {
    (void)context;
    ck_assert(data_dials_made(end->tag));
    data_links_on_gone(links, end);
}

static void on_greeting(void *context, const struct greeting *greeting) {
    (void)context;
    ck_assert(greeting->rejected);
    data_links_on_rejected(links, greeting->tag, greeting->text, greeting->length);
    plane_reject(fake_plane(), greeting->link, NULL);
}

static const struct plane_events EVENTS = {.on_greeting = on_greeting,
                                           .on_carrier = on_carrier,
                                           .on_want_carriers = on_want_carriers,
                                           .on_gone = on_gone};

struct session_links *make_session(uint64_t tag, const char *name) {
    struct session_links *made = calloc(1, sizeof *made);

    ck_assert_ptr_nonnull(made);
    made->threads = 1;
    made->target = (struct data_target){.who = name,
                                        .session = tag,
                                        .id = "00112233445566778899aabbccddeeff",
                                        .name = "tester",
                                        .instance = "ffeeddccbbaa99887766554433221100",
                                        .trust = fake_trust(),
                                        .server_name = name,
                                        .key = {1, 2, 3},
                                        .resume_ms = 30000};
    return made;
}

void set_up_with(const struct data_links_times *times) {
    fake_plane()->options.events = &EVENTS;
    loop = loop_new("test");
    links = data_links_new(loop, fake_plane(), NULL, times);
    ck_assert_ptr_nonnull(links);
    session = make_session(SESSION, "one");
    other = make_session(OTHER, "other");
}

void set_up(void) {
    set_up_with(&(struct data_links_times){.first_ms = 1, .longest_ms = 4});
}

void set_up_patient(void) {
    set_up_with(&(struct data_links_times){.first_ms = NEVER_MS, .longest_ms = NEVER_MS});
}

void free_session(struct session_links *made) {
    data_links_remove(links, made);
    trust_free(made->target.trust);
    free(made);
}

void tear_down(void) {
    free_session(session);
    free_session(other);
    data_links_free(links);
    loop_free(loop);
    fake_plane_forget();
}

unsigned dialled(void) {
    return fake_plane()->link_count;
}

const struct dial_order *order(unsigned index) {
    ck_assert_uint_lt(index, dialled());
    return &fake_plane()->links[index].order;
}

static bool are_dialled(void *context) {
    const unsigned *count = context;

    return dialled() >= *count;
}

void await_dials(unsigned count) {
    ck_assert_msg(unit_run_until(loop_base(loop), are_dialled, &count, LIMIT_MS), "%u dials, not %u", dialled(), count);
    unit_run_rounds(loop_base(loop), 5);
    ck_assert_uint_eq(dialled(), count);
}

void run_past_due(void) {
    while (clock_ms() < session->dialling[false].due_ms || clock_ms() < session->dialling[true].due_ms)
        ;
    unit_run_rounds(loop_base(loop), 10);
}
