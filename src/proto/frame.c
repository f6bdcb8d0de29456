/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * frame: reads and writes the headers of frames, in place.
 * Runs on: any thread; in the path of every byte. Owns: nothing.
 */
#include "config.h"

#include "proto/frame.h"

#include <stdio.h>

struct frame_rule {
    uint32_t smallest, largest; /* of the payload */
    bool known;
};

enum {
    FRAME_RULES = 0x20, /* all known types are below */
    LENGTH_MASK = 0xffffff
};

static const struct frame_rule rules[FRAME_RULES] = {
#define FRAME_RULE(name, code, smallest, largest) [code] = {smallest, largest, true},
    FRAME_TYPES(FRAME_RULE)
#undef FRAME_RULE
};

static uint32_t read_32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static bool header_is_allowed(unsigned type, uint32_t payload, uint32_t stream) {
    if (type < FRAME_RULES)
        return rules[type].known && payload >= rules[type].smallest && payload <= rules[type].largest &&
               (stream != 0) == (type >= FRAME_RELAY_FROM);
    return type >= FRAME_SKIPPED_FROM && payload <= FRAME_JSON_MAX;
}

enum frame_status frame_parse(const uint8_t *data, size_t length, struct frame *frame, size_t *taken) {
    if (length < FRAME_HEADER) {
        *taken = FRAME_HEADER;
        return FRAME_INCOMPLETE;
    }
    unsigned type = data[0];
    uint32_t payload = read_32(data) & LENGTH_MASK, stream = read_32(data + 4);
    if (!header_is_allowed(type, payload, stream))
        return FRAME_BAD;
    *taken = FRAME_HEADER + (size_t)payload;
    if (length < *taken)
        return FRAME_INCOMPLETE;
    if (type >= FRAME_SKIPPED_FROM)
        return FRAME_SKIP;
    *frame = (struct frame){.type = (enum frame_type)type,
                            .stream = stream,
                            .payload = data + FRAME_HEADER,
                            .length = payload};
    return FRAME_OK;
}

size_t frame_write_header(uint8_t *at, enum frame_type type, uint32_t stream, size_t payload_length) {
    at[0] = (uint8_t)type;
    at[1] = (uint8_t)(payload_length >> 16);
    at[2] = (uint8_t)(payload_length >> 8);
    at[3] = (uint8_t)payload_length;
    at[4] = (uint8_t)(stream >> 24);
    at[5] = (uint8_t)(stream >> 16);
    at[6] = (uint8_t)(stream >> 8);
    at[7] = (uint8_t)stream;
    return FRAME_HEADER;
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

const char *frame_explain(const uint8_t header[FRAME_HEADER], char text[FRAME_TEXT]) {
    char number[16];
    unsigned type = header[0], payload = read_32(header) & LENGTH_MASK, stream = read_32(header + 4);
    bool is_known = type < FRAME_RULES && rules[type].known;
    snprintf(number, sizeof number, "type 0x%02x", type);
    snprintf(text, FRAME_TEXT, "malformed frame: %s of %u bytes on stream %u",
             is_known ? frame_name((enum frame_type)type) : number, payload, stream);
    return text;
}
