/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * two_streams: see two_streams.h.
 */
#include "config.h"

#include "two_streams_world.h"

#include <string.h>

static const struct world *here(const struct walk *walk) {
    return walk_here(walk);
}

/* ---- limits ---- */

static stream_position unacked(const struct end_stream *stream) {
    return is_live(stream) ? (stream_position)(stream->rules.highest - stream->rules.acked) : 0;
}

/* At most so much may be sent, whatever the sender's own window is. */
static stream_position send_window(const struct walk *walk, const struct end_stream *stream) {
    stream_position window = window_of(limits_of(walk)->window, stream->rules.out);
    if (!follows(walk, RULE_SEND_WITHIN_WINDOW))
        return NO_WINDOW;
    if (!follows(walk, RULE_SEND_BY_WINDOW_OF_CARRIER) && stream->window_before > window)
        return stream->window_before;
    return window;
}

/* The sender has memory for one position of each stream at least. */
static bool has_memory(const struct walk *walk, const struct end *end, const struct end_stream *stream) {
    uint8_t memory = limits_of(walk)->memory;
    int used = unacked(&end->streams[0]) + unacked(&end->streams[1]);
    bool is_again = stream->rules.next < stream->rules.highest; /* after a resumption: it is kept already */
    return memory == 0 || used < memory || is_again || (follows(walk, RULE_FLOOR_OF_MEMORY) && unacked(stream) == 0);
}

/* As its sender keeps half of it at most, and what is under way when a stream is reset may come after the bytes of
 * another one. */
static bool is_above_limit(const struct walk *walk, const struct end *end) {
    uint8_t memory = limits_of(walk)->memory;
    int most = (follows(walk, RULE_HALF_OF_LIMIT) ? 2 : 1) * memory, waiting = 0;
    for (int i = 0; i < TWO_STREAMS; i++) {
        waiting += unread(&end->streams[i]);
        most += is_live(&end->streams[i]);
    }
    return memory > 0 && waiting > most;
}

/* ---- worlds that are the same ---- */

static void swap_streams(struct world *world) {
    bool is_aborted = world->is_aborted[0];
    world->is_aborted[0] = world->is_aborted[1];
    world->is_aborted[1] = is_aborted;
    for (int end = 0; end < 2; end++) {
        struct end *at = &world->ends[end];
        struct end_stream first = at->streams[0];
        at->streams[0] = at->streams[1];
        at->streams[1] = first;
        for (int carrier = 0; carrier < CARRIERS; carrier++) {
            struct wire_queue *queue = &world->queues[carrier][end];
            if (at->blocker[carrier])
                at->blocker[carrier] = (uint8_t)(TWO_STREAMS + 1 - at->blocker[carrier]);
            for (int i = 0; i < queue->count; i++)
                queue->frames[i].stream = !queue->frames[i].stream;
        }
    }
}

/* Streams that are to do the same are not told apart. */
static void reach(struct walk *walk, struct world *world, const char *violation) {
    const struct two_streams_limits *limits = limits_of(walk);
    struct end *ends = world->ends;
    const struct stream *streams[2][TWO_STREAMS];
    for (int i = 0; i < 2 * TWO_STREAMS; i++)
        streams[i / TWO_STREAMS][i % TWO_STREAMS] = &ends[i / TWO_STREAMS].streams[i % TWO_STREAMS].rules;
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        for (int end = 0; end < 2; end++)
            wire_drop_ignored(&world->queues[carrier][end], carrier, streams[end]);
    }
    if (limits->length[0] == limits->length[1] && !limits->is_stuck) {
        int order = memcmp(&ends[SERVER].streams[0], &ends[SERVER].streams[1], sizeof *ends->streams);
        if (order == 0)
            order = memcmp(&ends[AGENT].streams[0], &ends[AGENT].streams[1], sizeof *ends->streams);
        if (order > 0)
            swap_streams(world);
    }
    walk_reach(walk, world, violation);
}

/* ---- steps ---- */

static void note(struct walk *walk, const char *what, int end, int carrier, struct wire_frame frame) {
    walk_note(walk, (struct walk_step){what, wire_frame_names[frame.type], end, frame.stream, carrier, frame.epoch,
                                       frame.value});
}

static struct wire_frame frame_of(enum wire_frame_type type, int stream, stream_epoch epoch, stream_position value) {
    return (struct wire_frame){(uint8_t)type, (uint8_t)stream, epoch, value};
}

