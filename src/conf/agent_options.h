/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * agent_option_table: every option of munnel-agent.
 * Immutable: may be read on every thread.
 */
#ifndef MUNNEL_CONF_AGENT_OPTIONS_H
#define MUNNEL_CONF_AGENT_OPTIONS_H

#include "conf/option.h"

extern const struct option_table agent_option_table; /* fills a struct agent_options */

#endif
