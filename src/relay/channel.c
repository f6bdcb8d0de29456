/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * channel: see channel.h. One function per end and direction; every line is a rule of the data link.
 */
#include "config.h"

#include "relay/channel.h"

#include <assert.h>

void channel_init(struct channel *channel, enum channel_role role) {
    *channel = (struct channel){.role = (uint8_t)role, .sent_idle = true};
}

static void begin(struct channel *channel, uint32_t number) {
    *channel = (struct channel){.role = channel->role, .number = number, .busy = true};
}

/* FIN and FIN with little sent to the agent: free at once on both sides, and nothing is said about it. */
static void free_if_small(struct channel *channel) {
    if (channel->sent_fin && channel->got_fin && channel->to_agent <= CHANNEL_SMALL)
        channel->busy = false;
}

static bool is_numbered(enum frame_type type) {
    return type != FRAME_DATA && type != FRAME_FIN;
}

static enum channel_verdict take_stream(struct channel *channel, enum frame_type type, size_t length) {
    if (channel->got_fin)
        return CHANNEL_VIOLATION;
    if (type == FRAME_FIN) {
        channel->got_fin = true;
        free_if_small(channel);
    } else if (channel->role == CHANNEL_AGENT) {
        channel->to_agent += length;
    }
    return CHANNEL_ACT;
}

static enum channel_verdict server_take_idle(struct channel *channel) {
    bool over = channel->sent_reset || channel->got_end || (channel->sent_fin && channel->got_fin);
    if (!over)
        return CHANNEL_VIOLATION;
    channel->busy = false;
    return CHANNEL_ACT;
}

static enum channel_verdict server_take(struct channel *channel, enum frame_type type, uint32_t number, size_t length) {
    if (type == FRAME_OPEN || (is_numbered(type) && number > channel->number))
        return CHANNEL_VIOLATION;
    if (is_numbered(type) && number < channel->number)
        return CHANNEL_IGNORE;
    if (!channel->busy)
        return channel->number > 0 && (type == FRAME_RESET || type == FRAME_IDLE) ? CHANNEL_IGNORE : CHANNEL_VIOLATION;
    if (type == FRAME_IDLE)
        return server_take_idle(channel);
    if (channel->sent_reset)
        return CHANNEL_IGNORE;
    if (channel->got_end)
        return CHANNEL_VIOLATION;
    switch ((int)type) {
    case FRAME_OPENED:
        if (channel->opened)
            return CHANNEL_VIOLATION;
        channel->opened = true;
        return CHANNEL_ACT;
    case FRAME_REFUSED:
        if (channel->opened)
            return CHANNEL_VIOLATION;
        channel->got_end = true;
        return CHANNEL_ACT;
    case FRAME_RESET:
        channel->got_end = true;
        return CHANNEL_ACT;
    case FRAME_DATA:
    case FRAME_FIN:
        return channel->opened ? take_stream(channel, type, length) : CHANNEL_VIOLATION;
    default:
        return CHANNEL_VIOLATION;
    }
}

static enum channel_verdict agent_take_reset(struct channel *channel, uint32_t number) {
    if (number != channel->number || number == 0)
        return CHANNEL_VIOLATION;
    if (channel->sent_idle)
        return CHANNEL_IGNORE;
    channel->busy = false;
    channel->sent_idle = true; /* the answer that CHANNEL_ACT_IDLE asks for */
    return CHANNEL_ACT_IDLE;
}

static enum channel_verdict agent_take(struct channel *channel, enum frame_type type, uint32_t number, size_t length) {
    switch ((int)type) {
    case FRAME_OPEN:
        if (channel->busy || number != channel->number + 1)
            return CHANNEL_VIOLATION;
        begin(channel, number);
        return CHANNEL_ACT;
    case FRAME_RESET:
        return agent_take_reset(channel, number);
    case FRAME_DATA:
    case FRAME_FIN:
        if (channel->busy)
            return take_stream(channel, type, length);
        return channel->sent_idle && channel->number > 0 ? CHANNEL_IGNORE : CHANNEL_VIOLATION;
    default:
        return CHANNEL_VIOLATION;
    }
}

enum channel_verdict channel_take(struct channel *channel, enum frame_type type, uint32_t number, size_t length) {
    return channel->role == CHANNEL_SERVER ? server_take(channel, type, number, length)
                                           : agent_take(channel, type, number, length);
}

static bool server_may_send(const struct channel *channel, enum frame_type type) {
    if (type == FRAME_OPEN)
        return !channel->busy;
    if (!channel->busy || channel->sent_reset || channel->got_end)
        return false;
    return type == FRAME_RESET || ((type == FRAME_DATA || type == FRAME_FIN) && !channel->sent_fin);
}

static bool agent_may_send(const struct channel *channel, enum frame_type type) {
    if (!channel->busy)
        return false;
    switch ((int)type) {
    case FRAME_OPENED:
    case FRAME_REFUSED:
        return !channel->opened;
    case FRAME_DATA:
    case FRAME_FIN:
        return channel->opened && !channel->sent_fin;
    case FRAME_RESET:
        return channel->opened;
    case FRAME_IDLE:
        return channel->sent_fin && channel->got_fin;
    default:
        return false;
    }
}

bool channel_may_send(const struct channel *channel, enum frame_type type) {
    return channel->role == CHANNEL_SERVER ? server_may_send(channel, type) : agent_may_send(channel, type);
}

void channel_sent(struct channel *channel, enum frame_type type, size_t length) {
    assert(channel_may_send(channel, type));
    switch ((int)type) {
    case FRAME_OPEN:
        begin(channel, channel->number + 1);
        break;
    case FRAME_OPENED:
        channel->opened = true;
        break;
    case FRAME_DATA:
        if (channel->role == CHANNEL_SERVER)
            channel->to_agent += length;
        break;
    case FRAME_FIN:
        channel->sent_fin = true;
        free_if_small(channel);
        break;
    case FRAME_RESET:
        if (channel->role == CHANNEL_SERVER) {
            channel->sent_reset = true;
            break;
        } /* fall through: behind the agent's RESET, as behind its REFUSED, goes IDLE n at once */
        __attribute__((fallthrough));
    case FRAME_REFUSED:
    case FRAME_IDLE:
        channel->busy = false;
        channel->sent_idle = true;
        break;
    default:
        break;
    }
}
