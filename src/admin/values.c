/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * values: see values.h.
 */
#include "config.h"

#include "admin/values.h"

#include "lib/base/clock.h"
#include "lib/base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TIME_TEXT = 32, NAME_MOST = 64 };

bool value_is_name(const char *text) {
    return *text && strlen(text) <= NAME_MOST && !text[strspn(text, VALUE_NAME_CHARACTERS)];
}

int64_t value_wall_ms(void) {
    struct timespec now = {0, 0};

    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

json_t *value_time(int64_t wall_ms) {
    time_t seconds = (time_t)(wall_ms / 1000);
    char text[TIME_TEXT], whole[TIME_TEXT + 8];
    struct tm parts;

    if (!wall_ms || !gmtime_r(&seconds, &parts) || !strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts))
        return json_null();
    snprintf(whole, sizeof whole, "%s.%03dZ", text, (int)(wall_ms % 1000));
    return json_string(whole);
}

json_t *value_time_of(uint64_t us) {
    return us ? value_time(value_wall_ms() - ((int64_t)clock_us() - (int64_t)us) / 1000) : json_null();
}

json_t *value_text(const char *text) {
    if (!text)
        return json_null();
    json_t *json = json_string(text); /* it takes UTF-8 only */
    if (json)
        return json;
    char *clean = strdup(text);
    for (char *at = clean; at && *at;) {
        size_t length = utf8_length(at);
        if (!length)
            *at = '?';
        at += length ? length : 1;
    }
    json = clean ? json_string(clean) : NULL;
    free(clean);
    return json;
}

json_t *value_texts(const struct strlist *texts) {
    json_t *json = json_array();

    if (!texts)
        json_array_append_new(json, json_string("*"));
    for (size_t i = 0; texts && i < texts->count; i++)
        json_array_append_new(json, value_text(texts->items[i]));
    return json;
}

json_t *value_ms(uint64_t us) {
    return us ? json_real((double)us / 1000) : json_null();
}

json_t *value_span_ms(uint64_t from_us, uint64_t to_us) {
    return from_us && to_us >= from_us ? json_real((double)(to_us - from_us) / 1000) : json_null();
}
