/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * details: see details.h.
 */
#include "config.h"

#include "ctl/details.h"

#include "ctl/admin_command.h"
#include "ctl/answer.h"
#include "ctl/lists.h"

#include <stdlib.h>
#include <string.h>

static char *time_text(const json_t *json, const char *name) {
    char when[NUMBER_TEXT], age[NUMBER_TEXT], text[3 * NUMBER_TEXT];
    const char *time = answer_text(json, name, NULL);
    int64_t now_ms = admin_now_ms();

    snprintf(text, sizeof text, "%s (%s ago)", number_local_time(when, time, now_ms), number_age(age, time, now_ms));
    return strdup(text);
}

/* malloc'ed; NULL: out of memory. */
static char *value_text(const json_t *json, const struct detail *detail) {
    char number[NUMBER_TEXT];

    switch (detail->kind) {
    case DETAIL_LIST:
        return answer_list(json, detail->name);
    case DETAIL_COUNT:
        return strdup(number_count(number, answer_number(json, detail->name)));
    case DETAIL_BYTES:
        return strdup(number_bytes(number, answer_number(json, detail->name)));
    case DETAIL_BIT_RATE:
        return strdup(number_bit_rate(number, answer_rate(json, detail->name)));
    case DETAIL_RATE:
        return strdup(number_rate(number, answer_rate(json, detail->name)));
    case DETAIL_MS:
        return strdup(number_ms(number, answer_number(json, detail->name)));
    case DETAIL_TIME:
        return time_text(json, detail->name);
    case DETAIL_TEXT:
    case DETAIL_STATE:
        break;
    }
    return strdup(answer_text(json, detail->name, ""));
}

static size_t widest_label(const json_t *json, const struct detail *details, size_t count) {
    size_t widest = 0;

    for (size_t i = 0; i < count; i++)
        if (answer_at(json, details[i].name) && strlen(details[i].label) > widest)
            widest = strlen(details[i].label);
    return widest;
}

void details_print(const struct display *display, const char *title, const json_t *json, const struct detail *details,
                   size_t count) {
    int widest = (int)widest_label(json, details, count);

    display_tone(display, TONE_TITLE, "%s", title);
    fputc('\n', display->file);
    for (size_t i = 0; i < count; i++) {
        char *text = answer_at(json, details[i].name) ? value_text(json, &details[i]) : NULL;
        if (text && *text) {
            fprintf(display->file, "  %-*s  ", widest, details[i].label);
            if (details[i].kind == DETAIL_STATE)
                display_tone(display, list_tone(text), "%s\n", text);
            else
                display_fold(display, (unsigned)widest + 4, (unsigned)widest + 4, text);
        }
        free(text);
    }
}
