/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * udp_check: the part of the check of a configuration that is about services of UDP: what is for connections alone.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_UDP_CHECK_H
#define MUNNEL_CONF_UDP_CHECK_H

#include "conf/server_config.h"

int udp_check(const struct server_config *conf, const struct option_place *top); /* 0 or -1 */

#endif
