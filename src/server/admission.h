/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admission: which client addresses a service takes, and how many clients of each at once and per second.
 * Runs on: the control thread. Owns: its rules and counts. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_ADMISSION_H
#define MUNNEL_SERVER_ADMISSION_H

#include "conf/server_conf.h"
#include "lib/addr.h"

#include <stdint.h>

struct admission;

struct admission *admission_new(const struct service_conf *conf, struct error *error); /* NULL with `error` */
void admission_free(struct admission *admission);

/* NULL: it may come in, and counts until admission_left; else why not. */
const char *admission_refuses(struct admission *admission, const struct addr *peer, uint64_t now_us);
void admission_left(struct admission *admission, const struct addr *peer);
void admission_tick(struct admission *admission,
                    uint64_t now_us); /* once a second: forgets who is not there any more */
size_t admission_sources(const struct admission *admission);

#endif
