/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_rights_windows: see diag_rights.h. diag_rights_posix.c is its counterpart. Of a service's account the password
 * would be needed, which it has not.
 */
#include "config.h"

#include "ctl/diag_rights.h"

struct diag_rights diag_rights_of_server(evutil_socket_t socket) {
    struct diag_rights rights = {.is_given = false};

    (void)socket;
    error_set(&rights.why,
              "left out: what a server names is read with its own rights, which no other account can take on; "
              "add the log yourself, and name the configuration by --config");
    return rights;
}
