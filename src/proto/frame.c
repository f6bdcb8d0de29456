/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * frame: reads and writes the headers of frames, in place.
 * Runs on: any thread; in the path of every byte. Owns: nothing.
 */
#include "config.h"

#include "proto/frame.h"

struct frame_rule {
    uint32_t smallest, largest; /* of the payload, the number included */
    bool known;
};

enum { FRAME_RULES = 0x20 }; /* all known types are below */

static const struct frame_rule rules[FRAME_RULES] = {
#define FRAME_RULE(name, code, smallest, largest) [code] = {smallest, largest, true},
    FRAME_TYPES(FRAME_RULE)
#undef FRAME_RULE
};

static bool has_number(unsigned type) {
    return type == FRAME_OPEN || type == FRAME_OPENED || type == FRAME_REFUSED || type == FRAME_RESET ||
           type == FRAME_IDLE;
}

static uint32_t read_number(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool header_is_allowed(unsigned type, uint32_t payload) {
    if (type < FRAME_RULES)
        return rules[type].known && payload >= rules[type].smallest && payload <= rules[type].largest;
    return type >= FRAME_SKIPPED_FROM && payload <= FRAME_JSON_MAX;
}

enum frame_status frame_parse(const uint8_t *data, size_t length, struct frame *frame, size_t *taken) {
    if (length < FRAME_HEADER) {
        *taken = FRAME_HEADER;
        return FRAME_INCOMPLETE;
    }
    unsigned type = data[0];
    uint32_t payload = (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (!header_is_allowed(type, payload))
        return FRAME_BAD;
    *taken = FRAME_HEADER + (size_t)payload;
    if (length < *taken)
        return FRAME_INCOMPLETE;
    if (type >= FRAME_SKIPPED_FROM)
        return FRAME_SKIP;
    size_t before = has_number(type) ? FRAME_NUMBER_SIZE : 0;
    frame->type = (enum frame_type)type;
    frame->number = before ? read_number(data + FRAME_HEADER) : 0;
    frame->payload = data + FRAME_HEADER + before;
    frame->length = payload - before;
    return FRAME_OK;
}

size_t frame_write_header(uint8_t *at, enum frame_type type, size_t payload_length) {
    at[0] = (uint8_t)type;
    at[1] = (uint8_t)(payload_length >> 16);
    at[2] = (uint8_t)(payload_length >> 8);
    at[3] = (uint8_t)payload_length;
    return FRAME_HEADER;
}

size_t frame_write_numbered(uint8_t *at, enum frame_type type, uint32_t number, size_t json_length) {
    uint8_t *behind = at + frame_write_header(at, type, FRAME_NUMBER_SIZE + json_length);
    behind[0] = (uint8_t)(number >> 24);
    behind[1] = (uint8_t)(number >> 16);
    behind[2] = (uint8_t)(number >> 8);
    behind[3] = (uint8_t)number;
    return FRAME_HEADER + FRAME_NUMBER_SIZE;
}

const char *frame_name(enum frame_type type) {
    switch ((unsigned)type) {
#define FRAME_NAME(name, code, smallest, largest)                                                                      \
    case FRAME_##name:                                                                                                 \
        return #name;
        FRAME_TYPES(FRAME_NAME)
#undef FRAME_NAME
    default:
        return "unknown";
    }
}
