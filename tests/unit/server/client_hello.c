/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * client_hello: see client_hello.h.
 */
#include "config.h"

#include "server/client_hello.h"

#include "server/service/sniff.h"

#include <string.h>

size_t client_hello_cut(uint8_t *bytes, size_t size, size_t piece) {
    uint8_t message[SNIFF_HELLO_MAX] = {1, 0, (uint8_t)((size - 4) >> 8), (uint8_t)(size - 4), 3, 3};
    size_t length = 0;

    for (size_t done = 0; done < size; done += piece) {
        size_t now = size - done < piece ? size - done : piece;
        const uint8_t header[] = {0x16, 3, 1, (uint8_t)(now >> 8), (uint8_t)now};
        memcpy(bytes + length, header, sizeof header);
        memcpy(bytes + length + sizeof header, message + done, now);
        length += sizeof header + now;
    }
    return length;
}