/* Towards the other end. What goes into a carrier that broke is lost. False: there is no room. */
static bool put(struct world *world, int end, int carrier, struct wire_frame frame) {
    return world->cut[carrier] || wire_put(&world->queues[carrier][!end], frame);
}

static void send_frame(struct walk *walk, struct world *world, const char *what, int end, int carrier,
                       struct wire_frame frame) {
    note(walk, what, end, carrier, frame);
    if (put(world, end, carrier, frame))
        reach(walk, world, NULL);
}

static void choose_frame(struct walk *walk, struct world *world, const char *what, int end, int carrier,
                         struct wire_frame frame) {
    walk->is_choice = true;
    send_frame(walk, world, what, end, carrier, frame);
    walk->is_choice = false;
}

/* ---- what a mux adds to the rules of a stream ---- */

static void unblock(struct end *end, int stream) {
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        if (end->blocker[carrier] == stream + 1)
            end->blocker[carrier] = 0;
    }
}

/* The stream sends by another carrier, or by none: an ACK that waited has to wait there. */
static void follow_carrier(const struct walk *walk, struct end_stream *stream, const struct stream *before) {
    bool is_suspended = stream->rules.epoch != before->epoch;
    if (stream->rules.out == before->out)
        return;
    if (before->out && !follows(walk, RULE_SEND_BY_WINDOW_OF_CARRIER))
        stream->window_before = window_of(limits_of(walk)->window, before->out);
    if (is_suspended && !follows(walk, RULE_ACK_AFTER_RESUMPTION))
        stream->rules.repeats_ack = false;
    stream->owes_ack = follows(walk, RULE_ACK_AFTER_MOVE) && stream->consumed > stream->rules.acked_by_us;
}

/* After each change of its rules. */
static void settle(const struct walk *walk, struct end *end, int number, const struct stream *before) {
    struct end_stream *stream = &end->streams[number];
    if (stream->rules.phase == STREAM_OVER) {
        stream->consumed = 0;
        stream->window_before = 0;
        stream->owes_ack = false;
        if (follows(walk, RULE_UNBLOCK_WHEN_OVER))
            unblock(end, number);
        return;
    }
    if (stream->rules.epoch != before->epoch && follows(walk, RULE_UNBLOCK_WHEN_SUSPENDED))
        unblock(end, number);
    if (before->in_next && stream->rules.in_next != before->in_next && stream->rules.epoch == before->epoch &&
        follows(walk, RULE_UNBLOCK_WHEN_COMPLETE))
        unblock(end, number);
    follow_carrier(walk, stream, before);
}

/* ---- what an end does with a frame ---- */

struct answers {
    struct wire_frame frames[2];
    int count;
};

static void answer(struct answers *answers, struct wire_frame frame) {
    answers->frames[answers->count++] = frame;
}

static const char *take_bytes(const struct walk *walk, struct end *end, stream_carrier id, struct wire_frame frame) {
    struct end_stream *stream = &end->streams[frame.stream];
    stream_position expected = stream->rules.taken;
    bool is_taken;
    const char *violation =
        stream_take_bytes(&stream->rules, id, 1, frame.type == FIN, take_window(walk, stream), &is_taken);
    if (violation || !is_taken)
        return violation;
    if (frame.value != expected)
        return "a byte is missing or came twice";
    return is_above_limit(walk, end) ? "more bytes than a session may have unread" : NULL;
}

static const char *take_continue(const struct walk *walk, struct end *end, stream_carrier id, struct wire_frame frame) {
    struct stream *rules = &end->streams[frame.stream].rules;
    const char *violation = stream_take_continue(rules, id, frame.epoch, frame.value, continue_window(walk));
    if (!violation && !stream_reads(rules, id) && follows(walk, RULE_BLOCK))
        end->blocker[wire_carrier_of(id)] = (uint8_t)(frame.stream + 1);
    return violation;
}

static const char *take_resume(struct stream *rules, stream_carrier id, struct wire_frame frame,
                               struct answers *answers) {
    struct stream_answer wanted; /* OPENED needs no repetition here */
    const char *violation = stream_take_resume(rules, id, frame.epoch, frame.value, &wanted);
    if (wanted.resume)
        answer(answers, frame_of(RESUME, frame.stream, rules->epoch, rules->taken));
    if (wanted.go_on)
        answer(answers, frame_of(CONTINUE, frame.stream, rules->epoch, rules->next));
    return violation;
}

