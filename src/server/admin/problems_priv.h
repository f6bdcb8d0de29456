/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * problems_priv: the list of what is wrong while it is made; for problems.c and the files that look at one kind of
 * thing. Runs on: the control thread. Owns: nothing.
 */
#ifndef MUNNEL_SERVER_ADMIN_PROBLEMS_PRIV_H
#define MUNNEL_SERVER_ADMIN_PROBLEMS_PRIV_H

#include "server/admin/admin_priv.h"

enum { PROBLEMS_SOON_DAYS = 14, PROBLEMS_DAY_S = 86400 };

struct problems {
    const struct admin *admin;
    struct problem_list list;
    json_t *present;
};

void problems_check_services(struct problems *problems); /* service_problems.c */

/* certificate_problems.c */
void problems_check_certificate(struct problems *problems); /* the server's */
void problems_check_service_certificates(struct problems *problems);
void problems_check_trust(struct problems *problems); /* files that cannot be used */

#endif
