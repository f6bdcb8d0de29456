/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * open: see open.h. Texts are put together in the caller's memory: a client costs no allocation on the way out.
 */
#include "config.h"

#include "lib/base/json.h"
#include "lib/net/socket_types.h"
#include "proto/frame.h"
#include "proto/json_fields.h"
#include "proto/open.h"
#include "proto/proxy_protocol.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TIMEOUT_MOST_MS = 86400000 };

/* ---- OPEN ---- */

enum { RELAY_AT = 0, SERVICE_AT = 8, BUDGET_AT = 12, FLAGS_AT = 16, CLIENT_AT = 18, LOCAL_AT = 36, OPEN_END = 54 };
static_assert((int)OPEN_END == (int)FRAME_OPEN_SIZE, "the fields fill the frame");

static void put_address(uint8_t *at, const struct open_address *address) {
    memcpy(at, address->host, sizeof address->host);
    frame_put_number(at + sizeof address->host, address->port, 2);
}

static struct open_address get_address(const uint8_t *at) {
    struct open_address address;
    memcpy(address.host, at, sizeof address.host);
    address.port = (uint16_t)frame_get_number(at + sizeof address.host, 2);
    return address;
}

size_t open_format(uint8_t bytes[FRAME_OPEN_MOST], const struct open_request *open) {
    frame_put_number(bytes + RELAY_AT, open->relay, 8);
    frame_put_number(bytes + SERVICE_AT, open->service, 4);
    frame_put_number(bytes + BUDGET_AT, open->budget_ms, 4);
    frame_put_number(bytes + FLAGS_AT, open->flags, 2);
    put_address(bytes + CLIENT_AT, &open->client);
    put_address(bytes + LOCAL_AT, &open->local);
    if (open->tlvs_length == 0)
        return OPEN_END;
    assert(open->tlvs_length <= FRAME_OPEN_TLVS);
    memcpy(bytes + OPEN_END, open->tlvs, open->tlvs_length);
    return OPEN_END + open->tlvs_length;
}

static int take_tlvs(struct open_request *open, const uint8_t *tlvs, size_t length, struct error *error) {
    struct proxy_header header = {.version = PROXY_V2};
    open->tlvs = tlvs;
    open->tlvs_length = length;
    return proxy_read_tlvs(&header, tlvs, length, error);
}

int open_parse(struct open_request *open, const uint8_t *bytes, size_t length, struct error *error) {
    if (length < FRAME_OPEN_SIZE || length > FRAME_OPEN_MOST)
        return error_set(error, "OPEN of %zu bytes instead of %d to %d", length, FRAME_OPEN_SIZE, FRAME_OPEN_MOST);
    *open = (struct open_request){.relay = frame_get_number(bytes + RELAY_AT, 8),
                                  .service = (uint32_t)frame_get_number(bytes + SERVICE_AT, 4),
                                  .budget_ms = (uint32_t)frame_get_number(bytes + BUDGET_AT, 4),
                                  .flags = (uint16_t)frame_get_number(bytes + FLAGS_AT, 2),
                                  .client = get_address(bytes + CLIENT_AT),
                                  .local = get_address(bytes + LOCAL_AT)};
    if (open->flags & OPEN_FLAGS_NEEDED & ~OPEN_FLAG_VISIT)
        return error_set(error, "OPEN has unknown flags: 0x%04x", open->flags);
    if (open->budget_ms > TIMEOUT_MOST_MS)
        return error_set(error, "OPEN has a budget of more than a day");
    return length == OPEN_END ? 0 : take_tlvs(open, bytes + OPEN_END, length - OPEN_END, error);
}

struct open_address open_address_of(const struct addr *addr) {
    struct open_address address = {.port = 0};
    bool is_ipv4;
    if (addr_host_bytes(addr, address.host, &is_ipv4))
        address.port = addr_port(addr);
    return address;
}

static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

bool open_address_is_none(const struct open_address *address) {
    static const uint8_t none[16];
    return address->port == 0 && memcmp(address->host, none, sizeof none) == 0;
}

bool open_address_is_ipv4(const struct open_address *address) {
    return memcmp(address->host, mapped, sizeof mapped) == 0;
}

struct addr open_address_to_addr(const struct open_address *address) {
    struct addr addr = {.length = 0};
    struct sockaddr_in *in = (struct sockaddr_in *)(void *)&addr.storage;
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)(void *)&addr.storage;
    bool is_ipv4 = open_address_is_ipv4(address);
    addr.length = is_ipv4 ? sizeof *in : sizeof *in6;
    addr.storage.ss_family = is_ipv4 ? AF_INET : AF_INET6;
    if (is_ipv4)
        memcpy(&in->sin_addr, address->host + 12, sizeof in->sin_addr);
    else
        memcpy(&in6->sin6_addr, address->host, sizeof in6->sin6_addr);
    addr_set_port(&addr, address->port);
    return addr;
}

