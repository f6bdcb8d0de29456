/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * process_watch: see process_watch.h.
 */
#include "config.h"

#include "admin/process_watch.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/os/process_stats.h"

#include <string.h>

enum { STUCK_S = 5, DESCRIPTORS_PERCENT = 85, DROPPED_RECENTLY_S = 600 };

/* ---- each second ---- */

static void check_loops(struct process_watch *watch, uint64_t now_us) {
    for (unsigned i = 0; i < plane_thread_count(watch->plane) && i < PLANE_THREADS_MAX; i++) {
        uint64_t sweeps = counter_read(&plane_thread_counts(watch->plane, i)->sweeps);
        if (sweeps == watch->counts[i])
            continue;
        watch->counts[i] = sweeps;
        watch->since_us[i] = now_us;
    }
}

void process_watch_check(struct process_watch *watch, uint64_t now_us) {
    uint64_t dropped = log_dropped(watch->log);

    check_loops(watch, now_us);
    if (dropped == watch->dropped)
        return;
    watch->dropped = dropped;
    watch->dropped_us = now_us;
}

static bool loops_turn(const struct process_watch *watch, uint64_t now_us) {
    for (unsigned i = 0; i < plane_thread_count(watch->plane) && i < PLANE_THREADS_MAX; i++)
        if (watch->since_us[i] && now_us > watch->since_us[i] + STUCK_S * 1000000ull)
            return false;
    return true;
}

void process_watch_answer(const struct process_watch *watch, struct http_request *request) {
    if (loops_turn(watch, clock_us()))
        http_answer_text(request, 200, "ok\n");
    else
        http_answer_error(request, 503, "a relay thread does not respond");
}

/* ---- problems ---- */

static void add_stuck(const struct process_watch *watch, struct problem_list *list) {
    struct problem problem = {.is_bad = true, .kind = "server", .subject = watch->program};

    if (loops_turn(watch, clock_us()))
        return;
    PROBLEM_SAY(what, "a relay thread does not respond");
    PROBLEM_SAY(why, "its relays stand still; this is a fault of the program or of the machine");
    PROBLEM_SAY(remedy, "Keep a core file for a report (gcore), then restart %s", watch->program);
    problem_list_add(list, &problem);
}

static void add_descriptors(const struct process_watch *watch, struct problem_list *list) {
    struct problem problem = {.kind = "descriptors", .subject = watch->program};
    struct process_stats stats;

    process_stats_read(&stats);
    if (stats.descriptors_limit == UINT64_MAX ||
        stats.descriptors < stats.descriptors_limit / 100 * DESCRIPTORS_PERCENT)
        return;
    PROBLEM_SAY(what, "%llu of %llu descriptors are open", (unsigned long long)stats.descriptors,
                (unsigned long long)stats.descriptors_limit);
    PROBLEM_SAY(why, "each client and each link takes one");
    PROBLEM_SAY(remedy, "Raise the limit: LimitNOFILE= in %s.service, or ulimit -n; then restart", watch->program);
    problem_list_add(list, &problem);
}

static void add_dropped(const struct process_watch *watch, struct problem_list *list) {
    struct problem problem = {.kind = "log", .subject = watch->program};

    if (!watch->dropped_us || clock_us() - watch->dropped_us > DROPPED_RECENTLY_S * 1000000ull)
        return;
    problem.since_ms = problem_since(watch->dropped_us);
    PROBLEM_SAY(what, "%llu log lines were dropped", (unsigned long long)watch->dropped);
    PROBLEM_SAY(why, "the log could not be written as fast as lines came");
    PROBLEM_SAY(remedy,
                "Look at the disk, or at what reads the log; or log less: munnel log-level info, or log.level in %s",
                watch->configuration);
    problem_list_add(list, &problem);
}

static void add_not_reopened(const struct process_watch *watch, struct problem_list *list) {
    struct problem problem = {.kind = "log", .subject = watch->program};
    int error = log_reopen_error(watch->log);

    if (!error)
        return;
    PROBLEM_SAY(what, "the log's file could not be opened again");
    PROBLEM_SAY(why, "%s; lines go to the file that was open before, which may be renamed or deleted",
                error_text(error));
    PROBLEM_SAY(remedy,
                "Look at its folder, which the user of %s must be able to write; then have it opened: "
                "systemctl kill -s USR1 %s",
                watch->program, watch->program);
    problem_list_add(list, &problem);
}

void process_watch_add_problems(const struct process_watch *watch, struct problem_list *list) {
    add_stuck(watch, list);
    add_descriptors(watch, list);
    add_dropped(watch, list);
    add_not_reopened(watch, list);
}
