/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * framing: whether evhttp and any other reader of the same bytes would agree where the request ends and what it is.
 *
 * evhttp has parsed it by now; what is refused here closes the connection, so that bytes whose meaning is in doubt are
 * not taken for another request. evhttp does not read the content of HEAD, TRACE and unknown methods, takes "+5" for a
 * length and " x" for a version, and cuts a header at a NUL.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/http/request_priv.h"

#include <event2/http_struct.h>
#include <event2/keyvalq_struct.h>
#include <string.h>
#include <strings.h>

struct head { /* what the headers say */
    size_t bytes;
    unsigned hosts, lengths, encodings;
    const char *length;
    bool is_malformed;
};

/* RFC 9110 section 5.6.2; a blank before the colon is the usual trick. */
static bool is_name(const char *name) {
    static const char marks[] = "!#$%&'*+-.^_`|~";
    for (const char *at = name; *at; at++) {
        bool is_letter = (*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9');
        if (!is_letter && !strchr(marks, *at))
            return false;
    }
    return *name;
}

static bool is_value(const char *value) {
    for (const unsigned char *at = (const unsigned char *)value; *at; at++)
        if ((*at < ' ' && *at != '\t') || *at == 0x7f)
            return false;
    return true;
}

static struct head read_head(const struct evkeyvalq *headers) {
    struct head head = {0};
    const struct evkeyval *each;
    TAILQ_FOREACH (each, headers, next) {
        head.bytes += strlen(each->key) + strlen(each->value) + 4;
        head.is_malformed = head.is_malformed || !is_name(each->key) || !is_value(each->value);
        head.hosts += !strcasecmp(each->key, "Host");
        head.encodings += !strcasecmp(each->key, "Transfer-Encoding");
        if (!strcasecmp(each->key, "Content-Length")) {
            head.lengths++;
            head.length = each->value;
        }
    }
    return head;
}

static bool is_length(const char *text) {
    size_t digits = strspn(text, "0123456789");
    return digits > 0 && digits <= 18 && !text[digits];
}

static bool refuse(struct http_request *request, unsigned status, const char *detail, const char *remedy) {
    request->must_close = true;
    if (request->server)
        request->server->counts.refused_malformed++;
    http_answer_problem(request, &(struct http_problem){.status = status, .detail = detail, .remedy = remedy});
    return false;
}

static bool is_version(const struct evhttp_request *evhttp) {
    return evhttp->major == 1 && (evhttp->minor == 0 || evhttp->minor == 1);
}

/* Methods whose content evhttp leaves in the connection, where it would be read as the next request. */
static bool leaves_content(enum evhttp_cmd_type type) {
    return type == EVHTTP_REQ_HEAD || type == EVHTTP_REQ_TRACE || type > EVHTTP_REQ_PATCH;
}

/* HEAD is taken, but never with content; the other methods that leave it are not taken at all. */
static bool refuse_content(struct http_request *request) {
    bool is_head = request->evhttp->type == EVHTTP_REQ_HEAD;
    request->allowed = (1u << HTTP_METHOD_OTHER) - 1;
    return refuse(request, is_head ? 400 : 405, is_head ? "HEAD has no content" : "this method is not taken", NULL);
}

static bool check_head(struct http_request *request, const struct head *head) {
    const struct evhttp_request *evhttp = request->evhttp;
    if (head->is_malformed)
        return refuse(request, 400, "a header has a name or a value with characters that are not allowed", NULL);
    if (head->bytes > HTTP_HEADERS_MOST)
        return refuse(request, 431, "the headers are longer than 16 KiB", NULL);
    if (head->encodings)
        return refuse(request, 411, "Transfer-Encoding is not taken", "send the content with Content-Length");
    if (head->lengths > 1 || (head->length && !is_length(head->length)))
        return refuse(request, 400, "Content-Length is malformed or there twice", NULL);
    if (head->length && strspn(head->length, "0") != strlen(head->length) && leaves_content(evhttp->type))
        return refuse_content(request);
    if (head->hosts > 1 || (!head->hosts && (evhttp->minor == 1 || !request->is_unix)))
        return refuse(request, 400, "there is to be one header Host", NULL);
    return true;
}

/* Also the content of a request with "Transfer-Encoding: gzip" would be left. The target: access.c has the rest. */
bool http_check_framing(struct http_request *request) {
    struct evhttp_request *evhttp = request->evhttp;
    evhttp->flags &= ~EVHTTP_PROXY_REQUEST; /* absolute-form: it is we who are meant, so Connection counts */
    if (!is_version(evhttp)) {
        evhttp->major = evhttp->minor = 1; /* of the answer */
        return refuse(request, 505, "the version is neither 1.1 nor 1.0", NULL);
    }
    struct head head = read_head(evhttp_request_get_input_headers(evhttp));
    if (!check_head(request, &head))
        return false;
    bool has_target = evhttp->type == EVHTTP_REQ_TRACE || evhttp->type == EVHTTP_REQ_CONNECT ||
                      target_parse(&request->target, evhttp->uri);
    return has_target || refuse(request, 400, "the request's target is malformed",
                                "a path begins with / and has other characters than A-Z a-z 0-9 and marks as %XX");
}
