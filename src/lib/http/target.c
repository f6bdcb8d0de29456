/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * target: RFC 9112 section 3.2, of which origin-form and an absolute-form of http are accepted.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/http/target.h"

#include "lib/base/utf8.h"

#include <string.h>
#include <strings.h>

static int digit_value(char digit) {
    if (digit >= '0' && digit <= '9')
        return digit - '0';
    char small = (char)(digit | 0x20);
    return small >= 'a' && small <= 'f' ? small - 'a' + 10 : -1;
}

/* The byte that the %XX at `text` stands for; -1: it is none. */
static int encoded_byte(const char *text, size_t length) {
    if (length < 3 || digit_value(text[1]) < 0 || digit_value(text[2]) < 0)
        return -1;
    return digit_value(text[1]) << 4 | digit_value(text[2]);
}

static bool is_well_formed(const char *text) {
    for (const char *at = text; *at; at++)
        if (*at <= ' ' || *at > '~' || *at == '#' || (*at == '%' && encoded_byte(at, strnlen(at, 3)) < 0))
            return false;
    return true;
}

/* "http://HOST/..." or "http://HOST": takes the host off; where the path begins, or NULL. */
static const char *skip_authority(struct target *target, const char *text) {
    static const char scheme[] = "http://";
    if (strncasecmp(text, scheme, sizeof scheme - 1))
        return NULL;
    target->host = text + sizeof scheme - 1;
    target->host_length = strcspn(target->host, "/?");
    return target->host_length && !memchr(target->host, '@', target->host_length) ? target->host + target->host_length
                                                                                  : NULL;
}

bool target_parse(struct target *target, const char *text) {
    *target = (struct target){0};
    if (!is_well_formed(text))
        return false;
    const char *path = *text == '/' ? text : skip_authority(target, text);
    if (!path)
        return false;
    target->path_length = strcspn(path, "?");
    target->query = path[target->path_length] ? path + target->path_length + 1 : NULL;
    target->path = target->path_length ? path : "/";
    target->path_length = target->path_length ? target->path_length : 1;
    return true;
}

/* Returns the length of the value, or TARGET_VALUE: malformed, or too long. */
static size_t decode(char value[TARGET_VALUE], const char *text, size_t length, bool has_plus) {
    size_t used = 0;
    for (size_t at = 0; at < length; at++) {
        int byte = (unsigned char)text[at];
        if (byte == '%') {
            byte = encoded_byte(text + at, length - at);
            at += 2;
        } else if (byte == '+' && has_plus) {
            byte = ' ';
        }
        if (byte <= 0 || used + 1 == TARGET_VALUE)
            return TARGET_VALUE;
        value[used++] = (char)byte;
    }
    value[used] = '\0';
    return utf8_is_clean(value) ? used : TARGET_VALUE;
}

bool target_decode_segment(char value[TARGET_VALUE], const char *text, size_t length) {
    size_t used = decode(value, text, length, false);
    return used > 0 && used < TARGET_VALUE && !strchr(value, '/') && strcmp(value, ".") && strcmp(value, "..");
}

bool target_decode_query(char value[TARGET_VALUE], const char *text, size_t length) {
    return decode(value, text, length, true) < TARGET_VALUE;
}

bool target_next_part(const char **query, struct target_part *part) {
    const char *at = *query + strspn(*query, "&");
    if (!*at)
        return false;
    size_t length = strcspn(at, "&");
    const char *equals = memchr(at, '=', length);
    size_t name_length = equals ? (size_t)(equals - at) : length;
    *part = (struct target_part){.name = at,
                                 .value = equals ? equals + 1 : at + length,
                                 .name_length = name_length,
                                 .value_length = equals ? length - name_length - 1 : 0};
    *query = at + length;
    return true;
}
