/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_mux: streams of all sizes over carriers that come, stand still, are full, and are lost at any byte.
 */
#include "config.h"

#include "mux_pair.h"

#include "unit.h"

enum { TIMEOUT_MS = 30000, STREAMS = 60, STEPS = 3000 };

static struct pair pair;

static void begin(void) {
    pair_begin(&pair, TIMEOUT_MS);
}

static void end(void) {
    pair_end(&pair);
}

static uint64_t any_size(uint32_t *seed) {
    static const unsigned most[] = {2, 100, 20000, 60000};
    return unit_any(seed, 8) == 0 ? 40u * unit_any(seed, 60000) : unit_any(seed, most[unit_any(seed, 4)]);
}

static struct wire *any_wire(uint32_t *seed) {
    for (unsigned tries = 0; tries < WIRES; tries++) {
        struct wire *wire = &pair.wires[unit_any(seed, WIRES)];
        if (wire->is_used)
            return wire;
    }
    return NULL;
}

static void hurt_a_wire(uint32_t *seed) {
    struct wire *wire = any_wire(seed);
    if (!wire)
        return;
    if (unit_any(seed, 2))
        wire->ends[unit_any(seed, 2)].is_stuck ^= true; /* others overtake it */
    else if (!wire->is_cut)
        wire_cut(wire, unit_any(seed, 60000), unit_any(seed, 60000));
    else if (wire->ends[SERVER].carrier && unit_any(seed, 2))
        wire_notice(wire, SERVER);
    else if (wire->ends[AGENT].carrier)
        wire_notice(wire, AGENT);
}

static unsigned count_wires(void) {
    unsigned count = 0;
    for (int i = 0; i < WIRES; i++)
        count += pair.wires[i].is_used;
    return count;
}

static void notice_all(void) {
    for (int i = 0; i < WIRES; i++) {
        for (int at = 0; at < 2; at++) {
            pair.wires[i].ends[at].is_stuck = false;
            if (pair.wires[i].is_used && pair.wires[i].is_cut && pair.wires[i].ends[at].carrier)
                wire_notice(&pair.wires[i], at);
        }
    }
}

START_TEST(every_stream_is_whole_when_carriers_break) {
    uint32_t seed = (uint32_t)_i + 1;
    unsigned opened = 0;
    pair_add_wire(&pair, false);
    for (unsigned step = 0; step < STEPS; step++) {
        pair.agent_sends = any_size(&seed);
        if (opened < STREAMS && unit_any(&seed, 4) == 0 && pair_open(&pair, any_size(&seed)))
            opened++;
        if (unit_any(&seed, 12) == 0)
            hurt_a_wire(&seed);
        if (count_wires() < 5 && unit_any(&seed, 10) == 0)
            pair_add_wire(&pair, unit_any(&seed, 2))->full_at = 1000u + 20u * unit_any(&seed, 10000);
        if (unit_any(&seed, 40) == 0)
            pair.skew_us = unit_any(&seed, 2) * 4000000u;
        pair_run(&pair, 1);
    }
    notice_all();
    pair_add_wire(&pair, false);
    pair_run_until_quiet(&pair, 3000);
    for (uint32_t number = 1; number <= opened; number++) {
        struct party *client = pair_party(&pair, SERVER, number), *destination = pair_party(&pair, AGENT, number);
        if (client->how == STREAM_HOW_ELSEWHERE) {
            ck_assert_ptr_null(destination);
            continue;
        }
        party_assert_whole(client, destination->to_send);
        party_assert_whole(destination, client->to_send);
    }
}
END_TEST

static TCase *all(void) {
    TCase *group = tcase_create("all");
    tcase_add_checked_fixture(group, begin, end);
    tcase_set_timeout(group, 120);
    tcase_add_loop_test(group, every_stream_is_whole_when_carriers_break, 0, 20);
    return group;
}

UNIT_MAIN("relay/mux/mux", all)