static const char *take_live(const struct walk *walk, struct end *end, stream_carrier id, struct wire_frame frame,
                             struct answers *answers) {
    struct stream *rules = &end->streams[frame.stream].rules;
    switch (frame.type) {
    case RESET:
        stream_take_reset(rules);
        return NULL;
    case ENDED:
        return stream_take_ended(rules, (enum stream_outcome_how)frame.value);
    case ACK:
        return stream_take_ack(rules, frame.value);
    case CONTINUE:
        return take_continue(walk, end, id, frame);
    case RESUME:
        return take_resume(rules, id, frame, answers);
    default:
        return take_bytes(walk, end, id, frame);
    }
}

static const char *take(const struct walk *walk, struct end *end, stream_carrier id, struct wire_frame frame,
                        struct answers *answers) {
    struct end_stream *stream = &end->streams[frame.stream];
    struct stream before = stream->rules;
    const char *violation = NULL;
    if (is_live(stream)) {
        violation = take_live(walk, end, id, frame, answers);
        settle(walk, end, frame.stream, &before);
    } else if (frame.type == RESUME) {
        uint8_t how = before.outcome.last_on ? before.outcome.how : STREAM_HOW_NOT;
        answer(answers, frame_of(ENDED, frame.stream, 0, how));
    }
    return violation;
}

/* An end without RULE_TAKE_WITHOUT_READER leaves bytes in the carrier until their reader has taken those before. */
static bool is_read(const struct walk *walk, const struct world *world, int end, int carrier) {
    const struct wire_queue *queue = &world->queues[carrier][end];
    const struct end *at = &world->ends[end];
    if (at->lost[carrier] || at->blocker[carrier] || queue->count == 0)
        return false;
    return follows(walk, RULE_TAKE_WITHOUT_READER) || queue->frames[0].type != DATA ||
           unread(&at->streams[queue->frames[0].stream]) == 0;
}

static void take_frame(struct walk *walk, int end, int carrier) {
    if (!is_read(walk, here(walk), end, carrier))
        return;
    struct world world = *here(walk);
    struct answers answers = {.count = 0};
    struct wire_frame frame = wire_pull(&world.queues[carrier][end]);
    note(walk, "takes", end, carrier, frame);
    const char *violation = take(walk, &world.ends[end], wire_carrier_id(carrier), frame, &answers);
    for (int i = 0; i < answers.count; i++)
        if (!put(&world, end, carrier, answers.frames[i]))
            return; /* it would read when there is room for the answer */
    reach(walk, &world, violation);
}

/* ---- what an end does by itself ---- */

static void send_bytes(struct walk *walk, int end, int number) {
    struct world world = *here(walk);
    struct end_stream *stream = &world.ends[end].streams[number];
    struct stream *rules = &stream->rules;
    stream_position own = window_of(limits_of(walk)->own_window, rules->out), at = rules->next;
    if (end != SERVER || stream_may_send(rules, send_window(walk, stream)) == 0 ||
        !has_memory(walk, &world.ends[end], stream))
        return;
    /* A sender's own window may be any between that one and the receiver's. */
    bool is_due = own == 0 || stream_may_send(rules, own) > 0;
    const struct end_stream *reader = &world.ends[AGENT].streams[number];
    bool is_beyond = is_live(reader) && (stream_position)(at - reader->rules.acked_by_us) >=
                                            window_of(limits_of(walk)->window, rules->out);
    bool is_fin = at == limits_of(walk)->length[number];
    int carrier = wire_carrier_of(rules->out);
    stream_sent(rules, 1, is_fin);
    note(walk, "sends", end, carrier, frame_of(is_fin ? FIN : DATA, number, 0, at));
    walk->is_choice = !is_due;
    if (put(&world, end, carrier, frame_of(is_fin ? FIN : DATA, number, 0, at)))
        reach(walk, &world, is_beyond ? "a byte beyond the window was sent" : NULL);
    walk->is_choice = false;
}

static void consume(struct walk *walk, int end, int number) {
    struct world world = *here(walk);
    struct end_stream *stream = &world.ends[end].streams[number];
    if (end != AGENT || is_stuck(walk, number) || unread(stream) == 0)
        return;
    stream->consumed++;
    stream->owes_ack = stream->rules.out != 0; /* else it does when there is a carrier again */
    note(walk, "has a byte consumed", end, wire_carrier_of(stream->rules.in),
         (struct wire_frame){.stream = (uint8_t)number});
    reach(walk, &world, NULL);
}

