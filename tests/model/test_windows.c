/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_windows: two streams with windows of one to three bytes, in every order in which anything can happen: bytes,
 * readers that take them late or never, ACKs, moves, aborts, and carriers that break with any number of their frames
 * lost.
 *
 * Checked in every state that can be reached: no byte is sent, and none would be taken, beyond what the receiver
 * permits; no frame is a violation; each byte comes once and in its order; a stream that was not aborted ends whole.
 * And from every state all ways lead to an end where the streams are over at both ends and each carrier is read; where
 * a reader stands still, the other stream is over all the same. Then each rule is left out in turn, which has to be
 * found: a walk that finds nothing without a rule does not try it.
 *
 *   tests/model/test_windows            small worlds, for make check-unit; more with MUNNEL_SLOW_TESTS=1 (3 GiB)
 *   tests/model/test_windows STREAMS CUTS MOVES ABORTS BYTES BYTES    one world
 */
#include "config.h"

#include "two_streams.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A sender may use one position only, and a receiver acknowledges two at once: each waits for the other. */
#define NARROW .window = {1, 2}, .own_window = {1, 1}, .ack_each = {1, 2}
#define WIDE   .window = {3, 3}, .ack_each = {1, 2}

static const struct world {
    const char *name;
    struct two_streams_limits limits;
} small[] = {
    {"windows of one stream, three moves", {.streams = 1, .moves = 3, .aborts = 1, .length = {6}, NARROW}},
    {"windows of one stream, a broken carrier, three moves",
     {.streams = 1, .cuts = 1, .moves = 3, .aborts = 1, .length = {4}, NARROW}},
    {"windows of one stream, two broken carriers", {.streams = 1, .cuts = 2, .moves = 1, .length = {2}, NARROW}},
    {"two streams, three moves", {.streams = 2, .moves = 3, .aborts = 1, .length = {3, 3}, NARROW}},
    {"two streams that may share the exclusive carrier",
     {.streams = 2, .moves = 3, .length = {3, 2}, NARROW, .shares_exclusive = true}},
    {"two streams, a broken carrier, a move", {.streams = 2, .cuts = 1, .moves = 1, .length = {1, 1}, NARROW}},
    {"two streams that want more memory than there is",
     {.streams = 2, .moves = 1, .aborts = 1, .length = {3, 3}, WIDE, .memory = 3}},
    {"a reader that stands still, and no memory left",
     {.streams = 2, .moves = 3, .aborts = 1, .length = {3, 3}, WIDE, .memory = 3, .is_stuck = true}},
    {"a reader that stands still, a broken carrier",
     {.streams = 2, .cuts = 1, .moves = 1, .length = {1, 1}, NARROW, .is_stuck = true}},
};

static const struct world slow[] = {
    {"windows of one stream, two broken carriers, an abort",
     {.streams = 1, .cuts = 2, .moves = 2, .aborts = 1, .length = {3}, NARROW}},
    {"two streams, a broken carrier, two moves", {.streams = 2, .cuts = 1, .moves = 2, .length = {2, 1}, NARROW}},
    {"two streams, a broken carrier, two moves, and both may share the exclusive one",
     {.streams = 2, .cuts = 1, .moves = 2, .length = {1, 1}, NARROW, .shares_exclusive = true}},
    {"two streams, a broken carrier, a move, an abort",
     {.streams = 2, .cuts = 1, .moves = 1, .aborts = 1, .length = {1, 1}, NARROW}},
    {"a reader that stands still, a broken carrier, a move, an abort",
     {.streams = 2, .cuts = 1, .moves = 1, .aborts = 1, .length = {1, 1}, NARROW, .is_stuck = true}},
};

