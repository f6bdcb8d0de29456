/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_streams_check: what must hold in each world of two_streams.c, and where it ends.
 */
#include "config.h"

#include "two_streams_world.h"

static bool is_whole(const struct end_stream *stream) {
    return stream->rules.phase == STREAM_OVER && stream->rules.outcome.how == STREAM_HOW_WHOLE;
}

/* A peer that sends one position more than is permitted is found out. */
static const char *wrong_with_taking(const struct walk *walk, const struct end_stream *stream) {
    struct stream copy = stream->rules;
    stream_position waiting = (stream_position)(copy.taken - copy.acked_by_us);
    stream_position window = window_of(limits_of(walk)->window, copy.in);
    stream_position wide = limits_of(walk)->window[ON_EXCLUSIVE];
    bool is_taken;
    if (!is_live(stream) || !copy.in || copy.got_fin || copy.in_next)
        return NULL;
    if (waiting > wide)
        return "more was taken than any window permits";
    if (!stream_take_bytes(&copy, copy.in, waiting < window ? (stream_position)(window - waiting + 1) : 1, false,
                           take_window(walk, stream), &is_taken))
        return "a byte beyond the window was taken";
    copy = stream->rules;
    if (!stream_take_continue(&copy, wire_carrier_id(WIRE_EXCLUSIVE), copy.epoch,
                              (stream_position)(copy.acked_by_us + wide + 1), continue_window(walk)))
        return "CONTINUE beyond the window was taken";
    return NULL;
}

const char *two_streams_check(const struct walk *walk, const void *of) {
    const struct world *world = of;
    for (int i = 0; i < TWO_STREAMS; i++) {
        const struct end_stream *server = &world->ends[SERVER].streams[i], *agent = &world->ends[AGENT].streams[i];
        bool both_over = server->rules.phase == STREAM_OVER && agent->rules.phase == STREAM_OVER;
        if (!world->is_aborted[i] && both_over && (!is_whole(server) || !is_whole(agent)))
            return "cut, though neither side aborted it";
        const char *wrong = wrong_with_taking(walk, agent);
        if (wrong)
            return wrong;
    }
    return NULL;
}

const char *two_streams_check_end(const struct walk *walk, const void *of) {
    const struct world *world = of;
    for (int i = 0; i < TWO_STREAMS; i++) {
        if (is_stuck(walk, i) && world->ends[AGENT].streams[i].rules.is_suspended)
            return "stuck: a stream is suspended";
        if (is_stuck(walk, i) && !world->is_aborted[i])
            continue;
        if (world->ends[SERVER].streams[i].rules.phase != STREAM_OVER)
            return "stuck: a stream is not over at the server";
        if (world->ends[AGENT].streams[i].rules.phase != STREAM_OVER)
            return "stuck: a stream is not over at the agent";
    }
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        if (world->ends[SERVER].blocker[carrier] || world->ends[AGENT].blocker[carrier])
            return "stuck: a carrier is not read any more";
    }
    return NULL;
}
