/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * slip: a mistake in munnel.json and the error that it gets; and the shortest service that can be written.
 */
#ifndef MUNNEL_TESTS_SLIP_H
#define MUNNEL_TESTS_SLIP_H

#include "conf/server_config.h"
#include "unit.h"

#include <string.h>

#define SERVICE     "{ \"name\": \"a\", \"listen\": \":5900\", \"connect\": \"h:1\" }"
#define ONE_SERVICE "\"services\": [ " SERVICE " ]"
#define WITH_SERVICE(more)                                                                                             \
    "{ \"services\": [ { \"name\": \"a\", \"listen\": \":5900\", \"connect\": \"h:1\", " more " } ] }"
#define WITH_CONNECT(list) "{ \"services\": [ { \"name\": \"a\", \"listen\": \":5900\", \"connect\": [ " list " ] } ] }"

struct slip {
    const char *text;
    const char *error; /* behind the file's name */
};

static inline void expect_slip(const struct slip *slip) {
    struct error error = {""};
    const char *path = unit_text_file("munnel.json", slip->text);
    ck_assert_ptr_null(server_config_read(path, &error));
    ck_assert_msg(strncmp(error.text, path, strlen(path)) == 0, "%s", error.text);
    ck_assert_str_eq(error.text + strlen(path), slip->error);
}

#endif
