/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * unit_log: see unit_log.h.
 */
#include "config.h"

#include "unit_log.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct log *unit_log(enum log_level level) {
    struct error error = {""};
    struct log *log = log_new("test", LOG_FORMAT_TEXT, level, unit_path("log"), &error);
    ck_assert_msg(log, "%s", error.text);
    return log;
}

void unit_expect_logged(const char *wanted) {
    char *text = unit_read(unit_path("log"), NULL);
    ck_assert_msg(strstr(text, wanted), "%s is not in:\n%s", wanted, text);
    free(text);
}
