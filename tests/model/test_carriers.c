/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_carriers: a server's and an agent's end of a stream over three shared carriers and an exclusive one, in every
 * order in which anything can happen: bytes, ends, aborts, refusals, moves, and carriers that break with any number of
 * their frames lost, which each end notices whenever it likes.
 *
 * Checked in every state that can be reached: no frame is a violation; each byte comes once and in its order; a stream
 * that was not aborted ends whole at both ends; an agent that has reached the destination keeps the client; and when
 * nothing can happen any more, both ends know that the stream is over. Every move uses something up, so the walk ends,
 * and an end that cannot go on is found as a state without a move.
 *
 *   tests/model/test_carriers            small worlds, for make check-unit
 *   tests/model/test_carriers CUTS MOVES UP DOWN    one world: broken carriers, moves, bytes each way
 */
#include "config.h"

#include "walk.h"
#include "wire.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    CARRIERS = 4,
    WINDOW = 2,
    LAST_CARRIER = CARRIERS - 1 /* never breaks, so that there is always a way on */
};

struct limits {
    uint8_t cuts, moves, length[2]; /* bytes from the server and from the agent */
};

struct end {
    struct stream stream;
    bool lost[CARRIERS];
    bool pinged, is_confirmed; /* behind the last frame */
};

struct world {
    struct end ends[2];
    struct wire_queue queues[CARRIERS][2]; /* towards that end */
    bool cut[CARRIERS];
    uint8_t cuts, moves;
    bool is_aborted, has_reached; /* one abort or refusal; the destination */
};

/* ---- what must hold ---- */

static bool is_over(const struct stream *stream, enum stream_outcome_how how) {
    return stream->phase == STREAM_OVER && stream->outcome.how == how;
}

static const char *wrong_with(const struct walk *walk, const void *of) {
    const struct world *world = of;
    (void)walk;
    const struct stream *server = &world->ends[SERVER].stream, *agent = &world->ends[AGENT].stream;
    bool both_over = server->phase == STREAM_OVER && agent->phase == STREAM_OVER;
    if (is_over(server, STREAM_HOW_ELSEWHERE) && (world->has_reached || agent->phase == STREAM_OPENING))
        return "a client was given to another agent that had reached its destination by this one";
    if (is_over(server, STREAM_HOW_REFUSED) && world->has_reached)
        return "REFUSED, but the destination was reached";
    if (!world->is_aborted && both_over && !is_over(server, STREAM_HOW_ELSEWHERE) &&
        (!is_over(server, STREAM_HOW_WHOLE) || !is_over(agent, STREAM_HOW_WHOLE)))
        return "cut, though neither side aborted it";
    return NULL;
}

/* Nothing can happen any more. */
static const char *wrong_at_the_end(const struct walk *walk, const void *of) {
    const struct world *world = of;
    (void)walk;
    const struct stream *server = &world->ends[SERVER].stream, *agent = &world->ends[AGENT].stream;
    if (server->phase != STREAM_OVER)
        return "stuck: the server's end is not over";
    if (agent->phase != STREAM_OVER && agent->phase != STREAM_NEW)
        return "stuck: the agent's end is not over";
    return NULL;
}

/* ---- moves ---- */

static const struct world *here(const struct walk *walk) {
    return walk_here(walk);
}

static const struct limits *limits_of(const struct walk *walk) {
    return walk->limits;
}

static void reach(struct walk *walk, struct world *world, const char *violation) {
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        for (int end = 0; end < 2; end++) {
            const struct stream *stream = &world->ends[end].stream;
            wire_drop_ignored(&world->queues[carrier][end], carrier, &stream);
        }
    }
    walk_reach(walk, world, violation);
}

/* Towards the other end. What goes into a carrier that broke is lost. False: there is no room. */
static bool put(struct world *world, int end, int carrier, struct wire_frame frame) {
    struct wire_queue *queue = &world->queues[carrier][!end];
    if (world->cut[carrier])
        return true;
    return wire_put(queue, frame);
}

static void note(struct walk *walk, const char *what, int end, int carrier, struct wire_frame frame) {
    walk_note(walk, (struct walk_step){what, wire_frame_names[frame.type], end, -1, carrier, frame.epoch, frame.value});
}

static struct wire_frame frame_of(enum wire_frame_type type, stream_epoch epoch, stream_position value) {
    return (struct wire_frame){.type = (uint8_t)type, .epoch = epoch, .value = value};
}

/* ---- what an end does with a frame ---- */

struct answers {
    struct wire_frame frames[3];
    int count;
};

static void answer(struct answers *answers, enum wire_frame_type type, stream_epoch epoch, stream_position value) {
    answers->frames[answers->count++] = frame_of(type, epoch, value);
}

