/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * version: asks the libraries that are loaded, not the headers of the day it was compiled.
 * Runs on: start or a tool. Owns: nothing.
 */
#include "config.h"

#include "conf/version.h"

#include <event2/event.h>
#include <jansson.h>
#include <openssl/crypto.h>

void version_print(FILE *file, const char *program) {
    fprintf(file, "%s %s\n", program, PACKAGE_VERSION);
    fprintf(file, "libevent %s\n", event_get_version());
    fprintf(file, "OpenSSL %s\n", OpenSSL_version(OPENSSL_VERSION_STRING));
    fprintf(file, "jansson %s\n", jansson_version_str());
}
