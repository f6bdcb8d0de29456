/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * stream_state: see stream_state.h. One function per end and direction; every line is a rule of the data link.
 */
#include "config.h"

#include "proto/stream_state.h"

#include <assert.h>

void stream_state_init(struct stream_state *state, enum stream_role role) {
    *state = (struct stream_state){.role = (uint8_t)role};
}

static void begin(struct stream_state *state, uint32_t number) {
    *state = (struct stream_state){.role = state->role, .number = number, .busy = true};
}

/* FIN and FIN with little sent to the agent: free at once on both sides, without IDLE. */
static void free_if_small(struct stream_state *state) {
    if (state->sent_fin && state->got_fin && state->to_agent <= STREAM_STATE_SMALL)
        state->busy = false;
}

static enum stream_verdict take_stream(struct stream_state *state, enum frame_type type, size_t length) {
    if (state->got_fin)
        return STREAM_STATE_VIOLATION;
    if (type == FRAME_FIN) {
        state->got_fin = true;
        free_if_small(state);
    } else if (state->role == STREAM_STATE_AGENT) {
        state->to_agent += length;
    }
    return STREAM_STATE_ACT;
}

static enum stream_verdict server_take_idle(struct stream_state *state) {
    bool over = state->sent_reset || state->got_end || (state->sent_fin && state->got_fin);
    if (!over)
        return STREAM_STATE_VIOLATION;
    state->busy = false;
    return STREAM_STATE_ACT;
}

static enum stream_verdict server_take(struct stream_state *state, enum frame_type type, uint32_t number,
                                       size_t length) {
    if (type == FRAME_OPEN || number > state->number)
        return STREAM_STATE_VIOLATION;
    if (number < state->number || !state->busy) /* RESET n, IDLE n: sent before our FIN, which freed the link, came */
        return type == FRAME_RESET || type == FRAME_IDLE ? STREAM_STATE_IGNORE : STREAM_STATE_VIOLATION;
    if (type == FRAME_IDLE)
        return server_take_idle(state);
    if (state->sent_reset)
        return STREAM_STATE_IGNORE;
    if (state->got_end)
        return STREAM_STATE_VIOLATION;
    switch ((int)type) {
    case FRAME_OPENED:
        if (state->opened)
            return STREAM_STATE_VIOLATION;
        state->opened = true;
        return STREAM_STATE_ACT;
    case FRAME_REFUSED:
        if (state->opened)
            return STREAM_STATE_VIOLATION;
        state->got_end = true;
        return STREAM_STATE_ACT;
    case FRAME_RESET:
        state->got_end = true;
        return STREAM_STATE_ACT;
    case FRAME_DATA:
    case FRAME_FIN:
        return state->opened ? take_stream(state, type, length) : STREAM_STATE_VIOLATION;
    default:
        return STREAM_STATE_VIOLATION;
    }
}

static enum stream_verdict agent_take_open(struct stream_state *state, uint32_t number) {
    if (state->busy || number != state->number + 1)
        return STREAM_STATE_VIOLATION;
    begin(state, number);
    return STREAM_STATE_ACT;
}

static enum stream_verdict agent_take_reset(struct stream_state *state) {
    if (state->sent_idle)
        return STREAM_STATE_IGNORE;
    state->busy = false;
    state->sent_idle = true; /* the answer that STREAM_STATE_ACT_IDLE asks for */
    return STREAM_STATE_ACT_IDLE;
}

static enum stream_verdict agent_take(struct stream_state *state, enum frame_type type, uint32_t number,
                                      size_t length) {
    if (type == FRAME_OPEN)
        return agent_take_open(state, number);
    if (number != state->number)
        return STREAM_STATE_VIOLATION;
    switch ((int)type) {
    case FRAME_RESET:
        return agent_take_reset(state);
    case FRAME_DATA:
    case FRAME_FIN:
        if (state->busy)
            return take_stream(state, type, length);
        return state->sent_idle ? STREAM_STATE_IGNORE : STREAM_STATE_VIOLATION;
    default:
        return STREAM_STATE_VIOLATION;
    }
}

enum stream_verdict stream_state_take(struct stream_state *state, enum frame_type type, uint32_t number,
                                      size_t length) {
    return state->role == STREAM_STATE_SERVER ? server_take(state, type, number, length)
                                              : agent_take(state, type, number, length);
}

static bool server_may_send(const struct stream_state *state, enum frame_type type) {
    if (type == FRAME_OPEN)
        return !state->busy;
    if (!state->busy || state->sent_reset || state->got_end)
        return false;
    return type == FRAME_RESET || ((type == FRAME_DATA || type == FRAME_FIN) && !state->sent_fin);
}

static bool agent_may_send(const struct stream_state *state, enum frame_type type) {
    if (!state->busy)
        return false;
    switch ((int)type) {
    case FRAME_OPENED:
    case FRAME_REFUSED:
        return !state->opened;
    case FRAME_DATA:
    case FRAME_FIN:
        return state->opened && !state->sent_fin;
    case FRAME_RESET:
        return state->opened;
    case FRAME_IDLE:
        return state->sent_fin && state->got_fin;
    default:
        return false;
    }
}

bool stream_state_may_send(const struct stream_state *state, enum frame_type type) {
    return state->role == STREAM_STATE_SERVER ? server_may_send(state, type) : agent_may_send(state, type);
}

void stream_state_sent(struct stream_state *state, enum frame_type type, size_t length) {
    assert(stream_state_may_send(state, type));
    switch ((int)type) {
    case FRAME_OPEN:
        begin(state, state->number + 1);
        break;
    case FRAME_OPENED:
        state->opened = true;
        break;
    case FRAME_DATA:
        if (state->role == STREAM_STATE_SERVER)
            state->to_agent += length;
        break;
    case FRAME_FIN:
        state->sent_fin = true;
        free_if_small(state);
        break;
    case FRAME_RESET:
        if (state->role == STREAM_STATE_SERVER) {
            state->sent_reset = true;
            break;
        } /* fall through: behind the agent's RESET, as behind its REFUSED, goes IDLE n at once */
        __attribute__((fallthrough));
    case FRAME_REFUSED:
    case FRAME_IDLE:
        state->busy = false;
        state->sent_idle = true;
        break;
    default:
        break;
    }
}
