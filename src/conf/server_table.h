/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_table: every option of munnel.json.
 * Immutable: may be read on every thread.
 */
#ifndef MUNNEL_CONF_SERVER_TABLE_H
#define MUNNEL_CONF_SERVER_TABLE_H

#include "conf/option.h"

extern const struct option_table server_table;  /* fills a struct server_conf */
extern const struct option_table service_table; /* fills a struct service_conf */

#endif
