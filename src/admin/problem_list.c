/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * problem_list: see problem_list.h.
 */
#include "config.h"

#include "admin/problem_list.h"

#include "admin/values.h"
#include "lib/base/clock.h"

enum { LISTED_MOST = 200 };

struct problem_list problem_list_begin(void) {
    return (struct problem_list){.bad = json_array(), .warn = json_array()};
}

void problem_list_add(struct problem_list *list, const struct problem *problem) {
    json_t *to = problem->is_bad ? list->bad : list->warn;

    if (json_array_size(to) >= LISTED_MOST)
        return;
    json_array_append_new(to, json_pack("{s:s,s:s,s:o,s:o,s:o,s:o,s:o}", "severity", problem->is_bad ? "bad" : "warn",
                                        "kind", problem->kind, "subject", value_text(problem->subject), "since",
                                        value_time(problem->since_ms), "what", value_text(problem->what), "why",
                                        *problem->why ? value_text(problem->why) : json_null(), "remedy",
                                        *problem->remedy ? value_text(problem->remedy) : json_null()));
}

json_t *problem_list_take(struct problem_list *list, bool *has_bad) {
    json_t *all = list->bad;

    *has_bad = json_array_size(list->bad) > 0;
    if (json_array_extend(all, list->warn)) {
        json_decref(all);
        all = NULL;
    }
    json_decref(list->warn);
    *list = (struct problem_list){0};
    return all;
}

int64_t problem_since(uint64_t us) {
    return value_wall_ms() - ((int64_t)clock_us() - (int64_t)us) / 1000;
}
