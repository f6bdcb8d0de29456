/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * harness: see harness.h.
 */
#include "config.h"

#include "agent/harness.h"

#include "unit.h"
#include "unit_log.h"

#include <event2/event.h>
#include <stdlib.h>
#include <string.h>

enum { LIMIT_MS = 5000, ROUNDS_AFTER = 5 };

void harness_make(struct harness *harness, const char *const *servers) {
    struct agent_settings *settings = &harness->settings;

    *harness = (struct harness){.settings = {.name = "tester", .group = "", .threads = 1, .times = AGENT_TIMES}};
    settings->times.upstream.first_ms = 1;
    settings->times.upstream.longest_ms = 4;
    settings->times.data_links.first_ms = 1;
    settings->times.data_links.longest_ms = 4;
    settings->loop = loop_new("test");
    ck_assert_ptr_nonnull(settings->loop);
    settings->log = unit_log(LOG_LEVEL_INFO);
    for (; servers[settings->server_count]; settings->server_count++)
        harness->servers[settings->server_count] = (struct server_identity){.text = servers[settings->server_count],
                                                                            .token = &harness->token,
                                                                            .trust = fake_trust()};
    settings->servers = harness->servers;
}

void harness_take_token(struct harness *harness) {
    struct auth_token made;
    char text[AUTH_TOKEN_TEXT];
    struct error error;

    ck_assert_int_eq(auth_token_make(&made, "web1"), 0);
    auth_token_format(&made, text);
    ck_assert_int_eq(token_from_text(&harness->token, text, &error), 0);
}

void harness_start(struct harness *harness) {
    struct error error = {""};

    harness->agent = agent_new(&harness->settings, &error);
    ck_assert_msg(harness->agent, "%s", error.text);
    agent_start(harness->agent);
}

struct awaited {
    const unsigned *dials;
    unsigned count;
};

static bool dials_are_there(void *context) {
    const struct awaited *awaited = context;

    return *awaited->dials >= awaited->count;
}

static void await(const struct harness *harness, const unsigned *dials, unsigned count) {
    struct event_base *base = loop_base(harness->settings.loop);
    struct awaited awaited = {dials, count};

    ck_assert_msg(unit_run_until(base, dials_are_there, &awaited, LIMIT_MS), "%u dials instead of %u", *dials, count);
    unit_run_rounds(base, ROUNDS_AFTER);
    ck_assert_uint_eq(*dials, count);
}

void harness_await_dials(struct harness *harness, unsigned count) {
    await(harness, &fake_plane()->dial_count, count);
}

void harness_await_links(struct harness *harness, unsigned count) {
    await(harness, &fake_plane()->link_count, count);
}

static bool never(void *context) {
    (void)context;
    return false;
}

void harness_run_for(struct harness *harness, unsigned ms) {
    ck_assert(!unit_run_until(loop_base(harness->settings.loop), never, NULL, ms));
}

void harness_connect(struct harness *harness) {
    harness_start(harness);
    ck_assert_uint_eq(fake_plane()->dial_count, 1);
    fake_welcome(0, harness->token.present ? harness->token.key : NULL);
    ck_assert(fake_plane()->dials[0].accepted);
}

const struct fake_dial *harness_dial(unsigned index) {
    ck_assert_uint_lt(index, fake_plane()->dial_count);
    return &fake_plane()->dials[index];
}

void harness_check_address(unsigned index, const char *address) {
    char text[ADDR_TEXT];

    ck_assert_str_eq(addr_format(&harness_dial(index)->order.address, text, sizeof text), address);
}

/* ---- no memory for a timer ---- */

enum { TIMERS = 4096 };

static void *no_more(void *memory, size_t size) {
    (void)memory, (void)size;
    return NULL;
}

static void on_nothing(evutil_socket_t fd, short what, void *context) {
    (void)fd, (void)what, (void)context;
}

/* Takes every place in the loop's heap of timers, which then cannot grow. Returns how many `timers` were made. */
static size_t fill_heap(struct event_base *base, struct event *timers[TIMERS]) {
    static const struct timeval far = {3600, 0};
    size_t count = 0;

    event_set_mem_functions(malloc, no_more, free);
    do {
        ck_assert_uint_lt(count, TIMERS);
        timers[count] = evtimer_new(base, on_nothing, NULL);
        ck_assert_ptr_nonnull(timers[count]);
    } while (event_add(timers[count++], &far) == 0);
    return count;
}

void harness_call_without_timers(struct loop *loop, void (*function)(void)) {
    static struct event *timers[TIMERS];
    size_t count = fill_heap(loop_base(loop), timers);

    function();
    event_set_mem_functions(malloc, realloc, free);
    while (count > 0)
        event_free(timers[--count]);
}

/* ---- the end ---- */

int harness_run(struct harness *harness) {
    char detail[512];

    ck_assert_int_eq(loop_run(harness->settings.loop), 0);
    return agent_result(harness->agent, detail, sizeof detail);
}

void harness_done(struct harness *harness) {
    agent_free(harness->agent);
    for (size_t i = 0; i < harness->settings.server_count; i++)
        trust_free(harness->servers[i].trust);
    loop_free(harness->settings.loop);
    log_free(harness->settings.log);
    fake_plane_forget();
}

char *harness_end(struct harness *harness) {
    harness_done(harness);
    return unit_read(unit_path("log"), NULL);
}
