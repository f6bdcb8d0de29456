/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * open: the JSON of OPEN, OPENED, REFUSED and RESET, made and read once for every client.
 * Runs on: any thread. Owns: nothing; parsed strings live in the message's `json`.
 * Texts are put together in the caller's memory: a client costs no allocation on the way out.
 */
#include "config.h"

#include "lib/base/json.h"
#include "lib/base/strbuf.h"
#include "proto/frame.h"
#include "proto/json_fields.h"
#include "proto/open.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DESTINATION_MAX = 300, FROM_MAX = 159, SERVICE_MAX = 255, TIMEOUT_MOST_MS = 86400000 };

static int take_destinations(struct open_request *open, struct error *error) {
    const json_t *list = json_object_get(open->json, "to");
    if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > OPEN_DESTINATIONS_MAX)
        return error_set(error, "\"to\" is not a list of 1 to %d destinations", OPEN_DESTINATIONS_MAX);
    size_t index;
    json_t *item;
    json_array_foreach (list, index, item) {
        const char *text = json_string_value(item);
        if (!text || !*text || !json_text_is_clean(text, DESTINATION_MAX))
            return error_set(error, "\"to\" holds something that is not a destination");
        open->to[open->to_count++] = text;
    }
    return 0;
}

/* They help an agent to know a loop; what is none is passed by. */
static void take_ports(struct open_request *open) {
    size_t index;
    json_t *item;
    json_array_foreach (json_object_get(open->json, "ports"), index, item) {
        json_int_t port = json_integer_value(item);
        if (port > 0 && port <= UINT16_MAX && open->port_count < OPEN_PORTS_MAX)
            open->ports[open->port_count++] = (uint16_t)port;
    }
}

static int take_open(struct open_request *open, struct error *error) {
    const json_t *json = open->json;
    if (json_take_text(json, "id", JSON_REQUIRED, PROTO_RELAY_ID_MAX, &open->id, error) != 0 ||
        json_take_text(json, "service", JSON_REQUIRED, SERVICE_MAX, &open->service, error) != 0 ||
        json_take_text(json, "from", JSON_OPTIONAL, FROM_MAX, &open->from, error) != 0 ||
        json_take_number(json, "timeout_ms", JSON_REQUIRED, TIMEOUT_MOST_MS, &open->timeout_ms, error) != 0)
        return -1;
    take_ports(open);
    return take_destinations(open, error);
}

int open_parse(struct open_request *open, const char *text, size_t length, struct error *error) {
    *open = (struct open_request){.id = "", .service = "", .from = ""};
    open->json = json_parse_object(text, length, FRAME_JSON_MAX, error);
    if (open->json && take_open(open, error) == 0)
        return 0;
    open_done(open);
    return -1;
}

void open_done(struct open_request *open) {
    json_decref(open->json);
    *open = (struct open_request){.id = "", .service = "", .from = ""};
}

static json_t *make_terms(const char *service, char *const *to, size_t to_count, const uint16_t *ports,
                          size_t port_count) {
    json_t *json = json_pack("{s:s, s:[], s:[]}", "service", service, "to", "ports");
    bool fails = !json;
    for (size_t i = 0; i < to_count && i < OPEN_DESTINATIONS_MAX && !fails; i++)
        fails = json_array_append_new(json_object_get(json, "to"), json_string(to[i])) != 0;
    for (size_t i = 0; i < port_count && i < OPEN_PORTS_MAX && !fails; i++)
        fails = json_array_append_new(json_object_get(json, "ports"), json_integer(ports[i])) != 0;
    if (!fails)
        return json;
    json_decref(json);
    return NULL;
}

char *open_format_terms(const char *service, char *const *to, size_t to_count, const uint16_t *ports,
                        size_t port_count) {
    json_t *json = make_terms(service, to, to_count, ports, port_count);
    char *text = json ? json_to_text(json) : NULL;
    if (!text)
        return NULL;
    size_t length = strlen(text);
    memmove(text, text + 1, length - 2); /* without the braces */
    text[length - 2] = '\0';
    return text;
}

/* What snprintf returned, as the length that the callers promise: 0 if it did not fit. */
static size_t fitted(int written, size_t size) {
    return written > 0 && (size_t)written < size ? (size_t)written : 0;
}

size_t open_format(char *text, size_t size, const char *terms, const char *id, const char *from, unsigned timeout_ms) {
    struct strbuf open = strbuf_begin(text, size);
    strbuf_add(&open, "{\"id\":\"");
    strbuf_add(&open, id);
    strbuf_add(&open, "\",");
    strbuf_add(&open, terms);
    strbuf_add(&open, ",\"from\":\"");
    strbuf_add(&open, from);
    strbuf_add(&open, "\",\"timeout_ms\":");
    strbuf_add_number(&open, timeout_ms);
    strbuf_add(&open, "}");
    return open.is_cut ? 0 : open.length;
}

static const struct {
    const char *code;
    bool counts;
} refusals[] = {
#define REFUSAL_ROW(name, code, counts) [REFUSAL_##name] = {code, counts},
    REFUSALS(REFUSAL_ROW)
#undef REFUSAL_ROW
};

const char *refusal_name(enum refusal refusal) {
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

size_t opened_format(char *text, size_t size, const char *address, unsigned dial_ms) {
    char detail[2 * PROTO_DETAIL_SIZE];
    return fitted(snprintf(text, size, "{\"address\":\"%s\",\"dial_ms\":%u}", inside(detail, address), dial_ms), size);
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

void opened_parse(const uint8_t *text, size_t length, char address[PROTO_DETAIL_SIZE], unsigned *dial_ms) {
    json_t *json = parse_notice(text, length);
    uint64_t dialled = 0;
    (void)json_take_number(json, "dial_ms", JSON_OPTIONAL, TIMEOUT_MOST_MS, &dialled, NULL);
    json_text_copy_clean(address, PROTO_DETAIL_SIZE, json_string_value(json_object_get(json, "address")));
    *dial_ms = (unsigned)dialled;
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
