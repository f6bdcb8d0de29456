/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_program_service: who starts a service by hand is told what --service is for; reports of no service go nowhere.
 */
#include "config.h"

#include "lib/os/program_service.h"
#include "unit.h"

#include <stdlib.h>

static char name[] = "munnel-unit", option[] = "--service", folder[] = "--service=C:\\folder", other[] = "--check",
            services[] = "--services";

static int run(int argc, char **argv) {
    (void)argc, (void)argv;
    ck_abort_msg("it is not the service manager that starts it");
    return 0;
}

START_TEST(only_the_first_argument_asks_for_it) {
    char *service[] = {name, option, NULL}, *plain[] = {name, other, option, NULL},
         *with_folder[] = {name, folder, NULL}, *similar[] = {name, services, NULL};

    ck_assert(program_service_is_asked(2, service));
    ck_assert(!program_service_is_asked(3, plain));
    ck_assert(program_service_is_asked(2, with_folder));
    ck_assert(!program_service_is_asked(2, similar));
    ck_assert(!program_service_is_asked(1, service));
}
END_TEST

START_TEST(without_the_service_manager_it_is_refused) {
    char *service[] = {name, option, other, NULL};

    ck_assert_int_eq(program_service_run(&(struct program){.name = name, .is_daemon = true, .run = run}, 3, service),
                     EXIT_FAILURE);
    ck_assert(!program_service_is_one());
    program_service_report(PROGRAM_SERVICE_RUNNING);
}
END_TEST

static TCase *start(void) {
    TCase *group = tcase_create("start");

    tcase_add_test(group, only_the_first_argument_asks_for_it);
    tcase_add_test(group, without_the_service_manager_it_is_refused);
    return group;
}

UNIT_MAIN("lib/os/program_service", start)
