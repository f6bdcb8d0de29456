/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * answer: see answer.h.
 */
#include "config.h"

#include "ctl/answer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_TEXT = 64 };

json_t *answer_at(const json_t *json, const char *name) {
    while (json && *name) {
        char key[KEY_TEXT];
        size_t length = strcspn(name, ".");
        if (length >= sizeof key)
            return NULL;
        memcpy(key, name, length);
        key[length] = '\0';
        json = json_object_get(json, key);
        name += length + (name[length] == '.');
    }
    return json_is_null(json) ? NULL : (json_t *)(uintptr_t)json;
}

const char *answer_text(const json_t *json, const char *name, const char *otherwise) {
    const char *text = json_string_value(answer_at(json, name));

    return text ? text : otherwise;
}

const char *answer_source(const json_t *json, const char *name, char text[ANSWER_SOURCE]) {
    const char *address = answer_text(json, name, "");

    snprintf(text, ANSWER_SOURCE, "%s%s", address, strchr(address, ':') && !strchr(address, '/') ? "/64" : "");
    return text;
}

bool answer_is(const json_t *json, const char *name, const char *text) {
    return strcmp(answer_text(json, name, ""), text) == 0;
}

double answer_number(const json_t *json, const char *name) {
    const json_t *value = answer_at(json, name);

    return json_is_number(value) ? json_number_value(value) : -1;
}

double answer_rate(const json_t *json, const char *name) {
    const json_t *value = answer_at(json, name);

    return json_is_object(value) ? answer_number(value, "s10") : json_is_number(value) ? json_number_value(value) : -1;
}

static const char *text_of(const json_t *element) {
    const char *text = json_string_value(element);

    return text ? text : "";
}

char *answer_list(const json_t *json, const char *name) {
    const json_t *list = answer_at(json, name);
    size_t size = 1, used = 0;

    for (size_t i = 0; i < json_array_size(list); i++)
        size += strlen(text_of(json_array_get(list, i))) + 2;
    char *text = calloc(1, size);
    for (size_t i = 0; text && i < json_array_size(list); i++) {
        const char *element = text_of(json_array_get(list, i));
        memcpy(text + used, ", ", i ? 2 : 0);
        used += i ? 2 : 0;
        memcpy(text + used, element, strlen(element));
        used += strlen(element);
    }
    return text;
}
