/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * trial: see trial.h.
 */
#include "config.h"

#include "agent/check/trial.h"

#include "lib/base/clock.h"

#include <stdarg.h>

void trial_begin(struct trial *trial) {
    trial->begun_us = clock_us();
    trial->link.deadline_us = check_deadline(trial->world, CHECK_HOP_MS);
}

void trial_add(const struct trial *trial, const char *name, enum hop_result result, const char *remedy,
               const char *format, ...) {
    const struct hop hop = {
        .server = trial->server->text, .name = name, .result = result, .begun_us = trial->begun_us, .remedy = remedy};
    va_list arguments;

    va_start(arguments, format);
    report_add_list(trial->world->report, &hop, format, arguments);
    va_end(arguments);
}
