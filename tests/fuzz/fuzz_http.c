/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_http: what we parse of HTTP ourselves: the target of a request, and the answers that the client reads.
 */
#include "config.h"

#include "lib/base/utf8.h"
#include "lib/http/client.h"
#include "lib/http/reply_head.h"
#include "lib/http/target.h"
#include "relay/health/http_status.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* What was decoded, encoded again, decodes to the same. */
static void check_value(const char *value) {
    char encoded[3 * TARGET_VALUE], again[TARGET_VALUE];
    FUZZ_REQUIRE(utf8_is_clean(value) && strlen(value) < TARGET_VALUE);
    FUZZ_REQUIRE(http_client_encode(encoded, sizeof encoded, value));
    FUZZ_REQUIRE(target_decode_query(again, encoded, strlen(encoded)) && !strcmp(again, value));
}

static void check_query(const char *query) {
    char value[TARGET_VALUE];
    struct target_part part;
    for (const char *before = query; target_next_part(&query, &part); before = query) {
        FUZZ_REQUIRE(query > before && part.name >= before && part.value + part.value_length <= query);
        if (target_decode_query(value, part.name, part.name_length))
            check_value(value);
        if (target_decode_query(value, part.value, part.value_length))
            check_value(value);
    }
}

void fuzz_http_target(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length), value[TARGET_VALUE];
    struct target target;
    if (target_parse(&target, text)) {
        FUZZ_REQUIRE(target.path[0] == '/' && target.path_length > 0);
        if (target.query)
            check_query(target.query);
        if (target_decode_segment(value, target.path + 1, target.path_length - 1)) {
            FUZZ_REQUIRE(!strchr(value, '/') && value[0]);
            check_value(value);
        }
    }
    free(text);
}

/* A head that is complete is malformed or incomplete in no shorter part of it, only incomplete. */
static void check_head(const char *text, size_t length) {
    struct reply_head head, part;
    int parsed = reply_head_parse(&head, text, length);
    if (parsed != 1)
        return;
    FUZZ_REQUIRE(head.size <= length && head.status >= 200 && head.status < 1000);
    for (size_t size = 0; size < head.size && size < 64; size++)
        FUZZ_REQUIRE(reply_head_parse(&part, text, size) == 0);
}

void fuzz_http_reply(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length);
    size_t line = 0, data = 0, taken;
    struct reply_event event;
    check_head(text, length);
    if (reply_chunk_parse(text, length, &line, &data) == 1)
        FUZZ_REQUIRE(line <= length && data < 1u << 28);
    for (char *at = text; reply_event_parse(&event, at, length, &taken); at += taken) {
        FUZZ_REQUIRE(taken > 0 && taken <= length);
        FUZZ_REQUIRE(!event.data || (event.data >= at && event.data + strlen(event.data) < at + taken));
        length -= taken;
    }
    free(text);
}

/* What is found in the first bytes does not change by those that follow. */
void fuzz_http_status(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length);
    unsigned status = 0, before = 0;
    int found = 0;
    for (size_t at = 0; at <= length && at <= HTTP_STATUS_BYTES_MAX; at++) {
        int now = http_status_find(text, at, &status);
        FUZZ_REQUIRE(found == 0 || now == found);
        FUZZ_REQUIRE(now < 1 || (status >= 101 && status <= 599));
        FUZZ_REQUIRE(found < 1 || status == before);
        found = now;
        before = status;
    }
    FUZZ_REQUIRE(length < HTTP_STATUS_BYTES_MAX || found);
    free(text);
}
