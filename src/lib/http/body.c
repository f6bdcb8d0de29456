/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * body: the JSON of a request, limited before it is parsed: jansson takes up to 80 times the text, and its own limit of
 * depth is for its stack, not for those of the handlers.
 * Runs on: the thread of the event base. Owns: nothing.
 */
#include "config.h"

#include "lib/base/json.h"
#include "lib/http/request_priv.h"

#include <event2/http_struct.h>
#include <string.h>
#include <strings.h>

/* Brackets outside strings; a text that is no JSON is the parser's to refuse. */
static unsigned depth_of(const char *text, size_t length) {
    unsigned depth = 0, deepest = 0;
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        char c = text[i];
        if (in_string && c == '\\')
            i++;
        else if (c == '"')
            in_string = !in_string;
        else if (!in_string && (c == '{' || c == '['))
            deepest = ++depth > deepest ? depth : deepest;
        else if (!in_string && (c == '}' || c == ']') && depth)
            depth--;
    }
    return deepest;
}

/* "application/json", in any case, with or without charset. */
static bool is_json(const char *type) {
    static const char name[] = "application/json";
    if (!type || strncasecmp(type, name, sizeof name - 1))
        return false;
    const char *rest = type + sizeof name - 1 + strspn(type + sizeof name - 1, " \t");
    if (*rest != ';')
        return !*rest;
    rest += 1 + strspn(rest + 1, " \t");
    return !strcasecmp(rest, "charset=utf-8") || !strcasecmp(rest, "charset=\"utf-8\"");
}

static bool refuse(struct http_request *request, unsigned status, const char *detail, const char *remedy) {
    request->server->counts.refused_malformed++;
    http_answer_problem(request, &(struct http_problem){.status = status, .detail = detail, .remedy = remedy});
    return false;
}

static bool parse(struct http_request *request, const char *text, size_t length) {
    struct error error = {""};
    if (depth_of(text, length) > HTTP_BODY_DEPTH)
        return refuse(request, 400, "the content is nested deeper than 32", NULL);
    request->body = json_parse_object(text, length, HTTP_BODY_MOST, &error);
    return request->body || refuse(request, 400, error.text, "send one JSON object in UTF-8, without duplicate keys");
}

bool http_check_body(struct http_request *request) {
    struct evbuffer *input = evhttp_request_get_input_buffer(request->evhttp);
    const struct evkeyvalq *headers = evhttp_request_get_input_headers(request->evhttp);
    size_t length = evbuffer_get_length(input);
    if (!length)
        return request->route->body != HTTP_BODY_REQUIRED ||
               refuse(request, 400, "there is no content", "send a JSON object");
    if (request->route->body == HTTP_BODY_NONE)
        return refuse(request, 400, "no content is taken here", NULL);
    if (length > HTTP_BODY_MOST)
        return refuse(request, 413, "the content is longer than 64 KiB", NULL);
    if (!is_json(http_request_header(request, "Content-Type")) || evhttp_find_header(headers, "Content-Encoding"))
        return refuse(request, 415, "the content is to be JSON", "send \"Content-Type: application/json\", unpacked");
    const char *text = (const char *)evbuffer_pullup(input, -1);
    return text ? parse(request, text, length) : refuse(request, 500, "out of memory", NULL);
}
