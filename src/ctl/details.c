/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * details: see details.h.
 */
#include "config.h"

#include "ctl/details.h"

#include "ctl/answer.h"
#include "ctl/lists.h"

#include <stdlib.h>
#include <string.h>

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
        char *text = answer_at(json, details[i].name) ? value_text(json, details[i].name, details[i].kind) : NULL;
        if (text && *text) {
            fprintf(display->file, "  %-*s  ", widest, details[i].label);
            if (details[i].kind == VALUE_STATE)
                display_tone(display, list_tone(text), "%s\n", text);
            else
                display_fold(display, (unsigned)widest + 4, (unsigned)widest + 4, text);
        }
        free(text);
    }
}
