/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_option: which option is named in front of an error about its file.
 */
#include "config.h"

#include "conf/option.h"
#include "unit.h"

#include <stdio.h>

static const struct option_file files[] = {
    {"agents.tls.cert", "/etc/x/server.pem"},
    {"agents.tls.key", "/etc/x/server.pem.key"},
    {"agents.tls.client_ca", NULL},
};

static const struct {
    const char *before, *after;
} texts[] = {
    {"cannot read /etc/x/server.pem: gone", "agents.tls.cert: cannot read /etc/x/server.pem: gone"},
    {"cannot read /etc/x/server.pem.key: gone", "agents.tls.key: cannot read /etc/x/server.pem.key: gone"},
    {"/etc/x/server.pem.key: is not the key of /etc/x/server.pem",
     "agents.tls.key: /etc/x/server.pem.key: is not the key of /etc/x/server.pem"},
    {"out of memory", "out of memory"},
};

START_TEST(the_option_of_the_file_that_is_named_first_stands_in_front) {
    struct error error;
    snprintf(error.text, sizeof error.text, "%s", texts[_i].before);
    option_name_file(&error, files, sizeof files / sizeof *files);
    ck_assert_str_eq(error.text, texts[_i].after);
}
END_TEST

static TCase *naming_files(void) {
    TCase *group = tcase_create("naming_files");
    tcase_add_loop_test(group, the_option_of_the_file_that_is_named_first_stands_in_front, 0,
                        sizeof texts / sizeof *texts);
    return group;
}

UNIT_MAIN("conf/option", naming_files)
