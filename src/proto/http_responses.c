/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_responses: see http_responses.h. Of each request that waits one bit is kept: a response to HEAD has no body,
 * whatever its head says.
 */
#include "config.h"

#include "proto/http_responses.h"

#include "lib/llhttp/llhttp.h"

#include <stdlib.h>

struct http_responses {
    llhttp_t parser; /* its `data` is this */
    size_t first, waiting;
    uint8_t heads[HTTP_RESPONSES_MOST / 8]; /* a ring, from `first` on: was it HEAD? */
    bool last_is_connect, is_within, is_interim, is_closing, is_lost;
    enum http_upgrade upgrade; /* of the last request */
};

static struct http_responses *of_parser(llhttp_t *parser) {
    return parser->data;
}

static int lose(struct http_responses *responses) {
    responses->is_lost = true;
    return HPE_USER;
}

static int on_message_begin(llhttp_t *parser) {
    struct http_responses *responses = of_parser(parser);

    responses->is_within = true;
    responses->is_interim = false;
    return responses->waiting && !responses->is_closing ? 0 : lose(responses);
}

/* RFC 9110, 7.8 and 9.3.6. */
static bool is_switch(const struct http_responses *responses, int status) {
    return status == 101 || (responses->waiting == 1 && responses->last_is_connect && status / 100 == 2);
}

static bool first_is_head(const struct http_responses *responses) {
    return responses->heads[responses->first / 8] >> responses->first % 8 & 1;
}

static int on_headers_complete(llhttp_t *parser) {
    struct http_responses *responses = of_parser(parser);
    int status = llhttp_get_status_code(parser);

    if (is_switch(responses, status)) {
        if (responses->waiting != 1)
            return lose(responses); /* other requests were sent behind it, which now are of no protocol */
        responses->upgrade = HTTP_UPGRADE_DONE;
        return HPE_USER;
    }
    responses->is_interim = status / 100 == 1;
    if (responses->is_interim)
        return 0;
    if (responses->waiting == 1)
        responses->upgrade = HTTP_UPGRADE_REFUSED;
    return first_is_head(responses) ? 1 : 0; /* 1: llhttp expects no body */
}

static int on_message_complete(llhttp_t *parser) {
    struct http_responses *responses = of_parser(parser);

    responses->is_within = false;
    if (responses->is_interim)
        return 0;
    responses->first = (responses->first + 1) % HTTP_RESPONSES_MOST;
    responses->waiting--;
    responses->is_closing = !llhttp_should_keep_alive(parser);
    return 0;
}

static const llhttp_settings_t settings = {.on_message_begin = on_message_begin,
                                           .on_headers_complete = on_headers_complete,
                                           .on_message_complete = on_message_complete};

struct http_responses *http_responses_new(void) {
    struct http_responses *responses = calloc(1, sizeof *responses);

    if (!responses)
        return NULL;
    llhttp_init(&responses->parser, HTTP_RESPONSE, &settings);
    llhttp_set_lenient_headers(&responses->parser, 1);
    llhttp_set_lenient_optional_cr_before_lf(&responses->parser, 1);
    llhttp_set_lenient_spaces_after_chunk_size(&responses->parser, 1);
    responses->parser.data = responses;
    return responses;
}

void http_responses_free(struct http_responses *responses) {
    free(responses);
}

bool http_responses_expect(struct http_responses *responses, bool is_head, bool is_connect) {
    size_t at = (responses->first + responses->waiting) % HTTP_RESPONSES_MOST;
    uint8_t bit = (uint8_t)(1U << at % 8);

    if (responses->is_lost)
        return true;
    if (responses->waiting == HTTP_RESPONSES_MOST)
        return false;
    responses->heads[at / 8] = (uint8_t)(is_head ? responses->heads[at / 8] | bit : responses->heads[at / 8] & ~bit);
    responses->waiting++;
    responses->last_is_connect = is_connect;
    responses->upgrade = HTTP_UPGRADE_NONE;
    return true;
}

void http_responses_forget_last(struct http_responses *responses) {
    if (!responses->is_lost)
        responses->waiting--;
}

void http_responses_read(struct http_responses *responses, const uint8_t *bytes, size_t length) {
    if (responses->is_lost || responses->upgrade == HTTP_UPGRADE_DONE || length == 0)
        return;
    llhttp_errno_t result = llhttp_execute(&responses->parser, (const char *)bytes, length);
    if (result != HPE_OK && responses->upgrade != HTTP_UPGRADE_DONE)
        (void)lose(responses);
}

size_t http_responses_waiting(const struct http_responses *responses) {
    return responses->waiting;
}

bool http_responses_is_between(const struct http_responses *responses) {
    return !responses->is_within && !responses->is_closing && !responses->is_lost &&
           responses->upgrade != HTTP_UPGRADE_DONE;
}

bool http_responses_is_lost(const struct http_responses *responses) {
    return responses->is_lost;
}

enum http_upgrade http_responses_upgrade(const struct http_responses *responses) {
    return responses->upgrade;
}
