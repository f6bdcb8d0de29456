/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* system_error_windows: see system_error.h. */
#include "config.h"

#include "lib/base/system_error.h"

#include <stdio.h>
#include <string.h>
#include <windows.h>

enum { WORDS = SYSTEM_ERROR_TEXT - 20 }; /* the rest is for the number */

char *system_error_text(unsigned long number, char text[SYSTEM_ERROR_TEXT]) {
    wchar_t wide[WORDS / 3]; /* a unit of UTF-16 is at most three bytes of UTF-8 */
    DWORD count = FormatMessageW(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL, number, 0, wide,
                                 sizeof wide / sizeof *wide, NULL);
    while (count > 0 && wcschr(L". \r\n", wide[count - 1]))
        count--;
    int length = WideCharToMultiByte(CP_UTF8, 0, wide, (int)count, text, WORDS, NULL, NULL);
    if (count == 0 || length <= 0)
        snprintf(text, SYSTEM_ERROR_TEXT, "error %lu", number);
    else
        snprintf(text + length, (size_t)(SYSTEM_ERROR_TEXT - length), " (%lu)", number);
    return text;
}
