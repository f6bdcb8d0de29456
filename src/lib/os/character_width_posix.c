/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * character_width_posix: see character_width.h. In a locale with UTF-8 a wchar_t is the number of the character, on
 * every system that there is.
 */
#include "config.h"

#include "lib/os/character_width.h"

#include <langinfo.h>
#include <string.h>
#include <wchar.h>

bool character_set_is_utf8(void) {
    return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

int character_width(uint32_t character) {
    return wcwidth((wchar_t)character);
}
