/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * value_text: see value_text.h.
 */
#include "config.h"

#include "ctl/value_text.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"

#include <string.h>

static char *time_text(const json_t *json, const char *name) {
    char when[NUMBER_TEXT], age[NUMBER_TEXT], text[3 * NUMBER_TEXT];
    const char *time = answer_text(json, name, NULL);
    int64_t now_ms = admin_now_ms();

    snprintf(text, sizeof text, "%s (%s ago)", number_local_time(when, time, now_ms), number_age(age, time, now_ms));
    return strdup(text);
}

char *value_text(const json_t *json, const char *name, enum value_kind kind) {
    char number[NUMBER_TEXT];

    switch (kind) {
    case VALUE_FLAG:
        return strdup(json_is_true(answer_at(json, name)) ? "yes" : "");
    case VALUE_LIST:
        return answer_list(json, name);
    case VALUE_COUNT:
        return strdup(number_count(number, answer_number(json, name)));
    case VALUE_BYTES:
        return strdup(number_bytes(number, answer_number(json, name)));
    case VALUE_BIT_RATE:
        return strdup(number_bit_rate(number, answer_rate(json, name)));
    case VALUE_RATE:
        return strdup(number_rate(number, answer_rate(json, name)));
    case VALUE_MS:
        return strdup(number_ms(number, answer_number(json, name)));
    case VALUE_CLOCK:
        return strdup(number_local_time(number, answer_text(json, name, NULL), admin_now_ms()));
    case VALUE_AGE:
        return strdup(number_age(number, answer_text(json, name, NULL), admin_now_ms()));
    case VALUE_TIME:
        return time_text(json, name);
    case VALUE_TEXT:
    case VALUE_STATE:
        break;
    }
    return strdup(answer_text(json, name, ""));
}
