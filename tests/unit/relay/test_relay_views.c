/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_relay_views: a view has each relay once, whatever begins, opens and ends while it is made by stream/walk.c,
 * which looks at few of them in a turn; and an operator ends the relay with a certain id.
 */
#include "config.h"

#include "relay/sessions.h"

#include "lib/base/strbuf.h"
#include "relay/plane_priv.h"
#include "relay/stream/relay_priv.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TICKET = 77, PATIENCE_MS = 5000, MANY = 240, SOME = 5 };

static size_t refused_size; /* allocations of so many bytes or more fail; 0: none */

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_malloc(size_t size) {
    return refused_size && size >= refused_size ? NULL : __real_malloc(size);
}

static struct sessions_views *views_of(int side) {
    return &sessions.sides[side].views;
}

static void ask(int side, struct relay_query query) {
    query.ticket = TICKET;
    ck_assert(plane_view_relays(sessions.sides[side].plane, &query));
}

static const struct sessions_views *view(int side, struct relay_query query) {
    unsigned before = views_of(side)->answers;
    if (!query.limit)
        query.limit = RELAYED_MAX;
    ask(side, query);
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(views_of(side)->answers, before + 1);
    ck_assert_uint_eq(views_of(side)->ticket, TICKET);
    return views_of(side);
}

static void open_some(struct relayed **relayed, int count) {
    relayed_open_many(&sessions.planes, relayed, count);
}

/* ---- what is in it ---- */

START_TEST(a_relay_is_seen_at_both_ends_under_the_same_id) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    relayed_send(relayed, RELAYED_UP, 300);
    relayed_send(relayed, RELAYED_DOWN, 7000);
    relayed_carry(&sessions.planes);
    view(SERVER, (struct relay_query){0});
    view(AGENT, (struct relay_query){0});
    const struct relay_view *server = &views_of(SERVER)->views[0], *agent = &views_of(AGENT)->views[0];
    for (int side = SERVER; side <= AGENT; side++) {
        const struct relay_view *seen = &views_of(side)->views[0];
        ck_assert_uint_eq(views_of(side)->count, 1);
        ck_assert_uint_eq(views_of(side)->matching, 1);
        ck_assert_str_eq(seen->service, "test");
        ck_assert_str_eq(seen->destination, "127.0.0.1:1000");
        ck_assert_str_eq(seen->address, "127.0.0.1:1000");
        ck_assert_uint_eq(seen->session, TWO_PLANES_SESSION);
        ck_assert_uint_eq(seen->up, 300);
        ck_assert_uint_eq(seen->down, 7000);
        ck_assert_int_eq(seen->state, RELAY_VIEW_SHARED);
        ck_assert_uint_gt(seen->opened_us, 0);
        ck_assert_uint_ge(seen->first_byte_us, seen->opened_us);
    }
    ck_assert_str_eq(server->id, agent->id);
    sessions_expect_whole(relayed);
    ck_assert_uint_eq(view(SERVER, (struct relay_query){0})->count, 0);
    sessions_finish();
}
END_TEST

START_TEST(states_are_those_of_the_moment) {
    sessions_begin_with_link();
    memory_connect_will(MEMORY_LATER);
    const struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    struct relayed *opening = relayed_serve(&sessions.planes, &plan);
    relayed_carry(&sessions.planes);
    ck_assert_int_eq(view(_i, (struct relay_query){0})->views[0].state, RELAY_VIEW_OPENING);
    memory_connect_done(opening->ends[1], false);
    sessions_go_on();
    ck_assert_int_eq(view(_i, (struct relay_query){0})->views[0].state, RELAY_VIEW_SHARED);
    sessions_cut_links();
    const struct relay_view *seen = &view(_i, (struct relay_query){0})->views[0];
    ck_assert_int_eq(seen->state, RELAY_VIEW_SUSPENDED);
    ck_assert_uint_gt(seen->suspended_us, seen->opened_us);
    two_planes_add_link(&sessions.planes);
    sessions_expect_whole(opening);
    sessions_finish();
}
END_TEST