/* Of enough, of an end, or in time. */
static void send_ack(struct walk *walk, int end, int number) {
    struct world world = *here(walk);
    struct end_stream *stream = &world.ends[end].streams[number];
    struct stream *rules = &stream->rules, before = *rules;
    stream_position due = (stream_position)(stream->consumed - rules->acked_by_us);
    bool ends = rules->got_fin && stream->consumed == rules->taken;
    if (!stream_may_ack(rules) || (!rules->repeats_ack && (!stream->owes_ack || due == 0)))
        return;
    if (!rules->repeats_ack && !ends && due < window_of(limits_of(walk)->ack_each, rules->in) &&
        !follows(walk, RULE_ACK_IN_TIME))
        return;
    int carrier = wire_carrier_of(rules->out);
    stream_position position = stream->consumed;
    stream->owes_ack = false;
    stream_acked(rules, position);
    settle(walk, &world.ends[end], number, &before);
    send_frame(walk, &world, "sends", end, carrier, frame_of(ACK, number, 0, position));
}

static int shared_carrier(const struct end *end) {
    int carrier = 0;
    while (carrier == WIRE_EXCLUSIVE || end->lost[carrier])
        carrier++;
    return carrier;
}

static void abort_stream(struct walk *walk, int end, int number) {
    struct world world = *here(walk);
    struct stream *rules = &world.ends[end].streams[number].rules, before = *rules;
    if (world.aborts == limits_of(walk)->aborts || !is_live(&world.ends[end].streams[number]))
        return;
    int carrier = rules->out ? wire_carrier_of(rules->out) : shared_carrier(&world.ends[end]);
    world.aborts++;
    world.is_aborted[number] = true;
    stream_end(rules, STREAM_HOW_RESET, wire_carrier_id(carrier));
    settle(walk, &world.ends[end], number, &before);
    choose_frame(walk, &world, "aborts", end, carrier, frame_of(RESET, number, 0, 0));
}

static bool is_free(const struct walk *walk, const struct end *end, int carrier) {
    for (int i = 0; i < TWO_STREAMS && !limits_of(walk)->shares_exclusive; i++) {
        if (carrier == WIRE_EXCLUSIVE && end->streams[i].rules.out == wire_carrier_id(carrier))
            return false;
    }
    return !end->lost[carrier];
}

/* A rule that is left out sees what it waits for. */
static bool may_move(const struct walk *walk, const struct stream *rules, stream_carrier to) {
    struct stream seen = *rules;
    if (!follows(walk, RULE_MOVE_AFTER_ACK) && !seen.is_suspended)
        seen.moved_at = 0;
    if (!follows(walk, RULE_MOVE_BACK_WHEN_ACKED) && seen.acked > seen.moved_at)
        seen.acked = seen.next;
    return stream_may_move(&seen, to);
}

static void move_stream(struct walk *walk, int end, int number) {
    struct world world = *here(walk);
    struct end *at = &world.ends[end];
    struct stream *rules = &at->streams[number].rules, before = *rules;
    int carrier = stream_carrier_is_exclusive(rules->out) ? shared_carrier(at) : WIRE_EXCLUSIVE;
    if (world.moves == limits_of(walk)->moves || !is_free(walk, at, carrier) ||
        !may_move(walk, rules, wire_carrier_id(carrier)))
        return;
    world.moves++;
    stream_move(rules, wire_carrier_id(carrier));
    settle(walk, at, number, &before);
    choose_frame(walk, &world, "moves", end, carrier, frame_of(CONTINUE, number, rules->epoch, rules->next));
}

static bool must_repeat_end(const struct end *end, const struct stream *rules) {
    return rules->phase == STREAM_OVER && rules->outcome.last_on && end->lost[wire_carrier_of(rules->outcome.last_on)];
}

static void go_on_elsewhere(struct walk *walk, int end, int number) {
    struct world world = *here(walk);
    struct stream *rules = &world.ends[end].streams[number].rules;
    int carrier = shared_carrier(&world.ends[end]);
    if (stream_must_resume(rules)) {
        stream_resume(rules, wire_carrier_id(carrier));
        send_frame(walk, &world, "resumes", end, carrier, frame_of(RESUME, number, rules->epoch, rules->taken));
    } else if (must_repeat_end(&world.ends[end], rules)) {
        rules->outcome.last_on = wire_carrier_id(carrier);
        send_frame(walk, &world, "repeats its end", end, carrier, frame_of(ENDED, number, 0, rules->outcome.how));
    }
}

