/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * local_client: see local_client.h.
 */
#include "config.h"

#include "local_client.h"

struct addr local_addr(const char *name) {
    struct endpoint endpoint = {.is_unix = true};
    struct addr addr;
    snprintf(endpoint.host, sizeof endpoint.host, "%s", local_path(name));
    ck_assert(addr_from_endpoint(&addr, &endpoint));
    return addr;
}