START_TEST(one_that_is_held_back_says_by_whose_limit) {
    struct bandwidth *limit = bandwidth_new(&(struct bandwidth_limits){.in = 1});
    const struct service_terms_plan plan = {.half_close_timeout_s = 1000, .bandwidth = limit};
    sessions_begin_with_link();
    struct relayed *relayed = relayed_serve(&sessions.planes, &plan);
    relayed_carry(&sessions.planes);
    relayed_send(relayed, RELAYED_UP, 20000);
    relayed_carry(&sessions.planes);
    const struct relay_view *seen = &view(SERVER, (struct relay_query){0})->views[0];
    ck_assert_str_eq(seen->throttled[BANDWIDTH_IN], "service");
    ck_assert_ptr_null(seen->throttled[BANDWIDTH_OUT]);
    ck_assert_ptr_null(view(AGENT, (struct relay_query){0})->views[0].throttled[BANDWIDTH_IN]);
    relayed_reset(relayed, RELAYED_UP);
    sessions_go_on();
    sessions_finish();
    bandwidth_release(limit);
}
END_TEST

static void pass_two_seconds(void) {
    for (int i = 0; i < 4; i++) {
        relayed_carry(&sessions.planes);
        sessions_pass(500);
    }
}

START_TEST(the_rates_are_those_of_the_last_seconds) {
    sessions_begin_with_link();
    struct relayed *relayed = relayed_open(&sessions.planes);
    pass_two_seconds();
    relayed_send(relayed, RELAYED_UP, 20000);
    relayed_carry(&sessions.planes);
    pass_two_seconds();
    const struct relay_view *seen = &view(_i, (struct relay_query){0})->views[0];
    ck_assert_uint_ge(seen->up_rate, 9000);
    ck_assert_uint_le(seen->up_rate, 11000);
    ck_assert_uint_eq(seen->down_rate, 0);
    relayed_send(relayed, RELAYED_DOWN, 2000);
    relayed_carry(&sessions.planes);
    pass_two_seconds();
    seen = &view(_i, (struct relay_query){0})->views[0];
    ck_assert_uint_eq(seen->up_rate, 0);
    ck_assert_uint_ge(seen->down_rate, 900);
    sessions_expect_whole(relayed);
    sessions_finish();
}
END_TEST

START_TEST(the_bytes_of_a_session_are_those_of_its_relays) {
    sessions_begin_with_link();
    struct relayed *lives = relayed_open(&sessions.planes), *ends = relayed_open(&sessions.planes);
    relayed_send(lives, RELAYED_UP, 20000);
    relayed_send(lives, RELAYED_DOWN, 300);
    relayed_send(ends, RELAYED_UP, 7);
    relayed_carry(&sessions.planes);
    sessions_expect_whole(ends);
    pass_two_seconds();
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[_i].up, 20007);
    ck_assert_uint_eq(sessions.sides[_i].down, 300);
    pass_two_seconds();
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[_i].up, 20007);
    sessions_expect_whole(lives);
    sessions_finish();
}
END_TEST

/* A client that is none does not, and its OPENED has no JSON. */
START_TEST(a_check_learns_at_once_what_was_reached) {
    sessions_begin_with_link();
    struct relayed *client = relayed_open(&sessions.planes);
    ck_assert_uint_eq(sessions.sides[SERVER].checks_opened, 0);
    sessions.planes.is_check = true;
    struct relayed *check = relayed_open(&sessions.planes);
    const struct check_opened *opened = &sessions.sides[SERVER].check;
    ck_assert_uint_eq(sessions.sides[SERVER].checks_opened, 1);
    ck_assert_ptr_eq(opened->client, check->client);
    ck_assert_str_eq(opened->address, "127.0.0.1:1001");
    ck_assert_uint_eq(opened->lookup_ms, 0);
    sessions_expect_whole(check);
    sessions_expect_whole(client);
    view(AGENT, (struct relay_query){.states = 1u << RELAY_VIEW_ENDED});
    ck_assert_uint_eq(views_of(AGENT)->count, 2);
    sessions_finish();
}
END_TEST

