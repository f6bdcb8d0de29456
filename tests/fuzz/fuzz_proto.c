/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_proto: what a peer sends: frames, the messages in them but CONTROL (fuzz_control.c), and join codes.
 */
#include "config.h"

#include "proto/frame.h"
#include "proto/hello.h"
#include "proto/join_code.h"
#include "proto/open.h"
#include "proto/proxy_protocol.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

/* ---- frames ---- */

/* What was parsed, written again, gives the header that was read. */
static void check_header(const struct frame *frame, const uint8_t *at, size_t taken) {
    uint8_t header[FRAME_HEADER];
    size_t length = frame_write_header(header, frame->type, frame->stream, frame->length);
    FUZZ_REQUIRE(frame->payload == at + length && length + frame->length == taken);
    FUZZ_REQUIRE(memcmp(header, at, length) == 0);
    FUZZ_REQUIRE(frame_name(frame->type));
}

static void check_same(const struct frame *a, const struct frame *b) {
    FUZZ_REQUIRE(a->type == b->type && a->stream == b->stream && a->payload == b->payload && a->length == b->length);
}

/* The first byte sets in what chunks the rest arrives; the frames are the same as when all of it is there at once. */
void fuzz_frame(const uint8_t *bytes, size_t length) {
    if (!length)
        return;
    size_t step = bytes[0] + 1U, at = 1, there = 1;
    while (at < length) {
        struct frame whole = {0}, part = {0};
        size_t taken = 0, part_taken = 0;
        enum frame_status all = frame_parse(bytes + at, length - at, &whole, &taken), status;
        while ((status = frame_parse(bytes + at, there - at, &part, &part_taken)) == FRAME_INCOMPLETE) {
            FUZZ_REQUIRE(part_taken > there - at);
            if (there == length)
                break;
            there = length - there < step ? length : there + step;
        }
        FUZZ_REQUIRE(status == all);
        if (all == FRAME_BAD || all == FRAME_INCOMPLETE)
            return;
        FUZZ_REQUIRE(taken == part_taken && taken >= FRAME_HEADER && taken <= length - at);
        if (all == FRAME_OK) {
            check_same(&whole, &part);
            check_header(&whole, bytes + at, taken);
        }
        at += taken;
        there = there < at ? at : there;
    }
}

/* ---- HELLO, WELCOME, REJECT ---- */

