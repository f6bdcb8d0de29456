/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * test_blame: which option is named in front of an error about its file.
 */
#include "config.h"

#include "conf/blame.h"
#include "unit.h"

#include <stdio.h>

static const struct blame rows[] = {
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

START_TEST(the_file_that_is_named_first_is_to_blame) {
    struct error error;
    snprintf(error.text, sizeof error.text, "%s", texts[_i].before);
    blame_option(&error, rows, sizeof rows / sizeof *rows);
    ck_assert_str_eq(error.text, texts[_i].after);
}
END_TEST

static TCase *blaming(void) {
    TCase *group = tcase_create("blaming");
    tcase_add_loop_test(group, the_file_that_is_named_first_is_to_blame, 0, sizeof texts / sizeof *texts);
    return group;
}

UNIT_MAIN("conf/blame", blaming)