static TCase *contents(void) {
    TCase *group = tcase_create("contents");
    tcase_add_test(group, a_relay_is_seen_at_both_ends_under_the_same_id);
    tcase_add_loop_test(group, states_are_those_of_the_moment, SERVER, AGENT + 1);
    tcase_add_test(group, one_that_is_held_back_says_by_whose_limit);
    tcase_add_loop_test(group, the_rates_are_those_of_the_last_seconds, SERVER, AGENT + 1);
    tcase_add_test(group, a_check_learns_at_once_what_was_reached);
    tcase_add_loop_test(group, the_bytes_of_a_session_are_those_of_its_relays, SERVER, AGENT + 1);
    return group;
}

/* ---- which are in it ---- */

START_TEST(only_those_that_match_are_there) {
    const struct open_address nobody = {.host = {[15] = 9}};
    struct relayed *relayed[SOME];
    sessions_begin_with_link();
    open_some(relayed, SOME);
    struct relay_view third = view(_i, (struct relay_query){.order = RELAY_ORDER_OLDEST})->views[2];
    ck_assert_uint_eq(view(_i, (struct relay_query){.service = "test"})->count, SOME);
    ck_assert_uint_eq(view(_i, (struct relay_query){.service = "tes"})->count, 0);
    ck_assert_uint_eq(view(_i, (struct relay_query){.agent = "other"})->count, 0);
    ck_assert_uint_eq(view(_i, (struct relay_query){.client = &third.client})->count, SOME);
    ck_assert_uint_eq(view(_i, (struct relay_query){.client = &nobody})->count, 0);
    ck_assert_uint_eq(view(_i, (struct relay_query){.states = 1u << RELAY_VIEW_SHARED})->count, SOME);
    ck_assert_uint_eq(view(_i, (struct relay_query){.states = 1u << RELAY_VIEW_SUSPENDED})->count, 0);
    ck_assert_uint_eq(view(_i, (struct relay_query){.id = third.id})->count, 1);
    ck_assert_str_eq(views_of(_i)->views[0].id, third.id);
    for (int i = 0; i < SOME; i++)
        sessions_expect_whole(relayed[i]);
    sessions_finish();
}
END_TEST

START_TEST(a_limit_keeps_the_first_in_the_order_and_counts_all) {
    struct relayed *relayed[SOME];
    static const size_t sent[SOME] = {100, 900, 500, 700, 300};
    sessions_begin_with_link();
    open_some(relayed, SOME);
    for (int i = 0; i < SOME; i++)
        relayed_send(relayed[i], RELAYED_UP, sent[i]);
    relayed_carry(&sessions.planes);
    const struct sessions_views *seen = view(_i, (struct relay_query){.order = RELAY_ORDER_BYTES, .limit = 3});
    ck_assert_uint_eq(seen->matching, SOME);
    ck_assert_uint_eq(seen->count, 3);
    ck_assert_uint_eq(seen->views[0].up, 900);
    ck_assert_uint_eq(seen->views[1].up, 700);
    ck_assert_uint_eq(seen->views[2].up, 500);
    seen = view(_i, (struct relay_query){.order = RELAY_ORDER_NEWEST, .limit = 2});
    ck_assert_uint_eq(seen->views[0].number, SOME - 1);
    ck_assert_uint_eq(seen->views[1].number, SOME - 2);
    seen = view(_i, (struct relay_query){.order = RELAY_ORDER_OLDEST});
    for (int i = 0; i < SOME; i++)
        ck_assert_uint_eq(seen->views[i].number, i);
    for (int i = 0; i < SOME; i++)
        sessions_expect_whole(relayed[i]);
    sessions_finish();
}
END_TEST