/* An OPEN that comes later, by another carrier, is not served: the server may have given the client to another agent.
 */
static void take_when_new(struct stream *stream, stream_carrier id, struct wire_frame frame, struct answers *answers) {
    if (frame.type == OPEN) {
        stream_open(stream, id);
    } else if (frame.type == RESUME || frame.type == RESET || frame.type == ENDED) {
        stream_end(stream, STREAM_HOW_UNKNOWN, frame.type == RESUME ? id : 0);
        if (frame.type == RESUME)
            answer(answers, ENDED, 0, STREAM_HOW_UNKNOWN);
    }
}

static void take_when_over(struct end *end, stream_carrier id, struct wire_frame frame, struct answers *answers) {
    const struct stream_outcome *outcome = &end->stream.outcome;
    bool is_remembered = outcome->last_on && !end->is_confirmed;
    if (frame.type == RESUME)
        answer(answers, ENDED, 0, is_remembered ? outcome->how : STREAM_HOW_NOT);
    if (frame.type == PONG && id == outcome->last_on)
        end->is_confirmed = true;
}

/* Positions are not on the wire: here they are, to see that each byte is taken once and in its order. */
static const char *take_bytes(struct stream *stream, stream_carrier id, struct wire_frame frame) {
    bool is_taken;
    stream_position expected = stream->taken;
    const char *violation = stream_take_bytes(stream, id, 1, frame.type == FIN, WINDOW, &is_taken);
    return violation || !is_taken || frame.value == expected ? violation : "a byte is missing or came twice";
}

static const char *take_resume(struct stream *stream, stream_carrier id, struct wire_frame frame,
                               struct answers *answers) {
    struct stream_answer wanted;
    const char *violation = stream_take_resume(stream, id, frame.epoch, frame.value, &wanted);
    if (wanted.resume)
        answer(answers, RESUME, stream->epoch, stream->taken);
    if (wanted.go_on)
        answer(answers, CONTINUE, stream->epoch, stream->next);
    if (wanted.opened)
        answer(answers, OPENED, 0, 0);
    return violation;
}

static const char *take_when_open(struct stream *stream, stream_carrier id, struct wire_frame frame,
                                  struct answers *answers) {
    switch (frame.type) {
    case OPEN:
        return "OPEN twice";
    case OPENED:
        return stream_take_opened(stream);
    case REFUSED:
        return stream_take_refused(stream);
    case RESET:
        stream_take_reset(stream);
        return NULL;
    case ENDED:
        return stream_take_ended(stream, (enum stream_outcome_how)frame.value);
    case DATA:
    case FIN:
        return take_bytes(stream, id, frame);
    case ACK:
        return stream_take_ack(stream, frame.value);
    case CONTINUE:
        return stream_take_continue(stream, id, frame.epoch, frame.value, WINDOW);
    case RESUME:
        return take_resume(stream, id, frame, answers);
    default:
        return NULL;
    }
}

static const char *take(struct end *end, stream_carrier id, struct wire_frame frame, struct answers *answers) {
    if (frame.type == PING)
        answer(answers, PONG, 0, 0);
    else if (end->stream.phase == STREAM_NEW)
        take_when_new(&end->stream, id, frame, answers);
    else if (end->stream.phase == STREAM_OVER)
        take_when_over(end, id, frame, answers);
    else
        return take_when_open(&end->stream, id, frame, answers);
    return NULL;
}

static void take_frame(struct walk *walk, int end, int carrier) {
    struct world world = *here(walk);
    struct end *at = &world.ends[end];
    struct answers answers = {.count = 0};
    if (at->lost[carrier] || world.queues[carrier][end].count == 0 ||
        !stream_reads(&at->stream, wire_carrier_id(carrier)))
        return;
    struct wire_frame frame = wire_pull(&world.queues[carrier][end]);
    note(walk, "takes", end, carrier, frame);
    const char *violation = take(at, wire_carrier_id(carrier), frame, &answers);
    for (int i = 0; i < answers.count; i++)
        if (!put(&world, end, carrier, answers.frames[i]))
            return; /* it would read when there is room for the answer */
    reach(walk, &world, violation);
}

/* ---- what an end does by itself ---- */

static void send_frame(struct walk *walk, struct world *world, const char *what, int end, int carrier,
                       struct wire_frame frame) {
    note(walk, what, end, carrier, frame);
    if (put(world, end, carrier, frame))
        reach(walk, world, NULL);
}

/* What an end may do, and may leave. */
static void choose_frame(struct walk *walk, struct world *world, const char *what, int end, int carrier,
                         struct wire_frame frame) {
    walk->is_choice = true;
    send_frame(walk, world, what, end, carrier, frame);
    walk->is_choice = false;
}

