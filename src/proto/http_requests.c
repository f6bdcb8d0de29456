/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_requests: see http_requests.h. llhttp calls back with pieces of what it has found, since a piece may lie at the
 * edge of what has come; target and Host are gathered here.
 */
#include "config.h"

#include "proto/http_requests.h"

#include "lib/llhttp/llhttp.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { GATHERED = HOST_NAME_SIZE + 64 /* scheme, port and white space */ };

struct gathered {
    char text[GATHERED];
    size_t length; /* may be more than there is room for */
};

struct http_requests {
    llhttp_t parser; /* its `data` is this */
    struct gathered target, field, host;
    unsigned hosts;
    bool is_in_head; /* paused behind a head, and not behind a body */
    char name[HOST_NAME_SIZE];
    const char *detail;
};

static void gather(struct gathered *to, const char *bytes, size_t length) {
    size_t at = to->length < GATHERED - 1 ? to->length : GATHERED - 1, room = GATHERED - 1 - at;
    size_t taken = length < room ? length : room;

    memcpy(to->text + at, bytes, taken);
    to->text[at + taken] = '\0';
    to->length += length;
}

static struct http_requests *of_parser(llhttp_t *parser) {
    return parser->data;
}

static int on_message_begin(llhttp_t *parser) {
    struct http_requests *requests = of_parser(parser);

    requests->target.length = requests->field.length = requests->host.length = 0;
    requests->target.text[0] = requests->field.text[0] = requests->host.text[0] = requests->name[0] = '\0';
    requests->hosts = 0;
    return 0;
}

static int on_url(llhttp_t *parser, const char *bytes, size_t length) {
    gather(&of_parser(parser)->target, bytes, length);
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *bytes, size_t length) {
    gather(&of_parser(parser)->field, bytes, length);
    return 0;
}

static bool is_host(const struct http_requests *requests) {
    return strcasecmp(requests->field.text, "host") == 0;
}

static int on_header_value(llhttp_t *parser, const char *bytes, size_t length) {
    struct http_requests *requests = of_parser(parser);

    if (is_host(requests))
        gather(&requests->host, bytes, length);
    return 0;
}

static int on_header_value_complete(llhttp_t *parser) {
    struct http_requests *requests = of_parser(parser);

    requests->hosts += is_host(requests);
    requests->field.length = 0;
    requests->field.text[0] = '\0';
    return 0;
}

static bool refuse(struct http_requests *requests, const char *detail) {
    requests->detail = detail;
    return false;
}

static void trim(char *text) {
    size_t length = strlen(text);

    while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
        text[--length] = '\0';
}

/* "http://HOST:PORT/..." or, of CONNECT, "HOST:PORT"; NULL: the target has no host. Cuts the target behind it. */
static char *host_of_target(struct http_requests *requests) {
    char *text = requests->target.text;

    if (llhttp_get_method(&requests->parser) == HTTP_CONNECT)
        return text;
    if (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0)
        return NULL;
    text = strchr(text, '/') + 2;
    text[strcspn(text, "/?#")] = '\0';
    return text;
}

/* RFC 9112, 3.2. A target that is longer than what is gathered has its host in the beginning, if it is absolute. */
static bool find_host(struct http_requests *requests) {
    char *target = host_of_target(requests);
    bool is_old = llhttp_get_http_major(&requests->parser) == 1 && llhttp_get_http_minor(&requests->parser) == 0;

    if (requests->hosts > 1)
        return refuse(requests, "more than one Host");
    if (requests->hosts == 0 && !is_old)
        return refuse(requests, "no Host");
    if (requests->host.length >= GATHERED)
        return refuse(requests, "Host is too long");
    trim(requests->host.text);
    const char *host = target ? target : requests->host.text;
    if (!*host && !target)
        return true;
    return host_name_read(host, requests->name) || refuse(requests, "malformed Host");
}

static int on_headers_complete(llhttp_t *parser) {
    of_parser(parser)->is_in_head = true;
    return find_host(of_parser(parser)) ? HPE_PAUSED : HPE_USER;
}

static int on_message_complete(llhttp_t *parser) {
    of_parser(parser)->is_in_head = false;
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {.on_message_begin = on_message_begin,
                                           .on_url = on_url,
                                           .on_header_field = on_header_field,
                                           .on_header_value = on_header_value,
                                           .on_header_value_complete = on_header_value_complete,
                                           .on_headers_complete = on_headers_complete,
                                           .on_message_complete = on_message_complete};

struct http_requests *http_requests_new(void) {
    struct http_requests *requests = calloc(1, sizeof *requests);

    if (!requests)
        return NULL;
    llhttp_init(&requests->parser, HTTP_REQUEST, &settings);
    requests->parser.data = requests;
    return requests;
}

void http_requests_free(struct http_requests *requests) {
    free(requests);
}

static enum http_step step_of_pause(const struct http_requests *requests) {
    return requests->is_in_head ? HTTP_STEP_HEAD : HTTP_STEP_END;
}

enum http_step http_requests_read(struct http_requests *requests, const uint8_t *bytes, size_t length, size_t *taken) {
    llhttp_t *parser = &requests->parser;
    llhttp_errno_t was = llhttp_get_errno(parser);

    if (was == HPE_PAUSED)
        llhttp_resume(parser);
    else if (was == HPE_PAUSED_UPGRADE)
        llhttp_resume_after_upgrade(parser);
    llhttp_errno_t result = llhttp_execute(parser, (const char *)bytes, length);
    *taken = result == HPE_OK ? length : (size_t)(llhttp_get_error_pos(parser) - (const char *)bytes);
    if (result == HPE_OK)
        return HTTP_STEP_MORE;
    if (result == HPE_PAUSED)
        return step_of_pause(requests);
    if (result == HPE_PAUSED_UPGRADE)
        return HTTP_STEP_UPGRADE;
    if (!requests->detail)
        requests->detail = llhttp_get_error_reason(parser);
    return HTTP_STEP_WRONG;
}

const char *http_requests_host(const struct http_requests *requests) {
    return requests->name;
}

const char *http_requests_detail(const struct http_requests *requests) {
    return requests->detail && *requests->detail ? requests->detail : "malformed";
}

bool http_requests_is_head(const struct http_requests *requests) {
    return requests->parser.method == HTTP_HEAD;
}

bool http_requests_is_connect(const struct http_requests *requests) {
    return requests->parser.method == HTTP_CONNECT;
}

bool http_requests_is_past_close(const struct http_requests *requests) {
    return llhttp_get_errno(&requests->parser) == HPE_CLOSED_CONNECTION;
}

bool http_requests_has_begun(const struct http_requests *requests) {
    return requests->target.length > 0;
}

bool http_is_preface(const uint8_t *bytes, size_t length) {
    static const char preface[] = "PRI * HTTP/2.0\r\n";

    return length >= sizeof preface - 1 && memcmp(bytes, preface, sizeof preface - 1) == 0;
}
