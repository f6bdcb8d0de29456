/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * error: formats what went wrong into the caller's struct error.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int error_set(struct error *error, const char *format, ...) {
    if (!error)
        return -1;
    /* By way of a copy, since an argument may be the old text, which is how a reason gets a place put before it. */
    char text[sizeof error->text];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (length < 0)
        text[0] = '\0';
    memcpy(error->text, text, strlen(text) + 1);
    return -1;
}