static void check_hello(const char *text, size_t length) {
    struct hello hello, again;
    struct error error = {{0}};
    if (hello_parse(&hello, text, length, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    char *bare = hello_format(&hello);
    FUZZ_REQUIRE(bare);
    char *whole = hello.has_proof ? hello_add_proof(bare, hello.proof) : fuzz_text((uint8_t *)bare, strlen(bare));
    FUZZ_REQUIRE(whole && hello_parse(&again, whole, strlen(whole), &error) == 0);
    FUZZ_REQUIRE(again.kind == hello.kind && again.protocol == hello.protocol && again.has_proof == hello.has_proof);
    FUZZ_REQUIRE(strcmp(again.credential, hello.credential) == 0 && strcmp(again.name, hello.name) == 0);
    FUZZ_REQUIRE(strcmp(again.group, hello.group) == 0 && strcmp(again.instance, hello.instance) == 0);
    FUZZ_REQUIRE(strcmp(again.session, hello.session) == 0 && strcmp(again.resume, hello.resume) == 0);
    FUZZ_REQUIRE(again.server_thread == hello.server_thread && again.is_exclusive == hello.is_exclusive);
    FUZZ_REQUIRE(!hello.has_proof || memcmp(again.proof, hello.proof, SECRET_SIZE) == 0);
    free(bare);
    free(whole);
    hello_done(&again);
    hello_done(&hello);
}

static void check_welcome(const char *text, size_t length) {
    struct welcome welcome, again;
    struct error error = {{0}};
    if (welcome_parse(&welcome, text, length, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    char *formatted = welcome_format(&welcome);
    FUZZ_REQUIRE(formatted && welcome_parse(&again, formatted, strlen(formatted), &error) == 0);
    FUZZ_REQUIRE(strcmp(again.session, welcome.session) == 0 && strcmp(again.server, welcome.server) == 0);
    FUZZ_REQUIRE(again.ping_s == welcome.ping_s && again.dead_after_s == welcome.dead_after_s);
    FUZZ_REQUIRE(again.threads == welcome.threads && again.resume_s == welcome.resume_s);
    FUZZ_REQUIRE(again.has_proof == welcome.has_proof);
    free(formatted);
    welcome_done(&again);
    welcome_done(&welcome);
}

static void check_reject(const char *text, size_t length) {
    struct reject reject, again;
    struct error error = {{0}};
    if (reject_parse(&reject, text, length, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    char *formatted = reject_format(reject.code, reject.reason, (unsigned)reject.retry_after_s);
    FUZZ_REQUIRE(formatted && reject_parse(&again, formatted, strlen(formatted), &error) == 0);
    FUZZ_REQUIRE(again.code == reject.code && strcmp(again.reason, reject.reason) == 0);
    FUZZ_REQUIRE(again.retry_after_s == reject.retry_after_s);
    free(formatted);
    reject_done(&again);
    reject_done(&reject);
}

void fuzz_greeting(const uint8_t *bytes, size_t length) {
    check_hello((const char *)bytes, length);
    check_welcome((const char *)bytes, length);
    check_reject((const char *)bytes, length);
}

/* ---- OPEN and its answers ---- */

static bool is_same(const struct proxy_value *a, const struct proxy_value *b) {
    return a->length == b->length && (a->length == 0 || memcmp(a->bytes, b->bytes, a->length) == 0);
}

/* The header of a destination by this OPEN: it has what was brought, but what finds no room. */
static void check_proxy(const struct open_request *open) {
    uint8_t bytes[PROXY_WRITTEN_MAX];
    struct proxy_header again = {.version = PROXY_V2};
    struct proxy_header header = {.version = PROXY_V2,
                                  .command = PROXY_COMMAND_PROXY,
                                  .transport = PROXY_STREAM,
                                  .has_addresses = open->client.port && open->local.port,
                                  .source = open->client,
                                  .destination = open->local};
    FUZZ_REQUIRE(proxy_read_tlvs(&header, open->tlvs, open->tlvs_length, NULL) == 0);
    size_t length = proxy_write(bytes, &header), fixed = PROXY_V2_FIXED + (header.has_addresses ? 36 : 0);
    if (header.has_addresses && (bytes[13] & 0xf0) == 0x10)
        fixed = PROXY_V2_FIXED + 12;
    FUZZ_REQUIRE(length <= sizeof bytes && length >= fixed);
    FUZZ_REQUIRE(proxy_read_tlvs(&again, bytes + fixed, length - fixed, NULL) == 0);
    FUZZ_REQUIRE(is_same(&again.unique_id, &header.unique_id) && is_same(&again.authority, &header.authority));
    header.version = PROXY_V1;
    length = proxy_write(bytes, &header);
    FUZZ_REQUIRE(length <= PROXY_V1_MAX && memcmp(bytes + length - 2, "\r\n", 2) == 0);
}

void fuzz_open(const uint8_t *bytes, size_t length) {
    struct open_request open;
    struct error error = {{0}};
    uint8_t again[FRAME_OPEN_MOST];
    char text[ADDR_TEXT];
    if (open_parse(&open, bytes, length, &error) != 0) {
        FUZZ_REQUIRE(error.text[0]);
        return;
    }
    FUZZ_REQUIRE(open_format(again, &open) == length && memcmp(again, bytes, length) == 0);
    check_proxy(&open);
    FUZZ_REQUIRE(*open_address_format(&open.client, text, sizeof text));
}

void fuzz_answer(const uint8_t *bytes, size_t length) {
    char text[1024], first[160], again[160];
    unsigned dial_ms = 0, dial_ms_again = 0, lookup_ms = 0, lookup_ms_again = 0;
    enum refusal code = REFUSAL_REFUSED, code_again = REFUSAL_REFUSED;

    opened_parse(bytes, length, first, &dial_ms, &lookup_ms);
    size_t size = opened_format(text, sizeof text, first, dial_ms, lookup_ms);
    FUZZ_REQUIRE(size > 0);
    opened_parse((uint8_t *)text, size, again, &dial_ms_again, &lookup_ms_again);
    FUZZ_REQUIRE(strcmp(first, again) == 0 && dial_ms == dial_ms_again && lookup_ms == lookup_ms_again);

    refused_parse(bytes, length, &code, first);
    size = refused_format(text, sizeof text, code, first);
    FUZZ_REQUIRE(size > 0);
    refused_parse((uint8_t *)text, size, &code_again, again);
    FUZZ_REQUIRE(strcmp(first, again) == 0 && code == code_again);

    reset_parse(bytes, length, first);
    size = reset_format(text, sizeof text, first);
    FUZZ_REQUIRE(size > 0);
    reset_parse((uint8_t *)text, size, again);
    FUZZ_REQUIRE(strcmp(first, again) == 0);
}

/* ---- the PROXY protocol ---- */

static bool is_within(const struct proxy_value *value, const uint8_t *bytes, size_t length) {
    return !value->bytes || (value->bytes >= bytes && value->length <= (size_t)(bytes + length - value->bytes));
}

/* Each cut of it is a part until it is whole or known to be malformed, and then nothing behind it changes that. */
void fuzz_proxy_header(const uint8_t *bytes, size_t length) {
    enum proxy_read_result before = PROXY_READ_PART;
    struct proxy_header header;
    size_t taken = 0, first_taken = 0;
    for (size_t cut = 0; cut <= length && cut <= PROXY_READ_MAX + 1; cut++) {
        struct error error = {{0}};
        enum proxy_read_result result = proxy_read(&header, bytes, cut, &taken, &error);
        FUZZ_REQUIRE(before == PROXY_READ_PART || result == before);
        FUZZ_REQUIRE(!error.text[0] == (result != PROXY_READ_MALFORMED));
        FUZZ_REQUIRE(result != PROXY_READ_PART || cut < PROXY_READ_MAX);
        if (result == PROXY_READ_WHOLE && before == PROXY_READ_PART)
            first_taken = taken;
        before = result;
    }
    if (before != PROXY_READ_WHOLE)
        return;
    FUZZ_REQUIRE(taken == first_taken && taken <= length && taken <= PROXY_READ_MAX);
    FUZZ_REQUIRE(header.version == PROXY_V2 || (header.version == PROXY_V1 && taken <= PROXY_V1_MAX));
    FUZZ_REQUIRE(is_within(&header.authority, bytes, taken) && is_within(&header.alpn, bytes, taken));
    FUZZ_REQUIRE(is_within(&header.unique_id, bytes, taken) && is_within(&header.tls.common_name, bytes, taken));
}

/* ---- join codes and tokens ---- */

static void check_token(const char *text) {
    struct auth_token token, again;
    struct error error = {{0}};
    char formatted[AUTH_TOKEN_TEXT];
    if (auth_token_parse(&token, text, &error) != 0)
        return;
    auth_token_format(&token, formatted);
    FUZZ_REQUIRE(auth_token_parse(&again, formatted, &error) == 0);
    FUZZ_REQUIRE(strcmp(token.name, again.name) == 0 && memcmp(token.secret, again.secret, SECRET_SIZE) == 0);
}

static void check_equal_codes(const struct join_code *a, const struct join_code *b) {
    FUZZ_REQUIRE(a->server_count == b->server_count && a->pin_count == b->pin_count);
    for (size_t i = 0; i < a->server_count; i++)
        FUZZ_REQUIRE(strcmp(a->servers[i], b->servers[i]) == 0);
    for (size_t i = 0; i < a->pin_count; i++)
        FUZZ_REQUIRE(strcmp(a->pins[i], b->pins[i]) == 0);
    FUZZ_REQUIRE(strcmp(a->token.name, b->token.name) == 0);
    FUZZ_REQUIRE(memcmp(a->token.secret, b->token.secret, SECRET_SIZE) == 0);
}

void fuzz_join(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length), formatted[JOIN_CODE_TEXT];
    struct join_code code, again;
    struct error error = {{0}};
    if (join_code_parse(&code, text, &error) == 0) {
        FUZZ_REQUIRE(join_code_format(&code, formatted, &error) == 0);
        FUZZ_REQUIRE(join_code_parse(&again, formatted, &error) == 0);
        check_equal_codes(&code, &again);
    } else {
        FUZZ_REQUIRE(error.text[0]);
    }
    check_token(text);
    free(text);
}
