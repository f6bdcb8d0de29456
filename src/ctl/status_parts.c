/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * status_parts: what the status of a server and that of an agent share: the head line and the problems.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "ctl/status.h"

#include "ctl/answer.h"

#include <string.h>

enum { INDENT = 8, DO_WIDTH = 4 };

int status_code(const json_t *status) {
    if (answer_is(status, "state", "ok"))
        return 0;
    return answer_is(status, "state", "degraded") ? STATUS_DEGRADED : STATUS_DOWN;
}

static enum tone tone_of(const json_t *status) {
    int code = status_code(status);

    return code == 0 ? TONE_GOOD : code == STATUS_DEGRADED ? TONE_WARN : TONE_BAD;
}

const char *status_plural(double count) {
    return count > 0.5 && count < 1.5 ? "" : "s";
}

void status_print_head(const struct display *display, const json_t *status, const char *sentence) {
    const char *state = answer_text(status, "state", "unknown");
    const char *program = answer_text(status, "program", "munneld"),
               *host = answer_text(status, "host", "this machine");
    const char *stopping = json_is_true(answer_at(status, "stopping")) ? " and stopping" : "";
    size_t at = display_columns(program) + display_columns(host) + strlen(" on  is : ") + strlen(state);

    display_tone(display, TONE_TITLE, "%s on %s is ", program, host);
    display_tone(display, tone_of(status), "%s", state);
    fprintf(display->file, "%s: ", stopping);
    display_fold(display, (unsigned)(at + strlen(stopping)), 2, sentence);
}

/* ---- parts of lists ---- */

json_t *status_part(const json_t *list, const char *well) {
    json_t *part = json_array(), *element;
    size_t i;

    for (int is_well = 0; part && is_well < 2; is_well++)
        json_array_foreach (list, i, element)
            if (answer_is(element, "state", well) == is_well && json_array_size(part) < STATUS_LISTED)
                json_array_append(part, element);
    return part;
}

void status_done_part(const struct display *display, json_t *part, const json_t *list, const char *where) {
    char number[NUMBER_TEXT];
    size_t more = json_array_size(list) - json_array_size(part);

    if (more)
        fprintf(display->file, "%s more: %s\n", number_count(number, (double)more), where);
    json_decref(part);
}

/* ---- problems ---- */

static void print_part(const struct display *display, const char *label, const char *text) {
    if (!*text)
        return;
    fprintf(display->file, "%*s%-*s ", INDENT - 2, "", DO_WIDTH, label);
    display_fold(display, INDENT + DO_WIDTH - 1, INDENT + DO_WIDTH - 1, text);
}

static void print_problem(const struct display *display, const json_t *problem, int64_t now_ms) {
    bool is_bad = answer_is(problem, "severity", "bad");
    const char *since = answer_text(problem, "since", NULL);
    char what[512], when[NUMBER_TEXT], age[NUMBER_TEXT];

    snprintf(what, sizeof what, "%.300s", answer_text(problem, "what", "?"));
    if (since)
        snprintf(what + strlen(what), sizeof what - strlen(what), ", since %s (%s)",
                 number_local_time(when, since, now_ms), number_age(age, since, now_ms));
    display_tone(display, is_bad ? TONE_BAD : TONE_WARN, "%-4s", is_bad ? "BAD" : "WARN");
    fputs("  ", display->file);
    display_fold(display, INDENT - 2, INDENT - 2, what);
    print_part(display, "why:", answer_text(problem, "why", ""));
    print_part(display, "do:", answer_text(problem, "remedy", ""));
}

void status_print_problems(const struct display *display, const json_t *status, int64_t now_ms) {
    const json_t *problems = answer_at(status, "problems"), *problem;
    size_t i;

    json_array_foreach (problems, i, problem) {
        fputc('\n', display->file);
        print_problem(display, problem, now_ms);
    }
}
