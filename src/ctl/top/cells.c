/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cells: see cells.h.
 */
#include "config.h"

#include "ctl/top/cells.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/grid.h"
#include "ctl/top/state.h"

#include <stdio.h>
#include <string.h>

enum { SOON_S = 14 * 86400 };

void cell_text(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    const char *text = answer_text(item, path, "");

    (void)look;
    snprintf(to->text, sizeof to->text, "%s", *text ? text : "-");
    to->style = *text ? STYLE_PLAIN : STYLE_FAINT;
}

void cell_texts(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    const json_t *list = answer_at(item, path);
    size_t used = 0;

    (void)look;
    for (size_t i = 0; i < json_array_size(list) && used < sizeof to->text; i++) {
        const char *text = json_string_value(json_array_get(list, i));
        used += (size_t)snprintf(to->text + used, sizeof to->text - used, "%s%s", i ? ", " : "", text ? text : "");
    }
    if (!json_array_size(list))
        snprintf(to->text, sizeof to->text, "-");
    to->style = json_array_size(list) ? STYLE_PLAIN : STYLE_FAINT;
}

/* A service without ports is for visitors. Ports of UDP are marked, as munnel status marks them. */
void cell_places(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    struct top_cell visitors;

    cell_texts(to, item, path, look);
    size_t used = strlen(to->text);
    if (answer_is(item, "protocol", "udp"))
        snprintf(to->text + used, sizeof to->text - used, " udp");
    if (json_array_size(answer_at(item, path)) > 0 || json_array_size(answer_at(item, "visitors")) == 0)
        return;
    cell_texts(&visitors, item, "visitors", look);
    snprintf(to->text, sizeof to->text, "visitors: %.*s", (int)sizeof to->text - 12, visitors.text);
    to->style = STYLE_PLAIN;
}

typedef char *figure_format(char *to, double number);

static void write_number(struct top_cell *to, double number, figure_format *format) {
    (void)format(to->text, number);
    to->style = number > 0 ? STYLE_PLAIN : STYLE_FAINT;
}

#define CELL_NUMBER(name, format)                                                                                      \
    void name(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {                \
        (void)look;                                                                                                    \
        write_number(to, answer_number(item, path), format);                                                           \
    }
CELL_NUMBER(cell_count, number_count)
CELL_NUMBER(cell_rate, figure_rate)
CELL_NUMBER(cell_per_s, figure_per_s)
CELL_NUMBER(cell_bytes, number_bytes)
CELL_NUMBER(cell_ms, figure_ms)

void cell_age(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double since = figure_time(item, path), age = look->now - since;

    (void)number_span(to->text, since < 0 ? FIGURE_NONE : age > 0 ? age : 0);
    to->style = since < 0 ? STYLE_FAINT : STYLE_PLAIN;
}

void cell_life(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double ended = figure_time(item, "ended");

    cell_age(to, item, path, &(struct top_look){ended > 0 ? ended : look->now, look->span});
}

void cell_clock(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double moment = figure_time(item, path);

    (void)figure_clock(to->text, moment, look->now);
    to->style = STYLE_FAINT;
}

void cell_minute(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double moment = figure_time(item, path);

    (void)figure_minute(to->text, moment, look->now);
    to->style = moment < 0 ? STYLE_FAINT : STYLE_PLAIN;
}

void cell_until(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double left = figure_time(item, path) - look->now;

    if (figure_time(item, path) < 0)
        snprintf(to->text, sizeof to->text, "never");
    else if (left <= 0)
        snprintf(to->text, sizeof to->text, "expired");
    else
        (void)number_span(to->text, left);
    to->style = figure_time(item, path) < 0 ? STYLE_FAINT : left <= 0 ? STYLE_BAD : left < SOON_S ? STYLE_WARN : 0;
}

void cell_able(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double able = answer_number(item, "able"), known = answer_number(item, "known");

    (void)path, (void)look;
    snprintf(to->text, sizeof to->text, "%.0f/%.0f", able < 0 ? 0 : able, known < 0 ? 0 : known);
    to->style = able <= 0 ? STYLE_BAD : able < known ? STYLE_WARN : STYLE_PLAIN;
}

void cell_links(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double shared = answer_number(item, "links.shared"), own = answer_number(item, "links.exclusive");

    (void)path, (void)look;
    snprintf(to->text, sizeof to->text, "%.0f+%.0f", shared < 0 ? 0 : shared, own < 0 ? 0 : own);
    to->style = shared + own > 0 ? STYLE_PLAIN : STYLE_FAINT;
}

void cell_refused(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double sum = 0;
    const char *reason;
    json_t *count;

    (void)look;
    json_object_foreach ((json_t *)(uintptr_t)answer_at(item, path), reason, count)
        sum += json_number_value(count);
    write_number(to, sum, number_count);
}

void cell_service(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    (void)path;
    to->style = state_of_service(to->text, sizeof to->text, item, look->now);
}

void cell_agent(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    (void)path;
    to->style = state_of_agent(to->text, sizeof to->text, item, look->now);
}

void cell_relay(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    (void)path;
    to->style = state_of_relay(to->text, sizeof to->text, item, look->now);
}

void cell_state(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    (void)path, (void)look;
    to->style = state_of_any(to->text, sizeof to->text, item);
}

void cell_own_service(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    (void)path, (void)look;
    to->style = state_of_own_service(to->text, sizeof to->text, item);
}

void cell_severity(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    const struct state_look *state = state_look_of(answer_text(item, path, ""));

    (void)look;
    snprintf(to->text, sizeof to->text, "%s", state->mark);
    to->style = state->style;
}

void cell_times(struct top_cell *to, const json_t *item, const char *path, const struct top_look *look) {
    double count = answer_number(item, path);

    (void)look;
    *to->text = '\0';
    if (count > 1)
        snprintf(to->text, sizeof to->text, "%.0f times", count);
    to->style = STYLE_FAINT;
}
