/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_streams: many streams share a carrier, and none holds up the others. Tries gather.c and turn.c, too.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

enum { TIMEOUT_MS = 30000, MANY = 100, SMALL = 100, BULK = 3 * 1024 * 1024 };

static struct pair pair;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    pair_end(&pair);
}

START_TEST(many_streams_share_a_carrier) {
    pair_add_wire(&pair, false);
    pair.agent_sends = 2 * SMALL;
    for (int i = 0; i < MANY; i++)
        ck_assert_ptr_nonnull(pair_open(&pair, SMALL));
    pair_run_until_quiet(&pair, 50);
    for (uint32_t number = 1; number <= MANY; number++) {
        party_assert_whole(pair_party(&pair, SERVER, number), 2 * SMALL);
        party_assert_whole(pair_party(&pair, AGENT, number), SMALL);
    }
}
END_TEST

START_TEST(without_a_carrier_nothing_is_opened) {
    ck_assert_ptr_null(pair_open(&pair, SMALL));
    pair_add_wire(&pair, true);
    ck_assert_ptr_null(pair_open(&pair, SMALL)); /* an exclusive one is not for this */
}
END_TEST

START_TEST(a_refusal_reaches_the_server_with_its_text) {
    pair_add_wire(&pair, false);
    pair.refuses = true;
    struct party *client = pair_open(&pair, SMALL);
    pair_run_until_quiet(&pair, 10);
    ck_assert_uint_eq(client->how, STREAM_HOW_REFUSED);
    ck_assert_str_eq(client->text, "no");
}
END_TEST

START_TEST(a_reset_cuts_both_ends) {
    pair_add_wire(&pair, false);
    pair.agent_sends = BULK;
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 3);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
    ck_assert_uint_eq(pair_party(&pair, AGENT, 1)->how, STREAM_HOW_RESET);
    ck_assert_str_eq(pair_party(&pair, AGENT, 1)->text, "cut");
}
END_TEST

START_TEST(a_reader_that_stands_still_holds_up_no_other) {
    pair_add_wire(&pair, false);
    pair.agent_reads = false;
    ck_assert_ptr_nonnull(pair_open(&pair, BULK));
    pair_run(&pair, 40);
    ck_assert_uint_eq(pair_party(&pair, AGENT, 1)->received, MUX_WINDOW_SHARED);
    pair.agent_reads = true;
    for (int i = 0; i < MANY; i++)
        pair_open(&pair, SMALL);
    pair_run(&pair, 40);
    for (uint32_t number = 2; number < 2 + MANY; number++)
        party_assert_whole(pair_party(&pair, AGENT, number), SMALL);
    ck_assert_uint_eq(pair_party(&pair, AGENT, 1)->received, MUX_WINDOW_SHARED);
    pair_party(&pair, AGENT, 1)->reads = true;
    pair_run_until_quiet(&pair, 200);
    party_assert_whole(pair_party(&pair, AGENT, 1), BULK);
}
END_TEST

START_TEST(a_carrier_that_is_full_is_served_again_when_it_is_not) {
    struct wire *wire = pair_add_wire(&pair, false);
    wire->full_at = 1000;
    for (int i = 0; i < MANY; i++)
        pair_open(&pair, 1000);
    pair_run_until_quiet(&pair, 200);
    for (uint32_t number = 1; number <= MANY; number++)
        party_assert_whole(pair_party(&pair, AGENT, number), 1000);
}
END_TEST

/* No ACK of its own tells a stream that memory is free again. */
START_TEST(a_stream_is_filled_again_when_the_memory_of_others_is_free) {
    pair_add_wire(&pair, false);
    pair.agent_reads = false;
    pair.memory[SERVER].used += SEND_MEMORY_LIMIT; /* by others */
    struct party *client = pair_open(&pair, BULK);
    pair_run(&pair, 10);
    ck_assert_uint_eq(client->appended, SEND_MEMORY_FLOOR);
    pair.memory[SERVER].used -= SEND_MEMORY_LIMIT;
    pair_run(&pair, 40);
    ck_assert_uint_eq(client->appended, MUX_WINDOW_SHARED);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
}
END_TEST

/* Else each answer costs a second timer, a second poll of all descriptors, and a turn that finds nothing. */
START_TEST(a_turn_that_has_sent_all_is_the_last) {
    struct wire *wire = pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, SMALL);
    party_fill(client);
    while (evbuffer_get_length(wire->ends[AGENT].in) < SMALL)
        event_base_loop(pair.base, EVLOOP_ONCE);
    ck_assert_ptr_null(pair.turns.first);
    pair_run_until_quiet(&pair, 20);
}
END_TEST

START_TEST(short_messages_are_not_acknowledged_one_by_one) {
    pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, 0);
    client->has_finished = true; /* or the pair would end the stream */
    for (unsigned i = 0; i < 20; i++) {
        ck_assert(mux_stream_append(&client->stream, (const uint8_t *)"x", 1));
        for (int steps = 0; steps < 4; steps++)
            pair_step(&pair);
    }
    ck_assert_uint_eq(pair_party(&pair, AGENT, 1)->received, 20);
    ck_assert_uint_eq(client->stream.rules.acked, 0);
    pair_sweep(&pair);
    for (int steps = 0; steps < 4; steps++)
        pair_step(&pair);
    ck_assert_uint_eq(client->stream.rules.acked, 20);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
}
END_TEST

