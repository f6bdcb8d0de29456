/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * listen_check: ports that are taken twice, without being shared by hosts, and ports of which a destination relative to
 * them makes none.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_LISTEN_CHECK_H
#define MUNNEL_CONF_LISTEN_CHECK_H

#include "conf/server_config.h"

/* 0, or -1 with the error of `top`, which is conf's own place. */
int listen_check(const struct server_config *conf, const struct option_place *top);

#endif
