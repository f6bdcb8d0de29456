/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * visitors_check: where a service's clients come from, and what does not go with visitors or with TLS between the
 * agents.
 * Runs on: the control thread, or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_VISITORS_CHECK_H
#define MUNNEL_CONF_VISITORS_CHECK_H

#include "conf/server_config.h"

int visitors_check(const struct server_config *conf, const struct option_place *top); /* 0, or -1 with the error */

#endif
