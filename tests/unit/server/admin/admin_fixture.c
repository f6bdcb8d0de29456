/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_fixture: see admin_fixture.h.
 */
#include "config.h"

#include "server/admin/admin_fixture.h"

#include "unit.h"

#include <stdlib.h>
#include <string.h>

struct server_fixture fixture;

static void run(void) {
    server_fixture_run(&fixture);
}

void prepare(void) {
    admin_client_begin(unit_path("admin.sock"), run);
    server_fixture_set_any(&fixture);
    free(fixture.conf->admin_socket);
    fixture.conf->admin_socket = strdup(unit_path("admin.sock"));
}

void begin(void) {
    prepare();
    server_fixture_open(&fixture);
}

void finish(void) {
    server_fixture_clear(&fixture);
    admin_client_end();
}