static void run_without_sweep(void) {
    for (int steps = 0; steps < 6; steps++)
        pair_step(&pair);
}

static struct party *open_with_a_short_message(void) {
    struct party *client = pair_open(&pair, 0);
    client->has_finished = true; /* or the pair would end the stream */
    ck_assert(mux_stream_append(&client->stream, (const uint8_t *)"x", 1));
    run_without_sweep();
    ck_assert_uint_eq(pair_party(&pair, AGENT, 1)->received, 1);
    ck_assert_uint_eq(client->stream.rules.acked, 0);
    return client;
}

/* With the next sweep at the latest. */
static void assert_message_is_acknowledged(struct party *client) {
    run_without_sweep();
    pair_sweep(&pair);
    run_without_sweep();
    ck_assert_uint_eq(client->stream.rules.acked, 1);
    party_reset(client);
    pair_run_until_quiet(&pair, 10);
}

START_TEST(an_ack_that_was_due_before_opened_is_sent_behind_it) {
    pair_add_wire(&pair, false);
    pair.agent_holds_opened = true;
    struct party *client = open_with_a_short_message();
    pair_sweep(&pair); /* its turn: there can be no ACK yet */
    run_without_sweep();
    mux_stream_opened(&pair_party(&pair, AGENT, 1)->stream, NULL, 0);
    assert_message_is_acknowledged(client);
}
END_TEST

START_TEST(an_ack_that_waits_when_its_carrier_is_lost_is_sent_after_the_resumption) {
    struct wire *first = pair_add_wire(&pair, false);
    struct party *client = open_with_a_short_message();
    pair_add_wire(&pair, false);
    wire_lose(first);
    assert_message_is_acknowledged(client);
}
END_TEST

/* Nothing else is sent that it could go with, and no sweep comes. */
START_TEST(the_end_of_a_stream_is_soon_acknowledged) {
    pair_add_wire(&pair, false);
    struct party *client = pair_open(&pair, SMALL);
    for (int steps = 0; steps < 12; steps++)
        pair_step(&pair);
    party_assert_whole(client, 0);
    party_assert_whole(pair_party(&pair, AGENT, 1), SMALL);
}
END_TEST

START_TEST(an_ack_that_is_repeated_is_noticed_and_acknowledges_nothing) {
    pair_add_wire(&pair, false);
    pair.agent_reads = false;
    struct party *client = pair_open(&pair, SMALL);
    pair_run(&pair, 10);
    ck_assert(!client->stream.got_ack);
    mux_stream_repeat_ack(&pair_party(&pair, AGENT, 1)->stream);
    pair_run(&pair, 10);
    ck_assert(client->stream.got_ack);
    ck_assert_uint_eq(client->stream.rules.acked, 0);
    pair_party(&pair, AGENT, 1)->reads = true;
    pair_run_until_quiet(&pair, 10);
    party_assert_whole(pair_party(&pair, AGENT, 1), SMALL);
}
END_TEST

START_TEST(what_was_sent_can_be_taken_back_when_the_stream_is_refused) {
    pair_add_wire(&pair, false);
    pair.refuses = true;
    struct party *client = pair_open(&pair, 3000);
    pair_run(&pair, 10);
    ck_assert_uint_eq(client->how, STREAM_HOW_REFUSED);
    ck_assert_uint_eq(client->kept, 3000);
    ck_assert_uint_eq(pair.memory[SERVER].used, 0);
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_add_test(group, many_streams_share_a_carrier);
    tcase_add_test(group, without_a_carrier_nothing_is_opened);
    tcase_add_test(group, a_refusal_reaches_the_server_with_its_text);
    tcase_add_test(group, a_reset_cuts_both_ends);
    tcase_add_test(group, a_reader_that_stands_still_holds_up_no_other);
    tcase_add_test(group, a_carrier_that_is_full_is_served_again_when_it_is_not);
    tcase_add_test(group, a_stream_is_filled_again_when_the_memory_of_others_is_free);
    tcase_add_test(group, a_turn_that_has_sent_all_is_the_last);
    tcase_add_test(group, short_messages_are_not_acknowledged_one_by_one);
    tcase_add_test(group, an_ack_that_was_due_before_opened_is_sent_behind_it);
    tcase_add_test(group, an_ack_that_waits_when_its_carrier_is_lost_is_sent_after_the_resumption);
    tcase_add_test(group, the_end_of_a_stream_is_soon_acknowledged);
    tcase_add_test(group, an_ack_that_is_repeated_is_noticed_and_acknowledges_nothing);
    tcase_add_test(group, what_was_sent_can_be_taken_back_when_the_stream_is_refused);
    return group;
}

UNIT_MAIN("relay/mux/streams", all)
