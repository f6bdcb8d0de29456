/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_change: options of a service on the command line.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#ifndef MUNNEL_CTL_SERVICE_CHANGE_H
#define MUNNEL_CTL_SERVICE_CHANGE_H

#include "conf/cmdline.h"

#include <jansson.h>

/* The flag of an option of a service in munnel.json, "max-rate" of "max_rate"; NULL: it has none but --set. */
const char *service_change_flag(const char *option);
/* What was written, as a ServiceConfiguration of the API. NULL: out of memory, or no UTF-8. */
json_t *service_change_body(const struct cmdline *line);
/*
 * In place of the text of `error`: what is wrong with the option at that JSON pointer into the service, by the name
 * that it has on the command line. Of a pointer to no option the text stays.
 */
void service_change_explain(const char *pointer, const char *detail, struct error *error);

#endif