static int shared_carrier(const struct end *end) {
    int carrier = 0;
    while (carrier == WIRE_EXCLUSIVE || end->lost[carrier])
        carrier++;
    return carrier;
}

static void open_and_refuse(struct walk *walk) {
    struct world world = *here(walk);
    struct stream *server = &world.ends[SERVER].stream, *agent = &world.ends[AGENT].stream;
    if (server->phase == STREAM_NEW) {
        int carrier = shared_carrier(&world.ends[SERVER]);
        stream_open(server, wire_carrier_id(carrier));
        send_frame(walk, &world, "opens", SERVER, carrier, frame_of(OPEN, 0, 0));
    }
    world = *here(walk);
    stream_carrier out = agent->out;
    if (agent->phase != STREAM_OPENING || !out)
        return;
    stream_connected(agent);
    world.has_reached = true;
    send_frame(walk, &world, "connects", AGENT, wire_carrier_of(out), frame_of(OPENED, 0, 0));
    world = *here(walk);
    if (world.is_aborted)
        return;
    world.is_aborted = true;
    stream_end(agent, STREAM_HOW_REFUSED, out);
    choose_frame(walk, &world, "refuses", AGENT, wire_carrier_of(out), frame_of(REFUSED, 0, 0));
}

static void send_bytes(struct walk *walk, int end) {
    struct world world = *here(walk);
    struct stream *stream = &world.ends[end].stream;
    if (stream_may_send(stream, WINDOW) == 0)
        return;
    stream_position at = stream->next;
    bool is_fin = at == limits_of(walk)->length[end];
    int carrier = wire_carrier_of(stream->out);
    stream_sent(stream, 1, is_fin);
    send_frame(walk, &world, "sends", end, carrier, frame_of(is_fin ? FIN : DATA, 0, at));
}

/* Of all that was taken, or of a part: a reader takes it piece by piece. */
static void send_ack(struct walk *walk, int end) {
    const struct stream *now = &here(walk)->ends[end].stream;
    if (!stream_may_ack(now))
        return;
    for (stream_position position = (stream_position)(now->acked_by_us + !now->repeats_ack);
         position <= here(walk)->ends[end].stream.taken; position++) {
        struct world world = *here(walk);
        struct stream *stream = &world.ends[end].stream;
        int carrier = wire_carrier_of(stream->out);
        stream_acked(stream, position);
        send_frame(walk, &world, "sends", end, carrier, frame_of(ACK, 0, position));
    }
}

static void abort_stream(struct walk *walk, int end) {
    struct world world = *here(walk);
    struct stream *stream = &world.ends[end].stream;
    if (world.is_aborted || (stream->phase != STREAM_OPEN && stream->phase != STREAM_OPENING))
        return;
    int carrier = stream->out ? wire_carrier_of(stream->out) : LAST_CARRIER;
    world.is_aborted = true;
    stream_end(stream, STREAM_HOW_RESET, wire_carrier_id(carrier));
    choose_frame(walk, &world, "aborts", end, carrier, frame_of(RESET, 0, 0));
}

static void move_stream(struct walk *walk, int end) {
    struct world world = *here(walk);
    struct end *at = &world.ends[end];
    int carrier = stream_carrier_is_exclusive(at->stream.out) ? shared_carrier(at) : WIRE_EXCLUSIVE;
    if (world.moves == limits_of(walk)->moves || at->lost[carrier] ||
        !stream_may_move(&at->stream, wire_carrier_id(carrier)))
        return;
    world.moves++;
    stream_move(&at->stream, wire_carrier_id(carrier));
    choose_frame(walk, &world, "moves", end, carrier, frame_of(CONTINUE, at->stream.epoch, at->stream.next));
}

static bool must_repeat_end(const struct end *end) {
    const struct stream *stream = &end->stream;
    return stream->phase == STREAM_OVER && !end->is_confirmed && stream->outcome.last_on &&
           end->lost[wire_carrier_of(stream->outcome.last_on)];
}

/* On each of the shared carriers: the other end may take another one. */
static void go_on_elsewhere(struct walk *walk, int end) {
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        struct world world = *here(walk);
        struct end *at = &world.ends[end];
        if (carrier == WIRE_EXCLUSIVE || at->lost[carrier])
            continue;
        if (stream_must_resume(&at->stream)) {
            stream_resume(&at->stream, wire_carrier_id(carrier));
            send_frame(walk, &world, "resumes", end, carrier, frame_of(RESUME, at->stream.epoch, at->stream.taken));
        } else if (must_repeat_end(at)) {
            at->pinged = false;
            at->stream.outcome.last_on = wire_carrier_id(carrier);
            send_frame(walk, &world, "repeats its end", end, carrier, frame_of(ENDED, 0, at->stream.outcome.how));
        }
    }
}

