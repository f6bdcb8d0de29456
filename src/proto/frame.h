/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * frame: type (1 byte), length of the payload (3), stream (4), payload; numbers are big-endian.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_PROTO_FRAME_H
#define MUNNEL_PROTO_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAME_HEADER = 8,
    FRAME_DATA_MAX = 16376, /* header and payload fill one TLS record exactly */
    FRAME_JSON_MAX = 65536,
    FRAME_DATAGRAM_MAX = 65507, /* what fits into a packet of UDP over IPv4 */
    FRAME_GREETING_MAX = 4096,  /* before authentication */
    FRAME_PING_SIZE = 8,
    FRAME_OPEN_SIZE = 54,  /* without what may be known of the client besides, */
    FRAME_OPEN_TLVS = 448, /* which are at most so many bytes */
    FRAME_OPEN_MOST = FRAME_OPEN_SIZE + FRAME_OPEN_TLVS,
    FRAME_TEXT = 80,
    FRAME_RELAY_FROM = 0x10 /* types from here on are a relay's, which the stream names; below, the link's: stream 0 */
};

/* FRAME(name, code, smallest payload, largest payload) */
#define FRAME_TYPES(FRAME)                                                                                             \
    FRAME(HELLO, 0x01, 2, FRAME_GREETING_MAX)                                                                          \
    FRAME(WELCOME, 0x02, 2, FRAME_GREETING_MAX)                                                                        \
    FRAME(REJECT, 0x03, 2, FRAME_GREETING_MAX)                                                                         \
    FRAME(CONTROL, 0x04, 2, FRAME_JSON_MAX)                                                                            \
    FRAME(PING, 0x05, FRAME_PING_SIZE, FRAME_PING_SIZE)                                                                \
    FRAME(PONG, 0x06, FRAME_PING_SIZE, FRAME_PING_SIZE)                                                                \
    FRAME(OPEN, 0x10, FRAME_OPEN_SIZE, FRAME_OPEN_MOST)                                                                \
    FRAME(OPENED, 0x11, 0, FRAME_JSON_MAX)                                                                             \
    FRAME(REFUSED, 0x12, 0, FRAME_JSON_MAX)                                                                            \
    FRAME(DATA, 0x13, 1, FRAME_DATA_MAX)                                                                               \
    FRAME(FIN, 0x14, 0, 0)                                                                                             \
    FRAME(RESET, 0x15, 0, FRAME_JSON_MAX)                                                                              \
    FRAME(ACK, 0x17, 8, 8)                                                                                             \
    FRAME(CONTINUE, 0x18, 12, 12)                                                                                      \
    FRAME(RESUME, 0x19, 12, 12)                                                                                        \
    FRAME(ENDED, 0x1a, 1, 1)                                                                                           \
    FRAME(DATAGRAM, 0x1b, 0, FRAME_DATAGRAM_MAX)

enum frame_type {
#define FRAME_ENUM(name, code, smallest, largest) FRAME_##name = code,
    FRAME_TYPES(FRAME_ENUM)
#undef FRAME_ENUM
        FRAME_SKIPPED_FROM = 0x80 /* unknown types from here on are skipped (up to FRAME_JSON_MAX) */
};

enum frame_status { FRAME_OK, FRAME_INCOMPLETE, FRAME_SKIP, FRAME_BAD };

struct frame { /* one frame in place: `payload` points into the buffer that was parsed */
    enum frame_type type;
    uint32_t stream; /* the relay's number; 0: a frame of the link itself */
    const uint8_t *payload;
    size_t length;
};

/*
 * Reads the frame that begins at `data`. *taken is set to its whole length when FRAME_OK or FRAME_SKIP, and to the
 * bytes needed before it makes sense to look again when FRAME_INCOMPLETE. FRAME_BAD: an unknown type below 0x80, or a
 * length or stream that its type does not allow (known from the header alone, before anything is stored).
 */
enum frame_status frame_parse(const uint8_t *data, size_t length, struct frame *frame, size_t *taken);

/* Writes a header; returns FRAME_HEADER. */
size_t frame_write_header(uint8_t *at, enum frame_type type, uint32_t stream, size_t payload_length);

/* The numbers in payloads: `size` bytes, big-endian. */
static inline void frame_put_number(uint8_t *at, uint64_t number, size_t size) {
    for (; size > 0; number >>= 8)
        at[--size] = (uint8_t)number;
}

static inline uint64_t frame_get_number(const uint8_t *at, size_t size) {
    uint64_t number = 0;
    while (size-- > 0)
        number = number << 8 | *at++;
    return number;
}

const char *frame_name(enum frame_type type);
/* What frame_parse refused, for people: "malformed frame: PING of 9 bytes on stream 0". Returns `text`. */
const char *frame_explain(const uint8_t header[FRAME_HEADER], char text[FRAME_TEXT]);

#endif
