/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_service_manager_windows: which steps of a start and a stop the service manager hears of.
 */
#include "config.h"

#include "lib/event/service_manager.h"

#include "lib/os/program_service.h"
#include "unit.h"

#include <string.h>

static char reported[16]; /* a letter for each report */

void __wrap_program_service_report(enum program_service_state state);
void __wrap_program_service_report(enum program_service_state state) {
    static const char letters[] = {
        [PROGRAM_SERVICE_STARTING] = 'b', [PROGRAM_SERVICE_RUNNING] = 'r', [PROGRAM_SERVICE_STOPPING] = 's'};
    size_t used = strlen(reported);
    ck_assert_uint_lt(used + 1, sizeof reported);
    reported[used] = letters[state];
    reported[used + 1] = '\0';
}

START_TEST(states_are_reported_and_each_status_of_a_stop_is_a_step) {
    struct service_manager *manager = service_manager_new(NULL, NULL, NULL);
    reported[0] = '\0';
    ck_assert_ptr_nonnull(manager);
    service_manager_status(manager, "%s", "starts");
    ck_assert_str_eq(reported, "");
    service_manager_ready(manager);
    service_manager_status(manager, "serves %d", 3);
    service_manager_reloading(manager);
    service_manager_ready(manager);
    ck_assert_str_eq(reported, "rr");
    service_manager_stopping(manager);
    service_manager_status(manager, "%d relays left", 2);
    service_manager_status(manager, "%d relays left", 1);
    ck_assert_str_eq(reported, "rrsss");
    service_manager_free(manager);
}
END_TEST

START_TEST(without_memory_for_a_manager_nothing_is_reported) {
    reported[0] = '\0';
    service_manager_ready(NULL);
    service_manager_reloading(NULL);
    service_manager_stopping(NULL);
    service_manager_status(NULL, "%s", "stops");
    service_manager_free(NULL);
    ck_assert_str_eq(reported, "");
}
END_TEST

static TCase *reports(void) {
    TCase *group = tcase_create("reports");

    tcase_add_test(group, states_are_reported_and_each_status_of_a_stop_is_a_step);
    tcase_add_test(group, without_memory_for_a_manager_nothing_is_reported);
    return group;
}

UNIT_MAIN("lib/event/service_manager_windows", reports)
