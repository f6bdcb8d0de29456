/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * route_answer: see route_answer.h. Each is a few bytes that are the same for all, so nothing of what the client sent
 * comes back.
 */
#include "config.h"

#include "server/service/route_answer.h"

#include "proto/http_answer.h"

#include <string.h>

/* RFC 8446, 6: fatal, in a record of its own. */
enum { ALERT_DECODE_ERROR = 50, ALERT_UNRECOGNIZED_NAME = 112, ALERT_SIZE = 7 };
static const uint8_t unrecognized_name[ALERT_SIZE] = {0x15, 3, 3, 0, 2, 2, ALERT_UNRECOGNIZED_NAME};
static const uint8_t decode_error[ALERT_SIZE] = {0x15, 3, 3, 0, 2, 2, ALERT_DECODE_ERROR};

/* RFC 9113: empty SETTINGS, then GOAWAY for stream 0 with HTTP_1_1_REQUIRED. */
static const uint8_t goaway[] = {0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x0d};

static const char misdirected[] = HTTP_ANSWER("421 Misdirected Request", "36", "No service here has this host name.");
static const char bad_request[] = HTTP_ANSWER("400 Bad Request", "22", "The request is wrong.");
static const char too_large[] = HTTP_ANSWER("431 Request Header Fields Too Large", "22", "The head is too long.");
static const char too_late[] = HTTP_ANSWER("408 Request Timeout", "29", "The request came too slowly.");
static const char unavailable[] = HTTP_ANSWER("503 Service Unavailable", "26", "The service is not there.");

static const char *http_text(enum route_result result, const struct first_bytes *found) {
    switch (result) {
    case ROUTE_UNKNOWN_NAME:
    case ROUTE_NO_NAME:
        return misdirected;
    case ROUTE_MALFORMED:
        return found->is_too_long ? too_large : bad_request;
    case ROUTE_TIMEOUT:
        return too_late;
    case ROUTE_UNAVAILABLE:
        return unavailable;
    default:
        return NULL;
    }
}

static const uint8_t *tls_alert(enum route_result result) {
    switch (result) {
    case ROUTE_UNKNOWN_NAME:
    case ROUTE_NO_NAME:
        return unrecognized_name;
    case ROUTE_MALFORMED:
        return decode_error;
    default:
        return NULL;
    }
}

const void *route_answer(enum route_result result, const struct first_bytes *found, size_t *length) {
    if (found->is_tls) {
        *length = ALERT_SIZE;
        return tls_alert(result);
    }
    if (found->kind == FIRST_BYTES_HTTP2) {
        *length = sizeof goaway;
        return result == ROUTE_NO_NAME ? goaway : NULL;
    }
    const char *text =
        found->kind == FIRST_BYTES_HTTP || found->kind == FIRST_BYTES_PART ? http_text(result, found) : NULL;
    *length = text ? strlen(text) : 0;
    return text;
}