char *open_address_format(const struct open_address *address, char *text, size_t size) {
    bool is_ipv4 = open_address_is_ipv4(address);
    char host[INET6_ADDRSTRLEN] = "";
    (void)inet_ntop(is_ipv4 ? AF_INET : AF_INET6, address->host + (is_ipv4 ? sizeof mapped : 0), host, sizeof host);
    if (open_address_is_none(address))
        snprintf(text, size, "unix:");
    else
        snprintf(text, size, is_ipv4 ? "%s:%u" : "[%s]:%u", host, address->port);
    return text;
}

/* ---- the answers ---- */

/* What snprintf returned, as the length that the callers promise: 0 if it did not fit. */
static size_t fitted(int written, size_t size) {
    return written > 0 && (size_t)written < size ? (size_t)written : 0;
}

static const struct {
    const char *code;
    bool counts;
} refusals[] = {
#define REFUSAL_ROW(name, code, counts) [REFUSAL_##name] = {code, counts},
    REFUSALS(REFUSAL_ROW)
#undef REFUSAL_ROW
};

const char *refusal_code(enum refusal refusal) {
    return refusals[refusal].code;
}

bool refusal_counts(enum refusal refusal) {
    return refusals[refusal].counts;
}

/* Any text as the inside of a JSON string, cut to what the other side keeps. */
static const char *inside(char text[2 * PROTO_DETAIL_SIZE], const char *detail) {
    char clean[PROTO_DETAIL_SIZE];
    json_text_copy_clean(clean, sizeof clean, detail);
    json_text_escape(text, 2 * PROTO_DETAIL_SIZE, clean);
    return text;
}

size_t opened_format(char *text, size_t size, const char *address, unsigned dial_ms, unsigned lookup_ms) {
    char detail[2 * PROTO_DETAIL_SIZE];
    return fitted(snprintf(text, size, "{\"address\":\"%s\",\"dial_ms\":%u,\"lookup_ms\":%u}", inside(detail, address),
                           dial_ms, lookup_ms),
                  size);
}

size_t refused_format(char *text, size_t size, enum refusal code, const char *detail) {
    char escaped[2 * PROTO_DETAIL_SIZE];
    return fitted(snprintf(text, size, "{\"code\":\"%s\",\"message\":\"%s\"}", refusals[code].code,
                           inside(escaped, detail)),
                  size);
}

size_t reset_format(char *text, size_t size, const char *reason) {
    char detail[2 * PROTO_DETAIL_SIZE];
    return fitted(snprintf(text, size, "{\"reason\":\"%s\"}", inside(detail, reason)), size);
}

/* These three only inform, so what is malformed in them is left out rather than held against the link. */
static json_t *parse_notice(const uint8_t *text, size_t length) {
    return length ? json_parse_object((const char *)text, length, FRAME_JSON_MAX, NULL) : NULL;
}

void opened_parse(const uint8_t *text, size_t length, char address[PROTO_DETAIL_SIZE], unsigned *dial_ms,
                  unsigned *lookup_ms) {
    json_t *json = parse_notice(text, length);
    uint64_t dialled = 0, looked_up = 0;
    (void)json_take_number(json, "dial_ms", JSON_OPTIONAL, TIMEOUT_MOST_MS, &dialled, NULL);
    (void)json_take_number(json, "lookup_ms", JSON_OPTIONAL, TIMEOUT_MOST_MS, &looked_up, NULL);
    json_text_copy_clean(address, PROTO_DETAIL_SIZE, json_string_value(json_object_get(json, "address")));
    *dial_ms = (unsigned)dialled;
    *lookup_ms = (unsigned)looked_up;
    json_decref(json);
}

void refused_parse(const uint8_t *text, size_t length, enum refusal *code, char detail[PROTO_DETAIL_SIZE]) {
    json_t *json = parse_notice(text, length);
    const char *name = json_string_value(json_object_get(json, "code"));
    *code = REFUSAL_REFUSED; /* also for a code from a later version */
    for (size_t i = 0; name && i < sizeof refusals / sizeof refusals[0]; i++)
        if (strcmp(name, refusals[i].code) == 0)
            *code = (enum refusal)i;
    json_text_copy_clean(detail, PROTO_DETAIL_SIZE, json_string_value(json_object_get(json, "message")));
    json_decref(json);
}

void reset_parse(const uint8_t *text, size_t length, char reason[PROTO_DETAIL_SIZE]) {
    json_t *json = parse_notice(text, length);
    json_text_copy_clean(reason, PROTO_DETAIL_SIZE, json_string_value(json_object_get(json, "reason")));
    json_decref(json);
}
