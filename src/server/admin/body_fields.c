/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * body_fields: see body_fields.h.
 */
#include "config.h"

#include "server/admin/body_fields.h"

#include "conf/credential_issue.h"
#include "conf/option.h"
#include "lib/base/strbuf.h"

#include <stdio.h>
#include <string.h>

enum { POINTER_TEXT = 64, REMEDY_TEXT = 160 };

bool body_refuse_member(struct http_request *request, const char *pointer, const char *detail, const char *remedy) {
    http_answer_problem(request,
                        &(struct http_problem){.status = 422, .pointer = pointer, .detail = detail, .remedy = remedy});
    return false;
}

static bool is_known(const char *const *known, const char *key) {
    while (*known && strcmp(*known, key) != 0)
        known++;
    return *known;
}

static bool refuse_unknown(struct http_request *request, const char *pointer, const char *const *known) {
    char text[REMEDY_TEXT];
    struct strbuf remedy = strbuf_begin(text, sizeof text);

    for (size_t i = 0; known[i]; i++) {
        strbuf_add(&remedy, i ? ", " : "there are: ");
        strbuf_add(&remedy, known[i]);
    }
    return body_refuse_member(request, pointer, "there is no such member", text);
}

bool body_knows_members(struct http_request *request, const char *const *known) {
    const struct option_place whole = {.path = ""};
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)(uintptr_t)http_request_body(request), key, value) {
        if (!is_known(known, key))
            return refuse_unknown(request, option_member(&whole, key).pointer, known);
    }
    return true;
}

bool body_take_text(struct http_request *request, const char *pointer, const json_t *value, body_check *check,
                    const char **text) {
    struct error error = {""};

    error_set(&error, value ? "this is not a string" : "this is missing");
    *text = json_string_value(value);
    if (*text && check(*text, &error) == 0)
        return true;
    return body_refuse_member(request, pointer, error.text, NULL);
}

bool body_take_list_of(struct http_request *request, const char *object, const char *key, body_check *check,
                       const char **items, size_t *count) {
    const json_t *body = http_request_body(request), *holder = *object ? json_object_get(body, object) : body;
    const json_t *list = json_object_get(holder, key);
    char pointer[POINTER_TEXT];

    snprintf(pointer, sizeof pointer, "%s%s/%s", *object ? "/" : "", object, key);
    *count = json_array_size(list);
    if (list && !json_is_array(list))
        return body_refuse_member(request, pointer, "this is not a list", NULL);
    if (*count > BODY_TEXTS_MOST)
        return body_refuse_member(request, pointer, "there are more than 64", NULL);
    for (size_t i = 0; i < *count; i++) {
        snprintf(pointer, sizeof pointer, "%s%s/%s/%zu", *object ? "/" : "", object, key, i);
        if (!body_take_text(request, pointer, json_array_get(list, i), check, &items[i]))
            return false;
    }
    return true;
}

bool body_take_list(struct http_request *request, const char *key, body_check *check, const char **items,
                    size_t *count) {
    return body_take_list_of(request, "", key, check, items, count);
}

bool body_take_end(struct http_request *request, const char *key, const char *preset, time_t *moment) {
    const json_t *value = json_object_get(http_request_body(request), key);
    const char *text = json_is_null(value) || !value ? preset : json_string_value(value);
    struct error error = {"this is not a string"};
    char pointer[POINTER_TEXT];

    *moment = 0;
    if ((!value || json_is_null(value)) && !preset)
        return true;
    if (text && credential_parse_end(moment, text, &error) == 0)
        return true;
    snprintf(pointer, sizeof pointer, "/%s", key);
    return body_refuse_member(request, pointer, error.text, NULL);
}
