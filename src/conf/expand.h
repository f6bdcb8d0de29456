/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * expand: what a string of a configuration takes from elsewhere: "${NAME}" is a variable of the environment,
 * "${file:PATH}" the text of a file, without the blanks and ends of lines around it. "$${" is "${" itself.
 * Runs on: the control thread or a tool. Owns: nothing.
 */
#ifndef MUNNEL_CONF_EXPAND_H
#define MUNNEL_CONF_EXPAND_H

#include "conf/option.h"

enum { EXPAND_VALUE_MAX = 64 * 1024 /* bytes of a value, and of a file that it names */ };

/*
 * Parses the text of the file place->file and expands all strings in it, names of members excepted. Relative paths
 * start from the folder of place->beside. *written is the same before it was expanded, to which place->written is set:
 * the caller's, too. In a file that is_foreign a reference is an error. NULL with an error at the value's place, which
 * never shows what a file or a variable holds.
 */
json_t *expand_parse(char *text, size_t length, struct option_place *place, json_t **written);

#endif