/* What came before PONG was taken by the peer. */
static void confirm_end(struct walk *walk, int end) {
    struct world world = *here(walk);
    struct end *at = &world.ends[end];
    stream_carrier last_on = at->stream.outcome.last_on;
    if (at->stream.phase != STREAM_OVER || !last_on || at->pinged || at->lost[wire_carrier_of(last_on)])
        return;
    at->pinged = true;
    send_frame(walk, &world, "pings", end, wire_carrier_of(last_on), frame_of(PING, 0, 0));
}

/* Some frames of either direction still arrive, and then nothing. */
static void cut_carrier(struct walk *walk, int carrier) {
    const struct world *before = here(walk);
    if (before->cuts == limits_of(walk)->cuts || before->cut[carrier] || carrier == LAST_CARRIER)
        return;
    for (uint8_t up = 0; up <= here(walk)->queues[carrier][0].count; up++) {
        for (uint8_t down = 0; down <= here(walk)->queues[carrier][1].count; down++) {
            struct world world = *here(walk);
            world.cuts++;
            world.cut[carrier] = true;
            wire_drop_behind(&world.queues[carrier][0], up);
            wire_drop_behind(&world.queues[carrier][1], down);
            note(walk, "breaks", up, carrier, (struct wire_frame){0});
            walk->is_choice = true;
            reach(walk, &world, NULL);
            walk->is_choice = false;
        }
    }
}

static void notice_loss(struct walk *walk, int end, int carrier) {
    struct world world = *here(walk);
    struct end *at = &world.ends[end];
    bool is_read = world.queues[carrier][end].count == 0 || !stream_reads(&at->stream, wire_carrier_id(carrier));
    if (!world.cut[carrier] || at->lost[carrier] || !is_read)
        return;
    wire_drop_behind(&world.queues[carrier][end], 0);
    at->lost[carrier] = true;
    stream_lose(&at->stream, wire_carrier_id(carrier));
    note(walk, "notices the loss", end, carrier, (struct wire_frame){0});
    reach(walk, &world, NULL);
}

static void try_all_moves(struct walk *walk) {
    static void (*const of_an_end[])(struct walk *, int) = {send_bytes,  send_ack,        abort_stream,
                                                            move_stream, go_on_elsewhere, confirm_end};
    for (int carrier = 0; carrier < CARRIERS; carrier++) {
        for (int end = 0; end < 2; end++) {
            take_frame(walk, end, carrier);
            notice_loss(walk, end, carrier);
        }
        cut_carrier(walk, carrier);
    }
    open_and_refuse(walk);
    for (size_t i = 0; i < 2 * sizeof of_an_end / sizeof *of_an_end; i++)
        of_an_end[i / 2](walk, i % 2);
}

/* ---- walks ---- */

static const struct walk_model model = {sizeof(struct world), try_all_moves, wrong_with, wrong_at_the_end};

/* Whether all went well; *count has the states. */
static bool walk_world(const struct limits *limits, size_t *count) {
    struct walk walk = {.model = &model, .limits = limits};
    struct world first = {0};
    stream_begin(&first.ends[SERVER].stream, STREAM_SERVER);
    stream_begin(&first.ends[AGENT].stream, STREAM_AGENT);
    return !walk_all(&walk, &first, count);
}

static bool report(int number, const struct limits *limits) {
    size_t count;
    bool is_well = walk_world(limits, &count);
    printf("%s %d - %d broken carriers, %d moves, %d bytes up, %d down: %zu states\n", is_well ? "ok" : "not ok",
           number, limits->cuts, limits->moves, limits->length[0], limits->length[1], count);
    fflush(stdout);
    return is_well;
}

int main(int argc, char **argv) {
    static const struct limits small[] = {
        {0, 3, {3, 0}}, {0, 2, {2, 1}}, {1, 0, {1, 1}}, {1, 1, {1, 0}}, {2, 0, {0, 0}}};
    enum { SMALL = sizeof small / sizeof *small };
    bool is_well = true;
    if (argc == 5) {
        struct limits limits = {(uint8_t)strtoul(argv[1], NULL, 10),
                                (uint8_t)strtoul(argv[2], NULL, 10),
                                {(uint8_t)strtoul(argv[3], NULL, 10), (uint8_t)strtoul(argv[4], NULL, 10)}};
        is_well = report(1, &limits);
        printf("1..1\n");
        return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
    }
    for (int i = 0; i < SMALL; i++)
        is_well &= report(i + 1, &small[i]);
    printf("1..%d\n", SMALL);
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