START_TEST(sums_are_of_all_that_match_whatever_the_limit) {
    struct relayed *relayed[SOME];
    sessions_begin_with_link();
    open_some(relayed, SOME);
    pass_two_seconds();
    for (int i = 0; i < SOME; i++)
        relayed_send(relayed[i], RELAYED_UP, 20000);
    relayed_carry(&sessions.planes);
    pass_two_seconds();
    const struct sessions_views *seen = view(_i, (struct relay_query){.limit = 1, .sums = true});
    ck_assert_uint_eq(seen->count, 1);
    ck_assert_uint_eq(seen->sum_count, 1);
    ck_assert_uint_eq(seen->sum.relays, SOME);
    ck_assert_str_eq(seen->sum.agent, seen->views[0].agent);
    ck_assert_uint_eq(seen->sum.up_rate, SOME * seen->views[0].up_rate);
    ck_assert_uint_eq(seen->sum.down_rate, 0);
    ck_assert_uint_eq(view(_i, (struct relay_query){.service = "other", .sums = true})->sum_count, 0);
    ck_assert_uint_eq(view(_i, (struct relay_query){.limit = 1})->sum_count, 0);
    for (int i = 0; i < SOME; i++)
        sessions_expect_whole(relayed[i]);
    sessions_finish();
}
END_TEST

/* On a server the control plane has them. */
START_TEST(an_agent_has_those_that_ended) {
    char id[PROTO_RELAY_ID_MAX + 1];
    sessions_begin_with_link();
    struct relayed *live = relayed_open(&sessions.planes), *ended = relayed_open(&sessions.planes);
    snprintf(id, sizeof id, "%s", view(AGENT, (struct relay_query){.order = RELAY_ORDER_NEWEST})->views[0].id);
    sessions_expect_whole(ended);
    ck_assert_uint_eq(view(AGENT, (struct relay_query){0})->count, 1);
    const struct relay_view *seen = &view(AGENT, (struct relay_query){.states = 1u << RELAY_VIEW_ENDED})->views[0];
    ck_assert_uint_eq(views_of(AGENT)->matching, 1);
    ck_assert_str_eq(seen->id, id);
    ck_assert_uint_gt(seen->ended_us, 0);
    ck_assert_int_eq(seen->reason, REASON_DONE);
    ck_assert_uint_eq(view(AGENT, (struct relay_query){.id = id})->count, 1);
    ck_assert_uint_eq(view(AGENT, (struct relay_query){.id = "00000000-1234"})->count, 0);
    ck_assert_uint_eq(view(SERVER, (struct relay_query){.id = id})->count, 0);
    sessions_expect_whole(live);
    sessions_finish();
}
END_TEST

static TCase *queries(void) {
    TCase *group = tcase_create("queries");
    tcase_add_loop_test(group, only_those_that_match_are_there, SERVER, AGENT + 1);
    tcase_add_test(group, an_agent_has_those_that_ended);
    tcase_add_loop_test(group, a_limit_keeps_the_first_in_the_order_and_counts_all, SERVER, AGENT + 1);
    tcase_add_loop_test(group, sums_are_of_all_that_match_whatever_the_limit, SERVER, AGENT + 1);
    return group;
}

/* ---- while relays come and go ---- */

static unsigned seen_by(const struct relay *first, uint32_t serial) {
    unsigned count = 0;
    for (const struct relay *relay = first; relay; relay = relay->next)
        count += relay->seen == serial;
    return count;
}

static unsigned seen_in_all(int side) {
    const struct relay_thread *thread = sessions_thread(side);
    if (thread->walks.serial == 0) /* no walk has begun: the question is still on its way */
        return 0;
    return seen_by(thread->opening, thread->walks.serial) + seen_by(thread->relays, thread->walks.serial);
}

