/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * body_fields: see body_fields.h.
 */
#include "config.h"

#include "server/admin/body_fields.h"

#include "conf/credential_issue.h"

#include <stdio.h>
#include <string.h>

enum { POINTER_TEXT = 64 };

bool body_refuse_member(struct http_request *request, const char *pointer, const char *detail, const char *remedy) {
    http_answer_problem(request,
                        &(struct http_problem){.status = 422, .pointer = pointer, .detail = detail, .remedy = remedy});
    return false;
}

bool body_knows_members(struct http_request *request, const char *const *known) {
    const json_t *body = http_request_body(request);
    char pointer[POINTER_TEXT];
    const char *key;
    json_t *value;

    json_object_foreach ((json_t *)body, key, value) {
        size_t i = 0;
        while (known[i] && strcmp(known[i], key) != 0)
            i++;
        if (known[i])
            continue;
        snprintf(pointer, sizeof pointer, "/%.40s", key);
        return body_refuse_member(request, pointer, "there is no such member", NULL);
    }
    return true;
}

bool body_take_text(struct http_request *request, const char *pointer, const json_t *value, body_check *check,
                    const char **text) {
    struct error error = {"this is not a string"};

    *text = json_string_value(value);
    if (*text && check(*text, &error) == 0)
        return true;
    return body_refuse_member(request, pointer, error.text, NULL);
}

bool body_take_list(struct http_request *request, const char *key, body_check *check, const char **items,
                    size_t *count) {
    const json_t *list = json_object_get(http_request_body(request), key);
    char pointer[POINTER_TEXT];

    snprintf(pointer, sizeof pointer, "/%s", key);
    *count = json_array_size(list);
    if (list && !json_is_array(list))
        return body_refuse_member(request, pointer, "this is not a list", NULL);
    if (*count > BODY_TEXTS_MOST)
        return body_refuse_member(request, pointer, "there are more than 64", NULL);
    for (size_t i = 0; i < *count; i++) {
        snprintf(pointer, sizeof pointer, "/%s/%zu", key, i);
        if (!body_take_text(request, pointer, json_array_get(list, i), check, &items[i]))
            return false;
    }
    return true;
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
