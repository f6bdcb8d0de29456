/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_head: see http_head.h. llhttp calls back with pieces of what it has found, since a piece may lie at the edge of
 * what has come.
 */
#include "config.h"

#include "proto/http_head.h"

#include <string.h>
#include <strings.h>

static struct http_head *of_parser(llhttp_t *parser) {
    return parser->data;
}

/* Joins pieces; *length goes on when there is no more room. */
static void gather(char *to, size_t size, size_t *length, const char *bytes, size_t more) {
    if (*length < size) {
        size_t room = size - *length;
        memcpy(to + *length, bytes, more < room ? more : room);
    }
    *length += more;
}

static int on_status(llhttp_t *parser, const char *bytes, size_t length) {
    struct http_head *head = of_parser(parser);
    gather(head->reason, sizeof head->reason - 1, &head->reason_length, bytes, length);
    return 0;
}

static int on_header_field(llhttp_t *parser, const char *bytes, size_t length) {
    struct http_head *head = of_parser(parser);
    gather(head->name, sizeof head->name - 1, &head->name_length, bytes, length);
    return 0;
}

static int on_header_field_complete(llhttp_t *parser) {
    struct http_head *head = of_parser(parser);
    size_t length = head->name_length < sizeof head->name ? head->name_length : sizeof head->name - 1;
    head->name[length] = '\0';
    head->name_length = head->value_length = 0;
    return 0;
}

/* Lenient about folding, llhttp lets them pass. */
static bool has_control_character(const char *bytes, size_t length) {
    for (size_t i = 0; i < length; i++)
        if (((unsigned char)bytes[i] < ' ' && bytes[i] != '\t') || bytes[i] == 0x7f)
            return true;
    return false;
}

static int on_header_value(llhttp_t *parser, const char *bytes, size_t length) {
    struct http_head *head = of_parser(parser);
    gather(head->value, sizeof head->value, &head->value_length, bytes, length);
    return has_control_character(bytes, length) ? HPE_USER : 0;
}

static int on_header_value_complete(llhttp_t *parser) {
    struct http_head *head = of_parser(parser);
    if (head->value_length < sizeof head->value && strcasecmp(head->name, head->wanted) == 0)
        head->on_value(head->context, head->value, head->value_length);
    return 0;
}

/* Before the length of a body is looked at: of an answer to CONNECT it says nothing (RFC 9110, 9.3.6). */
static int on_headers_complete(llhttp_t *parser) {
    struct http_head *head = of_parser(parser);
    size_t length = head->reason_length < sizeof head->reason ? head->reason_length : sizeof head->reason - 1;
    head->reason[length] = '\0';
    for (char *at = head->reason; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
    head->status = (unsigned)llhttp_get_status_code(parser);
    return HPE_PAUSED;
}

static const llhttp_settings_t settings = {.on_status = on_status,
                                           .on_header_field = on_header_field,
                                           .on_header_field_complete = on_header_field_complete,
                                           .on_header_value = on_header_value,
                                           .on_header_value_complete = on_header_value_complete,
                                           .on_headers_complete = on_headers_complete};

void http_head_begin(struct http_head *head, const char *wanted,
                     void (*on_value)(void *context, const char *value, size_t length), void *context) {
    *head = (struct http_head){.wanted = wanted, .on_value = on_value, .context = context};
    llhttp_init(&head->parser, HTTP_RESPONSE, &settings);
    llhttp_set_lenient_optional_cr_before_lf(&head->parser, 1);
    llhttp_set_lenient_chunked_length(&head->parser, 1); /* both Content-Length and Transfer-Encoding mean nothing */
    llhttp_set_lenient_headers(&head->parser, 1);        /* obs-fold, which a client takes (RFC 9112, 5.2) */
    head->parser.data = head;
}

enum http_head_state http_head_read(struct http_head *head, const void *bytes, size_t length, size_t *taken) {
    llhttp_errno_t result = llhttp_execute(&head->parser, bytes, length);
    *taken = 0;
    if (result == HPE_OK)
        return HTTP_HEAD_INCOMPLETE;
    if (result != HPE_PAUSED || head->status < 100 || head->status > 599)
        return HTTP_HEAD_MALFORMED;
    *taken = (size_t)(llhttp_get_error_pos(&head->parser) - (const char *)bytes);
    return HTTP_HEAD_WHOLE;
}
