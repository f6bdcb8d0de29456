/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * access: which client addresses a service takes, and how many clients of each at once and per second.
 * Runs on: the control thread. Owns: its rules and counts. Times are clock_us().
 */
#ifndef MUNNEL_SERVER_SERVICE_ACCESS_H
#define MUNNEL_SERVER_SERVICE_ACCESS_H

#include "conf/server_config.h"
#include "lib/net/addr.h"

#include <stdint.h>

struct access;

struct access *access_new(const struct service_config *conf, struct error *error); /* NULL with `error` */
void access_free(struct access *access);
/* A reload: the clients that `from` has counted count here from now on; `from` is left without any. */
void access_take_over(struct access *access, struct access *from);

/* NULL: admitted, and counted until access_left; else the detail for the log. */
const char *access_refuses(struct access *access, const struct addr *peer, uint64_t now_us);
void access_left(struct access *access, const struct addr *peer);
void access_tick(struct access *access, uint64_t now_us); /* once a second: frees sources without clients */
size_t access_sources(const struct access *access);

#endif
