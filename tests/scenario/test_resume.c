/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_resume: relays of all kinds over a wide-area link that breaks in all kinds of ways, and lose nothing; and how
 * long they wait. After each cut the test waits until every relay of small messages has got an answer to something that
 * it sent later.
 */
#include "config.h"

#include "harness/deadline.h"
#include "harness/scenario.h"
#include "harness/wide_area.h"

#include <stdio.h>
#include <unistd.h>

static bool begin(struct wide_area *area, const char *name, const char *agents) {
    if (!wide_area_make(area, name))
        return false;
    wide_area_start(area, agents, "");
    return true;
}

static void cut_and_await(struct wide_area *area, const struct wide_area_cut *cut) {
    cut->make(area);
    uint64_t since_ms = now_ms();
    bool is_back = HOLDS_WITHIN(cut->within_ms, wide_area_all_answered(area, since_ms));
    printf("# %s: %s after %u ms\n", cut->name, is_back ? "answered" : "not answered", (unsigned)(now_ms() - since_ms));
    ck_assert_msg(is_back, "%s: relays did not go on within %u ms", cut->name, cut->within_ms);
}

START_TEST(relays_go_on_after_every_kind_of_cut) {
    static struct wide_area area;
    if (!begin(&area, __func__, ""))
        return;
    for (unsigned i = 0; i < 2 * WIDE_AREA_KINDS; i++)
        wide_area_add_relay(&area, i % WIDE_AREA_KINDS);
    ck_assert(HOLDS_WITHIN(WIDE_AREA_ANSWER_MS, wide_area_all_answered(&area, 1)));
    for (int i = 0; i < WIDE_AREA_CUTS; i++)
        cut_and_await(&area, &wide_area_cuts[i]);
    wide_area_end_relays(&area);
    wide_area_free(&area);
}
END_TEST

/* No bulk stream's silence tells of this one: whichever end notices, notices by its own link. */
START_TEST(a_relay_alone_goes_on_after_every_kind_of_cut) {
    static struct wide_area area;
    if (!begin(&area, __func__, ""))
        return;
    wide_area_add_relay(&area, ECHOES);
    ck_assert(HOLDS_WITHIN(WIDE_AREA_ANSWER_MS, wide_area_all_answered(&area, 1)));
    for (int i = 0; i < WIDE_AREA_CUTS; i++)
        cut_and_await(&area, &wide_area_cuts[i]);
    wide_area_end_relays(&area);
    wide_area_free(&area);
}
END_TEST

/* ---- a crowd ---- */

enum { CROWD = 500, SLOW_CROWD = 5000, CROWD_BACK_MS = 10000 };

/* Each sends a byte and gets it back. */
static bool all_echo(const int *clients, unsigned count, unsigned ms) {
    uint64_t deadline = deadline_in(ms);
    char byte;
    for (unsigned i = 0; i < count; i++)
        if (!socket_send(clients[i], "x", 1, ms))
            return false;
    for (unsigned i = 0; i < count; i++)
        if (socket_read(clients[i], &byte, 1, NULL, deadline_left(deadline)) != END_NONE || byte != 'x')
            return false;
    return true;
}

START_TEST(a_crowd_of_suspended_relays_is_back_within_ten_seconds) {
    static struct wide_area area;
    static int clients[SLOW_CROWD];
    unsigned count = scenario_runs_slow() ? SLOW_CROWD : CROWD;
    if (!begin(&area, __func__, ""))
        return;
    for (unsigned i = 0; i < count; i++)
        clients[i] = socket_client(WIDE_AREA_ECHO_PORT);
    ck_assert(all_echo(clients, count, WIDE_AREA_ANSWER_MS));
    struct live before = live_of(area.machines.server);
    uint64_t since_ms = now_ms();
    wan_reset_connections(area.wan);
    ck_assert(all_echo(clients, count, CROWD_BACK_MS));
    printf("# %u relays answer after %u ms\n", count, (unsigned)(now_ms() - since_ms));
    ck_assert_uint_le(live_of(area.machines.server).handshakes_done, before.handshakes_done + before.links + 1);
    for (unsigned i = 0; i < count; i++)
        close(clients[i]);
    wide_area_free(&area);
}
END_TEST

/* ---- the end of patience ---- */

static void expect_reset_at_both_ends(struct wide_area *area, int client, unsigned ms) {
    ck_assert_str_eq(end_name(socket_wait_end(client, ms)), end_name(END_RESET));
    close(client);
    destination_await_ended(area->echo, 1, ms);
    ck_assert_str_eq(end_name(destination_connection(area->echo, 0)->end), end_name(END_RESET));
}

static int start_echo(void) {
    int client = socket_client(WIDE_AREA_ECHO_PORT);
    ck_assert(socket_converse(client, "before", WIDE_AREA_ANSWER_MS));
    return client;
}

START_TEST(a_relay_that_waits_for_longer_than_resume_is_reset_at_both_ends) {
    static struct wide_area area;
    if (!begin(&area, __func__, "'resume': 2,"))
        return;
    int client = start_echo();
    uint64_t since_ms = now_ms();
    wan_reset_connections(area.wan);
    wan_drop(area.wan, WAN_BOTH_WAYS); /* but for what is on its way */
    expect_reset_at_both_ends(&area, client, 5000);
    ck_assert_uint_ge(now_ms() - since_ms, 2000);
    wan_drop(area.wan, 0);
    ck_assert(HOLDS_WITHIN(WIDE_AREA_ANSWER_MS, socket_echoes(WIDE_AREA_ECHO_PORT, 1000)));
    wide_area_free(&area);
}
END_TEST

START_TEST(resume_0_resets_a_relay_with_its_link) {
    static struct wide_area area;
    if (!begin(&area, __func__, "'resume': 0,"))
        return;
    int client = start_echo();
    wan_reset_connections(area.wan);
    expect_reset_at_both_ends(&area, client, 1000);
    ck_assert(HOLDS_WITHIN(WIDE_AREA_ANSWER_MS, socket_echoes(WIDE_AREA_ECHO_PORT, 1000)));
    wide_area_free(&area);
}
END_TEST

SCENARIO_MAIN("resume", SCENARIO(relays_go_on_after_every_kind_of_cut, 180),
              SCENARIO(a_relay_alone_goes_on_after_every_kind_of_cut, 180),
              SCENARIO(a_crowd_of_suspended_relays_is_back_within_ten_seconds, 180),
              SCENARIO(a_relay_that_waits_for_longer_than_resume_is_reset_at_both_ends, 90),
              SCENARIO(resume_0_resets_a_relay_with_its_link, 90))
