/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * text_check: what the texts of a configuration must look like; the `check` functions of the option tables.
 *
 * Each returns 0, or -1 with what is wrong and what would be right. Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_CONF_TEXT_CHECK_H
#define MUNNEL_CONF_TEXT_CHECK_H

#include "lib/error.h"

int text_check_listen(const char *text, struct error *error);      /* "0.0.0.0:80", ":80", "[::]:80", "unix:PATH" */
int text_check_destination(const char *text, struct error *error); /* "HOST:PORT" or "unix:/PATH" */
int text_check_server(const char *text, struct error *error);      /* "HOST:PORT" of an agent port */
int text_check_name(const char *text, struct error *error);        /* of a service, an agent, a group */
int text_check_group(const char *text, struct error *error);
int text_check_source(const char *text, struct error *error); /* "10.0.0.0/8": addresses of clients */
int text_check_mode(const char *text, struct error *error);   /* "0660": of a file, in octal */
int text_check_rule(const char *text, struct error *error);   /* "db.example:5432": where an agent may connect */
int text_check_pin(const char *text, struct error *error);    /* "sha256:" and 64 hexadecimal digits */

/* An option's `resolve` for sources: IPv6 without brackets gets them, as lib/rules.h wants it. malloc'ed. */
char *text_source_pattern(const char *text, const char *beside);

#endif