static const struct without {
    const char *rule, *finding; /* what the walk finds first */
    struct two_streams_limits limits;
} all_without[] = {
    {"the window for what is sent",
     "a byte beyond the window was sent",
     {.streams = 1, .length = {2}, NARROW, .left_out = RULE_SEND_WITHIN_WINDOW}},
    {"the window for what is taken",
     "a byte beyond the window was taken",
     {.streams = 1, .length = {2}, NARROW, .left_out = RULE_TAKE_WITHIN_WINDOW}},
    {"the window for CONTINUE",
     "CONTINUE beyond the window was taken",
     {.streams = 1, .length = {2}, NARROW, .left_out = RULE_CONTINUE_WITHIN_WINDOW}},
    {"the smaller window behind a resumption",
     "a byte beyond the window was sent",
     {.streams = 1, .cuts = 1, .moves = 1, .length = {3}, NARROW, .left_out = RULE_SEND_BY_WINDOW_OF_CARRIER}},
    {"the larger window behind a move",
     "more than the window",
     {.streams = 1, .moves = 1, .length = {3}, NARROW, .left_out = RULE_TAKE_BY_WINDOW_OF_CARRIER}},
    {"the ACK of little, in time",
     "stuck: a stream is not over at the server",
     {.streams = 1, .moves = 1, .length = {3}, NARROW, .left_out = RULE_ACK_IN_TIME}},
    {"the ACK that waited while its stream moved",
     "stuck: a stream is not over at the server",
     {.streams = 1, .moves = 1, .length = {1}, NARROW, .left_out = RULE_ACK_AFTER_MOVE}},
    {"the ACK that is repeated after a resumption",
     "stuck: a stream is not over at the server",
     {.streams = 1, .cuts = 1, .length = {1}, NARROW, .left_out = RULE_ACK_AFTER_RESUMPTION}},
    {"memory for what a reader does not take",
     "stuck: a stream is not over at the server",
     {.streams = 2, .length = {2, 1}, WIDE, .is_stuck = true, .left_out = RULE_TAKE_WITHOUT_READER}},
    {"some memory for each stream",
     "stuck: a stream is not over at the server",
     {.streams = 2, .length = {3, 1}, WIDE, .memory = 3, .is_stuck = true, .left_out = RULE_FLOOR_OF_MEMORY}},
    {"a limit over all of twice what a sender keeps",
     "more bytes than a session may have unread",
     {.streams = 2, .moves = 1, .aborts = 1, .length = {3, 3}, WIDE, .memory = 3, .left_out = RULE_HALF_OF_LIMIT}},
    {"a carrier that waits for what precedes CONTINUE",
     "stuck: a stream is not over at the server",
     {.streams = 1, .moves = 1, .length = {3}, NARROW, .left_out = RULE_BLOCK}},
    {"reading on when that has come",
     "stuck: a stream is not over at the server",
     {.streams = 1, .moves = 1, .length = {3}, NARROW, .left_out = RULE_UNBLOCK_WHEN_COMPLETE}},
    {"reading on when the stream is suspended",
     "stuck: a stream is not over at the server",
     {.streams = 1, .cuts = 1, .moves = 2, .length = {3}, NARROW, .left_out = RULE_UNBLOCK_WHEN_SUSPENDED}},
    {"reading on when the stream is over",
     "stuck: a carrier is not read any more",
     {.streams = 1, .moves = 1, .aborts = 1, .length = {3}, NARROW, .left_out = RULE_UNBLOCK_WHEN_OVER}},
    {"an ACK between two moves",
     "stuck: a stream is not over at the server",
     {.streams = 1, .moves = 2, .length = {3}, NARROW, .left_out = RULE_MOVE_AFTER_ACK}},
    {"the ACK of all before a move back",
     "CONTINUE on a shared link ahead of what it follows",
     {.streams = 1, .moves = 2, .length = {3}, NARROW, .left_out = RULE_MOVE_BACK_WHEN_ACKED}},
};

enum {
    SMALL = sizeof small / sizeof *small,
    SLOW = sizeof slow / sizeof *slow,
    WITHOUT = sizeof all_without / sizeof *all_without
};

static bool try_world(int number, const struct world *world) {
    size_t count;
    bool is_well = !two_streams_walk(&world->limits, false, &count);
    printf("%s %d - %s: %zu states\n", is_well ? "ok" : "not ok", number, world->name, count);
    fflush(stdout);
    return is_well;
}

static bool try_without(int number, const struct without *without) {
    size_t count;
    const char *wrong = two_streams_walk(&without->limits, true, &count);
    bool is_found = wrong && strcmp(wrong, without->finding) == 0;
    printf("%s %d - without %s: %s\n", is_found ? "ok" : "not ok", number, without->rule,
           wrong ? wrong : "all is well");
    fflush(stdout);
    return is_found;
}

static bool is_slow_wanted(void) {
    const char *wanted = getenv("MUNNEL_SLOW_TESTS");
    return wanted && strcmp(wanted, "1") == 0;
}

static uint8_t number_of(const char *text) {
    return (uint8_t)strtoul(text, NULL, 10);
}

static bool try_one(char **argv) {
    struct world world = {"one world",
                          {.streams = number_of(argv[1]),
                           .cuts = number_of(argv[2]),
                           .moves = number_of(argv[3]),
                           .aborts = number_of(argv[4]),
                           .length = {number_of(argv[5]), number_of(argv[6])},
                           NARROW}};
    printf("1..1\n");
    return try_world(1, &world);
}

int main(int argc, char **argv) {
    bool is_well = true;
    int number = 0, slow_count = is_slow_wanted() ? SLOW : 0;
    if (argc == 7)
        return try_one(argv) ? EXIT_SUCCESS : EXIT_FAILURE;
    for (int i = 0; i < SMALL; i++)
        is_well &= try_world(++number, &small[i]);
    for (int i = 0; i < WITHOUT; i++)
        is_well &= try_without(++number, &all_without[i]);
    for (int i = 0; i < slow_count; i++)
        is_well &= try_world(++number, &slow[i]);
    printf("1..%d\n", number);
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
