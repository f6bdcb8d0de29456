/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_option_table: every option of munnel.json.
 * Immutable: may be read on every thread.
 */
#ifndef MUNNEL_CONF_SERVER_OPTIONS_H
#define MUNNEL_CONF_SERVER_OPTIONS_H

#include "conf/option.h"

extern const struct option_table server_option_table;  /* fills a struct server_config */
extern const struct option_table service_option_table; /* fills a struct service_config */

#endif
