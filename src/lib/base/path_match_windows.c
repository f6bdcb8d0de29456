/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * path_match_windows: patterns without glob(3). A backslash separates here, so that it cannot take the meaning of what
 * follows it; "[*]" does.
 */
#include "config.h"

#include "lib/base/path.h"
#include "lib/base/utf8.h"

#include <string.h>

static char lower(char byte) {
    return byte >= 'A' && byte <= 'Z' ? (char)(byte - 'A' + 'a') : byte;
}

static bool is_same(char a, char b) {
    return lower(a) == lower(b) || (path_is_separator(a) && path_is_separator(b));
}

/* Of the character at `text`; a byte that is no UTF-8 counts as one. */
static size_t length_at(const char *text) {
    size_t length = utf8_length(text);
    return length ? length : 1;
}

/* Behind the ']' of the set that begins at `set`, "[" included; NULL: it has no end, and '[' means itself. */
static const char *set_end(const char *set) {
    const char *at = set + 1;
    if (*at == '!' || *at == '^')
        at++;
    const char *end = *at ? strchr(at + 1, ']') : NULL; /* a ']' that comes first means itself */
    return end && !memchr(set, '/', (size_t)(end - set)) && !memchr(set, '\\', (size_t)(end - set)) ? end + 1 : NULL;
}

/* Bytes of UTF-8 have the order of their characters. */
static bool is_between(const char *text, size_t length, const char *from, size_t from_length, const char *to,
                       size_t to_length) {
    bool is_single = length == 1 && from_length == 1 && to_length == 1;
    if (is_single)
        return lower(*text) >= lower(*from) && lower(*text) <= lower(*to);
    int low = memcmp(text, from, length < from_length ? length : from_length);
    int high = memcmp(text, to, length < to_length ? length : to_length);
    return (low > 0 || (low == 0 && length >= from_length)) && (high < 0 || (high == 0 && length <= to_length));
}

static bool set_has(const char *set, const char *end, const char *text) {
    const char *at = set + 1;
    bool is_inverse = *at == '!' || *at == '^', is_in = false;
    for (at += is_inverse; at < end - 1;) {
        size_t from_length = length_at(at), to_length = from_length;
        const char *from = at, *to = at;
        at += from_length;
        if (*at == '-' && at + 1 < end - 1) {
            to = at + 1;
            to_length = length_at(to);
            at = to + to_length;
        }
        is_in = is_in || is_between(text, length_at(text), from, from_length, to, to_length);
    }
    return is_in != is_inverse;
}

/* One character against what stands for one. Returns what follows that in the pattern; NULL: it does not match. */
static const char *match_one(const char *pattern, const char *text, bool begins_name) {
    bool is_hidden = begins_name && *text == '.';
    const char *end = *pattern == '[' ? set_end(pattern) : NULL;
    if (end)
        return !path_is_separator(*text) && !is_hidden && set_has(pattern, end, text) ? end : NULL;
    if (*pattern == '?')
        return !path_is_separator(*text) && !is_hidden ? pattern + 1 : NULL;
    return is_same(*pattern, *text) ? pattern + 1 : NULL;
}

/* The star that came last takes one character more each time the rest does not match; an earlier one need not. */
bool path_matches(const char *pattern, const char *path) {
    const char *text = path, *star = NULL, *taken = NULL;
    while (*text || *pattern) {
        bool begins_name = text == path || path_is_separator(text[-1]);
        if (*pattern == '*' && !(begins_name && *text == '.')) {
            star = ++pattern;
            taken = text;
            continue;
        }
        const char *next = *text && *pattern ? match_one(pattern, text, begins_name) : NULL;
        if (next) {
            text += *pattern == '?' || *pattern == '[' ? length_at(text) : 1;
            pattern = next;
            continue;
        }
        if (!star || !*taken || path_is_separator(*taken))
            return false;
        text = taken += length_at(taken);
        pattern = star;
    }
    return true;
}
