/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * check_visits: see check_visits.h.
 */
#include "config.h"

#include "agent/check/check_visits.h"

#include "agent/upstream/failure.h"
#include "conf/visit_spec.h"
#include "proto/features.h"
#include "proto/visits.h"

#include <stdlib.h>

#define VISIT_HOP "visit"

static const char remedy_of_refusal[] = "On the server: munnel service show NAME has the agents that serve it and its "
                                        "\"visitors\", which are groups; munnel "
                                        "agent list has this agent's";

/* Returns how many. */
static size_t read_specs(const struct trial *trial, struct visit_spec specs[VISITS_MAX]) {
    const struct strlist *visits = trial->world->visits;
    size_t count = 0;

    for (size_t i = 0; visits && i < visits->count && i < VISITS_MAX; i++)
        if (visit_spec_parse(&specs[count], visits->items[i], NULL) == 0)
            count++;
    return count;
}

bool check_visits_ask(struct trial *trial, unsigned features) {
    struct visit_spec specs[VISITS_MAX];
    struct visit_name names[VISITS_MAX];
    struct error error = {"out of memory"};
    size_t count = read_specs(trial, specs);

    if (count == 0)
        return false;
    trial->begun_us = 0;
    if (!(features & 1U << FEATURE_VISIT)) {
        trial_add(trial, VISIT_HOP, HOP_FAIL, FAILURE_REMEDY_VERSION, "the server is too old for visits");
        return false;
    }
    for (size_t i = 0; i < count; i++)
        names[i] = (struct visit_name){(uint32_t)i + 1, specs[i].name};
    char *json = visit_names_format(names, count);
    bool is_sent = json && check_link_send(&trial->link, FRAME_CONTROL, json, &error) == 0;
    free(json);
    if (!is_sent)
        trial_add(trial, VISIT_HOP, HOP_FAIL, FAILURE_REMEDY_UNANSWERED, "%s", error.text);
    return is_sent;
}

/* One that is permitted has no state as long as the agent has no data link, as it has none here. */
void check_visits_add(struct trial *trial, const json_t *answer) {
    struct visit_spec specs[VISITS_MAX];
    struct visit_state states[VISITS_MAX];
    const char *refusals[VISITS_MAX] = {NULL};
    struct error error = {"the server has not answered"};
    size_t count = read_specs(trial, specs), state_count = 0;

    trial->begun_us = 0;
    if (!answer || visit_states_parse(states, &state_count, answer, &error)) {
        trial_add(trial, VISIT_HOP, answer ? HOP_FAIL : HOP_SKIP, answer ? FAILURE_REMEDY_VERSION : NULL, "%s",
                  error.text);
        return;
    }
    for (size_t i = 0; i < state_count; i++)
        if (states[i].id <= count)
            refusals[states[i].id - 1] = states[i].refusal;
    for (size_t i = 0; i < count; i++)
        trial_add(trial, VISIT_HOP, refusals[i] ? HOP_FAIL : HOP_PASS, refusals[i] ? remedy_of_refusal : NULL, "%s: %s",
                  specs[i].name, refusals[i] ? refusals[i] : "the server permits it");
}