static void turn(void) {
    event_base_loop(loop_base(sessions.planes.loop), EVLOOP_ONCE | EVLOOP_NONBLOCK);
}

static void expect_each_once(int side, size_t count) {
    static bool is_there[RELAYED_MAX];
    memset(is_there, 0, sizeof is_there);
    ck_assert_uint_eq(views_of(side)->count, count);
    for (size_t i = 0; i < count; i++) {
        ck_assert(!is_there[views_of(side)->views[i].number]);
        is_there[views_of(side)->views[i].number] = true;
    }
}

START_TEST(a_turn_looks_at_few_relays) {
    static struct relayed *relayed[MANY];
    unsigned most = 0, seen = 0, turns = 0;
    sessions_begin_with_link();
    open_some(relayed, MANY);
    ask(_i, (struct relay_query){.limit = RELAYED_MAX});
    for (; views_of(_i)->answers == 0; turns++) {
        turn();
        unsigned now = seen_in_all(_i);
        most = now - seen > most ? now - seen : most;
        seen = now;
    }
    ck_assert_uint_eq(most, RELAY_VIEW_PIECE);
    ck_assert_uint_ge(turns, MANY / RELAY_VIEW_PIECE + 1);
    expect_each_once(_i, MANY);
    relayed_close_all();
    sessions_finish();
}
END_TEST

struct answers {
    int side;
    unsigned wanted;
};

static bool has_answers(void *context) {
    const struct answers *answers = context;
    return views_of(answers->side)->answers == answers->wanted;
}

