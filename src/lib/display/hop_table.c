/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * hop_table: see hop_table.h.
 */
#include "config.h"

#include "lib/display/hop_table.h"

#include "lib/display/number_text.h"
#include "lib/display/table.h"

#include <string.h>

enum { INDENT = 2 };

static const struct {
    const char *result, *word;
    enum tone tone;
} results[] = {{"pass", "PASS", TONE_GOOD}, {"skip", "SKIP", TONE_DIM}, {"fail", "FAIL", TONE_BAD}};

/* Of a result that is not known, as from a newer server, the last. */
static size_t find_result(const char *result) {
    size_t at = 0;

    while (at + 1 < sizeof results / sizeof *results && strcmp(results[at].result, result) != 0)
        at++;
    return at;
}

static const char *text_of(const json_t *hop, const char *key) {
    const char *text = json_string_value(json_object_get(hop, key));

    return text ? text : "";
}

static void add_hop(struct table *table, const json_t *hop) {
    const json_t *ms = json_object_get(hop, "ms");
    size_t result = find_result(text_of(hop, "result"));
    char time[NUMBER_TEXT];

    table_add(table, TONE_PLAIN, text_of(hop, "hop"));
    table_add(table, results[result].tone, results[result].word);
    table_add(table, TONE_PLAIN, number_ms(time, json_is_number(ms) ? json_number_value(ms) : -1));
    table_add(table, TONE_PLAIN, text_of(hop, "detail"));
}

static int print_rows(const struct display *display, const json_t *hops) {
    static const struct table_column columns[] = {{.title = "HOP", .is_whole = true},
                                                  {.title = "RESULT", .is_whole = true},
                                                  {.title = "TIME", .is_right = true},
                                                  {.title = "DETAIL"}};
    struct table table = table_begin(columns, sizeof columns / sizeof *columns);
    const json_t *hop;
    size_t i;

    json_array_foreach (hops, i, hop)
        add_hop(&table, hop);
    int result = table_print(&table, display);
    table_done(&table);
    return result;
}

/* Whole, as a narrow terminal's table would cut them. */
static void print_remedies(const struct display *display, const json_t *hops) {
    const json_t *hop;
    size_t i;

    json_array_foreach (hops, i, hop) {
        const char *name = text_of(hop, "hop"), *remedy = text_of(hop, "remedy");
        if (!*remedy)
            continue;
        fputc('\n', display->file);
        display_tone(display, TONE_TITLE, "%s: ", name);
        display_fold(display, (unsigned)display_columns(name) + 2, INDENT, text_of(hop, "detail"));
        fprintf(display->file, "%*sdo: ", INDENT, "");
        display_fold(display, INDENT + 4, INDENT + 4, remedy);
    }
}

int hop_table_print(const struct display *display, const json_t *hops) {
    if (print_rows(display, hops))
        return -1;
    print_remedies(display, hops);
    return 0;
}

void hop_table_print_summary(const struct display *display, const char *result, const char *summary) {
    size_t at = find_result(result);

    fputs("\nSUMMARY ", display->file);
    display_tone(display, results[at].tone, "%s", results[at].word);
    fputs(": ", display->file);
    display_fold(display, sizeof "SUMMARY PASS: " - 1, INDENT, summary);
}
