/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_streams: a model of windows, and of streams that share carriers: two shared ones and an exclusive one.
 *
 * Each end follows src/proto/stream.c, and keeps what a mux adds to it: the exclusive carrier that is not read until a
 * stream's missing bytes have come, the ACK that waits for its time, limits over all streams.
 *
 * What is left out, and where it is tried instead: bytes go from the server only, the other direction has ended (the
 * windows of the two directions know nothing of each other; ACKs and RESUME go both ways here, and either end moves);
 * streams are open from the start, and the outcome of one that is over is never forgotten (test_carriers).
 */
#ifndef MUNNEL_TESTS_MODEL_TWO_STREAMS_H
#define MUNNEL_TESTS_MODEL_TWO_STREAMS_H

#include "walk.h"

enum { TWO_STREAMS = 2 };
enum { ON_SHARED, ON_EXCLUSIVE, CARRIER_KINDS };

enum two_streams_rule { /* one that both ends leave out */
                        RULE_NONE,
                        RULE_SEND_WITHIN_WINDOW,
                        RULE_TAKE_WITHIN_WINDOW,
                        RULE_CONTINUE_WITHIN_WINDOW,
                        RULE_SEND_BY_WINDOW_OF_CARRIER, /* the window of the carrier before counts, too */
                        RULE_TAKE_BY_WINDOW_OF_CARRIER, /* the window of shared carriers counts everywhere */
                        RULE_ACK_IN_TIME,               /* of less than ack_each */
                        RULE_ACK_AFTER_MOVE,            /* of what waited when the stream moved */
                        RULE_ACK_AFTER_RESUMPTION,      /* the last one once more */
                        RULE_TAKE_WITHOUT_READER, /* bytes stay in the carrier until their reader has those before */
                        RULE_FLOOR_OF_MEMORY,     /* a stream may get nothing of what all may keep */
                        RULE_HALF_OF_LIMIT,       /* an end permits as much as its peer keeps */
                        RULE_BLOCK,               /* the carrier is read on, though bytes that precede are missing */
                        RULE_UNBLOCK_WHEN_COMPLETE,
                        RULE_UNBLOCK_WHEN_SUSPENDED,
                        RULE_UNBLOCK_WHEN_OVER,
                        RULE_MOVE_AFTER_ACK,      /* of something that went by the present carrier */
                        RULE_MOVE_BACK_WHEN_ACKED /* all of it */
};

struct two_streams_limits {
    uint8_t streams, cuts, moves, aborts;
    uint8_t length[TWO_STREAMS];       /* bytes; FIN follows */
    uint8_t window[CARRIER_KINDS];     /* that the receiver permits */
    uint8_t own_window[CARRIER_KINDS]; /* that the sender uses at least; 0: all of it */
    uint8_t ack_each[CARRIER_KINDS];   /* so much is acknowledged at once, less in time */
    uint8_t memory;        /* positions that the sender keeps of all streams, but one of each stream; 0: no limit */
    bool is_stuck;         /* the reader of the first stream stands still */
    bool shares_exclusive; /* both streams may send by the exclusive carrier at once, which munnel's do not */
    enum two_streams_rule left_out;
};

/* NULL, or what is wrong, which it prints unless it is quiet. *count has the worlds. */
const char *two_streams_walk(const struct two_streams_limits *limits, bool is_quiet, size_t *count);

#endif