/* The clock of the programs is the test's own, which a timer does not go by. */
static uint64_t real_us(void) {
    struct timespec now;
    ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/* However often they are asked for, the thread has its time for relays: it rests after each whole piece. */
START_TEST(a_thread_rests_between_two_pieces) {
    static struct relayed *relayed[MANY];
    enum { WALKS = 4, REST_US = 1000 * (MANY / RELAY_VIEW_PIECE) };
    sessions_begin_with_link();
    open_some(relayed, MANY);
    struct answers answers = {.side = _i};
    uint64_t start_us = real_us();
    while (answers.wanted < WALKS) {
        ask(_i, (struct relay_query){.limit = 1});
        answers.wanted++;
        ck_assert(unit_run_until(loop_base(sessions.planes.loop), has_answers, &answers, PATIENCE_MS));
    }
    ck_assert_uint_ge(real_us() - start_us, WALKS * REST_US);
    relayed_close_all();
    sessions_finish();
}
END_TEST

static void wait_for_answer(int side) {
    struct answers answers = {.side = side, .wanted = 1};
    ck_assert(unit_run_until(loop_base(sessions.planes.loop), has_answers, &answers, PATIENCE_MS));
}

/* Makes one walk as far as its first piece. */
static void begin_walk(int side) {
    ask(side, (struct relay_query){.limit = RELAYED_MAX});
    while (!sessions_thread(side)->walks.running || seen_in_all(side) == 0)
        turn();
    ck_assert_uint_eq(views_of(side)->answers, 0);
}

START_TEST(the_relay_at_which_the_view_goes_on_may_end) {
    static struct relayed *relayed[MANY];
    sessions_begin_with_link();
    open_some(relayed, MANY);
    begin_walk(_i);
    const struct relay *next = sessions_thread(_i)->walks.next;
    ck_assert_ptr_nonnull(next);
    next->role->stop((struct relay *)(uintptr_t)next, REASON_OPERATOR, NULL);
    two_planes_settle(&sessions.planes);
    wait_for_answer(_i);
    expect_each_once(_i, MANY - 1);
    relayed_close_all();
    sessions_finish();
}
END_TEST

START_TEST(relays_that_open_meanwhile_are_there_once) {
    static struct relayed *relayed[MANY];
    const struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    sessions_begin_with_link();
    memory_connect_will(MEMORY_LATER);
    for (int i = 0; i < MANY; i++)
        relayed[i] = relayed_serve(&sessions.planes, &plan);
    relayed_carry(&sessions.planes);
    begin_walk(_i);
    for (int i = 0; i < MANY; i++) /* some of them were seen, others were not */
        memory_connect_done(relayed[i]->ends[1], false);
    two_planes_settle(&sessions.planes);
    relayed_carry(&sessions.planes);
    wait_for_answer(_i);
    expect_each_once(_i, MANY);
    relayed_close_all();
    sessions_finish();
}
END_TEST

START_TEST(views_follow_one_another) {
    struct relayed *relayed[SOME];
    const struct relay_query query = {.limit = SOME};
    sessions_begin_with_link();
    open_some(relayed, SOME);
    for (int i = 0; i < RELAY_VIEWS_AT_ONCE; i++)
        ask(_i, query);
    ck_assert(!plane_view_relays(sessions.sides[_i].plane, &query));
    ck_assert(!plane_end_relay(sessions.sides[_i].plane, "00000000-1", TICKET));
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(views_of(_i)->answers, RELAY_VIEWS_AT_ONCE);
    for (int i = 0; i < UINT8_MAX + 2; i++) /* the mark of a walk comes again */
        ck_assert_uint_eq(view(_i, query)->count, SOME);
    relayed_close_all();
    sessions_finish();
}
END_TEST

/* Those leave most relays with the mark of an older walk. */
START_TEST(a_view_is_whole_after_any_number_that_looked_for_one_relay) {
    struct relayed *relayed[SOME];
    char newest[PROTO_RELAY_ID_MAX + 1];
    sessions_begin_with_link();
    open_some(relayed, SOME);
    strbuf_copy(newest, sizeof newest, view(_i, (struct relay_query){.order = RELAY_ORDER_NEWEST})->views[0].id);
    for (int i = 0; i < UINT8_MAX - 1; i++)
        ck_assert_uint_eq(view(_i, (struct relay_query){.id = newest})->count, 1);
    ck_assert_uint_eq(view(_i, (struct relay_query){0})->count, SOME);
    relayed_close_all();
    sessions_finish();
}
END_TEST

START_TEST(a_plane_that_is_freed_answers_before) {
    static struct relayed *relayed[MANY];
    sessions_begin_with_link();
    open_some(relayed, MANY);
    begin_walk(SERVER);
    sessions_finish();
    ck_assert_uint_eq(views_of(SERVER)->answers, 1);
}
END_TEST

START_TEST(without_memory_the_answer_says_so) {
    struct relayed *relayed[SOME];
    sessions_begin_with_link();
    open_some(relayed, SOME);
    refused_size = SOME * sizeof(struct relay_view);
    view(_i, (struct relay_query){.limit = SOME});
    ck_assert(views_of(_i)->lacks_memory);
    ck_assert_uint_eq(views_of(_i)->count, 0);
    refused_size = 0;
    ck_assert_uint_eq(view(_i, (struct relay_query){0})->count, SOME);
    for (int i = 0; i < SOME; i++)
        sessions_expect_whole(relayed[i]);
    sessions_finish();
}
END_TEST

static TCase *walks(void) {
    TCase *group = tcase_create("walks");
    tcase_add_loop_test(group, a_turn_looks_at_few_relays, SERVER, AGENT + 1);
    tcase_add_loop_test(group, a_thread_rests_between_two_pieces, SERVER, AGENT + 1);
    tcase_add_loop_test(group, the_relay_at_which_the_view_goes_on_may_end, SERVER, AGENT + 1);
    tcase_add_loop_test(group, relays_that_open_meanwhile_are_there_once, SERVER, AGENT + 1);
    tcase_add_loop_test(group, views_follow_one_another, SERVER, AGENT + 1);
    tcase_add_loop_test(group, a_view_is_whole_after_any_number_that_looked_for_one_relay, SERVER, AGENT + 1);
    tcase_add_test(group, a_plane_that_is_freed_answers_before);
    tcase_add_loop_test(group, without_memory_the_answer_says_so, SERVER, AGENT + 1);
    return group;
}

/* ---- ended by an operator ---- */

static bool end(int side, const char *id) {
    unsigned before = views_of(side)->ends;
    ck_assert(plane_end_relay(sessions.sides[side].plane, id, TICKET));
    two_planes_settle(&sessions.planes);
    ck_assert_uint_eq(views_of(side)->ends, before + 1);
    ck_assert_uint_eq(views_of(side)->ticket, TICKET);
    return views_of(side)->found;
}

START_TEST(the_relay_with_this_id_is_reset_and_no_other) {
    struct relayed *relayed[SOME];
    sessions_begin_with_link();
    open_some(relayed, SOME);
    struct relay_view second = view(_i, (struct relay_query){.order = RELAY_ORDER_OLDEST})->views[1];
    ck_assert(end(_i, second.id));
    sessions_go_on();
    relayed_assert_reset(relayed[1]);
    ck_assert_int_eq(relayed[1]->reason, _i == SERVER ? REASON_OPERATOR : REASON_PEER_RESET);
    if (_i == AGENT)
        ck_assert_str_eq(relayed[1]->detail, reason_text(REASON_OPERATOR));
    ck_assert(!end(_i, second.id));
    ck_assert_uint_eq(view(_i, (struct relay_query){0})->count, SOME - 1);
    for (int i = 0; i < SOME; i++)
        if (i != 1)
            sessions_expect_whole(relayed[i]);
    sessions_finish();
}
END_TEST

START_TEST(what_is_no_id_of_a_relay_ends_none) {
    static const char *const ids[] = {"",
                                      "-",
                                      "1",
                                      "00112233",
                                      "00112233-",
                                      "00112233-1x",
                                      "00112233- 1",
                                      "00112233-+1",
                                      "00112233-99999999999999999999999",
                                      "zzzzzzzz-1",
                                      "00112233-01"};
    struct relayed *relayed[2];
    sessions_begin_with_link();
    open_some(relayed, 2);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        ck_assert(!end(_i, ids[i]));
    for (int i = 0; i < 2; i++)
        sessions_expect_whole(relayed[i]);
    sessions_finish();
}
END_TEST

/* It must not go to another agent instead. */
START_TEST(a_client_that_waits_for_its_destination_is_ended_too) {
    const struct service_terms_plan plan = {.half_close_timeout_s = 1000};
    sessions_begin_with_link();
    struct relayed *first = relayed_open(&sessions.planes); /* has number 0, which is that of no relay */
    memory_connect_will(MEMORY_LATER);
    struct relayed *relayed = relayed_serve(&sessions.planes, &plan);
    relayed_carry(&sessions.planes);
    struct relay_view opening = view(_i, (struct relay_query){.states = 1u << RELAY_VIEW_OPENING})->views[0];
    ck_assert(end(_i, opening.id));
    relayed_carry(&sessions.planes);
    ck_assert_ptr_null(relayed->client);
    ck_assert_int_eq(relayed->outcome, _i == SERVER ? CLIENT_ENDED : CLIENT_REFUSED);
    if (_i == SERVER)
        ck_assert_int_eq(relayed->reason, REASON_OPERATOR);
    sessions_expect_whole(first);
    sessions_finish();
}
END_TEST

static TCase *ends(void) {
    TCase *group = tcase_create("ends");
    tcase_add_loop_test(group, the_relay_with_this_id_is_reset_and_no_other, SERVER, AGENT + 1);
    tcase_add_loop_test(group, what_is_no_id_of_a_relay_ends_none, SERVER, AGENT + 1);
    tcase_add_loop_test(group, a_client_that_waits_for_its_destination_is_ended_too, SERVER, AGENT + 1);
    return group;
}

UNIT_MAIN("relay/relay_views", contents, queries, walks, ends)
