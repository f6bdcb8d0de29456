/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_rights: with whose rights the files are read that a running server names; see diag_named.h. One .c per system.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_DIAG_RIGHTS_H
#define MUNNEL_CTL_DIAG_RIGHTS_H

#include "ctl/program_output.h"

#include <event2/util.h>
#include <stdbool.h>

struct diag_rights {
    bool is_given; /* else there is the reason */
    bool is_other; /* of another user than this process is */
    struct program_user user;
    struct error why;
};

/* `socket`: connected to the server; -1: not any more, or it is none. */
struct diag_rights diag_rights_of_server(evutil_socket_t socket);

#endif
