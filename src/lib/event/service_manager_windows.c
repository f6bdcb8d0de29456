/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_manager_windows: see service_manager.h. Windows' service manager wants to hear from a program that starts or
 * stops, so each status of one that stops counts as a step. It has neither a text nor a watchdog.
 */
#include "config.h"

#include "lib/event/service_manager.h"

#include "lib/os/program_service.h"

#include <stdlib.h>

struct service_manager {
    bool is_stopping;
};

struct service_manager *service_manager_new(struct event_base *base, bool (*is_alive)(void *context), void *context) {
    (void)base, (void)is_alive, (void)context;
    return calloc(1, sizeof(struct service_manager));
}

void service_manager_free(struct service_manager *manager) {
    free(manager);
}

void service_manager_ready(struct service_manager *manager) {
    if (manager)
        program_service_report(PROGRAM_SERVICE_RUNNING);
}

void service_manager_reloading(struct service_manager *manager) {
    (void)manager; /* it goes on serving */
}

void service_manager_stopping(struct service_manager *manager) {
    if (!manager)
        return;
    manager->is_stopping = true;
    program_service_report(PROGRAM_SERVICE_STOPPING);
}

void service_manager_status(struct service_manager *manager, const char *format, ...) {
    (void)format;
    if (manager && manager->is_stopping)
        program_service_report(PROGRAM_SERVICE_STOPPING);
}
