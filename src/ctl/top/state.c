/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * state: see state.h. The marks are those of the administration page.
 */
#include "config.h"

#include "ctl/top/state.h"

#include "ctl/answer.h"
#include "ctl/top/figure.h"
#include "ctl/top/grid.h"

#include <stdio.h>
#include <string.h>

static const struct state_look looks[] = {
    {"unreachable", "◆", "unreachable", STYLE_BAD, 9},
    {"offline", "◆", "offline", STYLE_BAD, 8},
    {"bad", "◆", "", STYLE_BAD, 8},
    {"refused", "▲", "refuses", STYLE_WARN, 7},
    {"limited", "▲", "limited", STYLE_WARN, 7},
    {"unhealthy", "▲", "unhealthy", STYLE_WARN, 7},
    {"suspended", "▲", "suspended", STYLE_WARN, 7},
    {"gave_up", "◆", "gave up", STYLE_BAD, 9},
    {"lost", "◆", "lost", STYLE_BAD, 8},
    {"connecting", "▲", "connecting", STYLE_WARN, 7},
    {"stopping", "◐", "stopping", STYLE_PLAIN, 4},
    {"standby", "○", "standby", STYLE_PLAIN, 2},
    {"ejected", "▲", "passed over", STYLE_WARN, 6},
    {"silent", "▲", "unhealthy", STYLE_WARN, 6},
    {"unanswered", "▲", "no answer yet", STYLE_WARN, 6},
    {"warn", "▲", "", STYLE_WARN, 6},
    {"paused", "‖", "paused", STYLE_PLAIN, 5},
    {"draining", "◐", "draining", STYLE_PLAIN, 4},
    {"opening", "○", "opening", STYLE_PLAIN, 3},
    {"waiting", "○", "waiting", STYLE_PLAIN, 3},
    {"ok", "●", "reachable", STYLE_OK, 1},
    {"serves", "●", "serves", STYLE_OK, 1},
    {"connected", "●", "connected", STYLE_OK, 1},
    {"open", "●", "open", STYLE_OK, 1},
    {"info", "·", "", STYLE_FAINT, 1},
    {"ended", "·", "ended", STYLE_FAINT, 0},
};

static const struct state_look unknown = {"", " ", "", STYLE_PLAIN, 2};

const struct state_look *state_look_of(const char *state) {
    for (size_t i = 0; i < sizeof looks / sizeof *looks; i++)
        if (strcmp(looks[i].state, state) == 0)
            return &looks[i];
    return &unknown;
}

/* Since the server started: such an agent may be meant for another day. */
static bool is_not_seen_yet(const json_t *item) {
    return answer_is(item, "state", "offline") && json_is_null(json_object_get(item, "since"));
}

int state_weight(const json_t *item) {
    return is_not_seen_yet(item) ? 0 : state_look_of(answer_text(item, "state", ""))->weight;
}

static unsigned write_look(char *text, size_t size, const char *state, const char *word, const char *more) {
    const struct state_look *look = state_look_of(state);

    if (!*word)
        word = *look->word ? look->word : state;
    snprintf(text, size, "%s %s%s", look->mark, word, more);
    return look->style;
}

unsigned state_of_service(char *text, size_t size, const json_t *service, double now) {
    const char *by = answer_text(service, "paused_by", "");
    char more[FIGURE_TEXT + 8] = "";

    (void)now;
    if (*by)
        snprintf(more, sizeof more, " by %.50s", by);
    return write_look(text, size, answer_text(service, "state", ""), "", more);
}

unsigned state_of_agent(char *text, size_t size, const json_t *agent, double now) {
    const char *state = answer_text(agent, "state", "");
    char more[FIGURE_TEXT + 16] = "", time[FIGURE_TEXT];
    double since = figure_time(agent, "since");

    if (strcmp(state, "draining") == 0)
        snprintf(more, sizeof more, ", %.0f left", answer_number(agent, "relays"));
    if (strcmp(state, "offline"))
        return write_look(text, size, state, "", more);
    if (is_not_seen_yet(agent)) {
        snprintf(text, size, "○ not seen yet");
        return STYLE_FAINT;
    }
    snprintf(more, sizeof more, " since %s", figure_minute(time, since, now));
    return write_look(text, size, state, "", more);
}

unsigned state_of_relay(char *text, size_t size, const json_t *relay, double now) {
    const char *state = answer_text(relay, "state", ""), *carrier = answer_text(relay, "carrier", "");
    double since = figure_time(relay, "suspended");
    double ended = figure_time(relay, "ended");
    char more[FIGURE_TEXT + 8] = "", age[FIGURE_TEXT];

    if (strcmp(state, "suspended") == 0 && since > 0)
        snprintf(more, sizeof more, " %s", number_span(age, now - since));
    if (ended > 0)
        snprintf(more, sizeof more, " %s ago", number_span(age, now > ended ? now - ended : 0));
    return write_look(text, size, state, strcmp(state, "open") ? "" : carrier, more);
}

unsigned state_of_own_service(char *text, size_t size, const json_t *service) {
    const char *state = answer_text(service, "state", "");

    return write_look(text, size, state, strcmp(state, "ok") ? "" : "permitted", "");
}

unsigned state_of_any(char *text, size_t size, const json_t *item) {
    return write_look(text, size, answer_text(item, "state", ""), "", "");
}