/* ---- carriers ---- */

/* Some frames of either direction still arrive, and then nothing. */
static void cut_carrier(struct walk *walk, int carrier) {
    struct world before = *here(walk);
    if (before.cuts == limits_of(walk)->cuts || before.cut[carrier] || carrier == LAST_CARRIER)
        return;
    for (uint8_t up = 0; up <= before.queues[carrier][0].count; up++) {
        for (uint8_t down = 0; down <= before.queues[carrier][1].count; down++) {
            struct world world = before;
            world.cuts++;
            world.cut[carrier] = true;
            wire_drop_behind(&world.queues[carrier][0], up);
            wire_drop_behind(&world.queues[carrier][1], down);
            note(walk, "breaks", 0, carrier, (struct wire_frame){0});
            walk->is_choice = true;
            reach(walk, &world, NULL);
            walk->is_choice = false;
        }
    }
}

static void notice_loss(struct walk *walk, int end, int carrier) {
    struct world world = *here(walk);
    struct end *at = &world.ends[end];
    bool has_read = world.queues[carrier][end].count == 0 || at->blocker[carrier];
    if (!world.cut[carrier] || at->lost[carrier] || !has_read)
        return;
    wire_drop_behind(&world.queues[carrier][end], 0);
    at->lost[carrier] = true;
    at->blocker[carrier] = 0;
    for (int i = 0; i < TWO_STREAMS; i++) {
        struct stream before = at->streams[i].rules;
        stream_lose(&at->streams[i].rules, wire_carrier_id(carrier));
        settle(walk, at, i, &before);
    }
    note(walk, "notices the loss", end, carrier, (struct wire_frame){0});
    reach(walk, &world, NULL);
}

/* ---- the walk ---- */

static void try_all(struct walk *walk) {
    static void (*const of_a_stream[])(struct walk *, int, int) = {send_bytes,   consume,     send_ack,
                                                                   abort_stream, move_stream, go_on_elsewhere};
    enum { KINDS = sizeof of_a_stream / sizeof *of_a_stream };
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        for (int end = 0; end < 2; end++) {
            take_frame(walk, end, carrier);
            notice_loss(walk, end, carrier);
        }
        cut_carrier(walk, carrier);
    }
    for (int i = 0; i < KINDS * 2 * TWO_STREAMS; i++)
        of_a_stream[i / (2 * TWO_STREAMS)](walk, i / TWO_STREAMS % 2, i % TWO_STREAMS);
}

/* Open, and the agent's direction has ended. */
static void open_stream(struct stream *server, struct stream *agent) {
    bool is_taken;
    stream_begin(server, STREAM_SERVER);
    stream_begin(agent, STREAM_AGENT);
    stream_open(server, wire_carrier_id(FIRST_CARRIER));
    stream_open(agent, wire_carrier_id(FIRST_CARRIER));
    stream_connected(agent);
    (void)stream_take_opened(server);
    stream_sent(agent, 1, true);
    (void)stream_take_bytes(server, wire_carrier_id(FIRST_CARRIER), 1, true, 1, &is_taken);
    stream_acked(server, 1);
    (void)stream_take_ack(agent, 1);
}

static void begin(struct world *world, const struct two_streams_limits *limits) {
    memset(world, 0, sizeof *world);
    for (int i = 0; i < limits->streams; i++) {
        open_stream(&world->ends[SERVER].streams[i].rules, &world->ends[AGENT].streams[i].rules);
        world->ends[SERVER].streams[i].consumed = 1;
    }
    for (int i = limits->streams; i < TWO_STREAMS; i++) {
        stream_end(&world->ends[SERVER].streams[i].rules, STREAM_HOW_WHOLE, 0);
        stream_end(&world->ends[AGENT].streams[i].rules, STREAM_HOW_WHOLE, 0);
    }
}

const char *two_streams_walk(const struct two_streams_limits *limits, bool is_quiet, size_t *count) {
    static const struct walk_model model = {sizeof(struct world), try_all, two_streams_check, two_streams_check_end};
    struct walk walk = {.model = &model, .limits = limits, .is_quiet = is_quiet};
    struct world first;
    begin(&first, limits);
    return walk_all(&walk, &first, count);
}
