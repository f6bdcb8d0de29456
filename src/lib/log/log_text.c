/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* log_text: see log_text.h. */
#include "config.h"

#include "lib/log/log_text.h"

#include "lib/base/strbuf.h"

#include <string.h>

static const char hex_digits[] = "0123456789abcdef";

void log_text_put(struct log_text *line, const char *bytes, size_t length) {
    if (line->is_cut || line->used + length > line->limit) {
        line->is_cut = true;
        return;
    }
    memcpy(line->text + line->used, bytes, length);
    line->used += length;
}

void log_text_put_string(struct log_text *line, const char *text) {
    log_text_put(line, text, strlen(text));
}

void log_text_put_last(struct log_text *line, const char *text) {
    size_t length = strlen(text);
    memcpy(line->text + line->used, text, length);
    line->used += length;
}

void log_text_put_number(struct log_text *line, uint64_t number) {
    char digits[STRBUF_DIGITS];
    size_t count = strbuf_digits(digits, number);
    log_text_put(line, digits + STRBUF_DIGITS - count, count);
}

/* The length of the UTF-8 character at `text` and its code; 0 if it is none (cut, overlong, a surrogate, too high). */
static size_t utf8_character(const unsigned char *text, uint32_t *code) {
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = text[0] >= 0xf0 ? 4 : text[0] >= 0xe0 ? 3 : 2;
    if (text[0] < 0xc2 || text[0] > 0xf4)
        return 0;
    *code = text[0] & (0xffu >> (length + 1));
    for (size_t i = 1; i < length; i++) {
        if ((text[i] & 0xc0) != 0x80) /* also at the end of the text */
            return 0;
        *code = *code << 6 | (text[i] & 0x3fu);
    }
    bool is_surrogate = *code >= 0xd800 && *code <= 0xdfff;
    return *code < least[length] || *code > 0x10ffff || is_surrogate ? 0 : length;
}

/* C1 controls, and what reorders or breaks a line on the reader's screen. */
static bool is_treacherous(uint32_t code) {
    return code < 0xa0 || code == 0x061c || (code >= 0x200b && code <= 0x200f) || (code >= 0x2028 && code <= 0x202e) ||
           (code >= 0x2066 && code <= 0x2069) || code == 0xfeff;
}

static void put_hex(struct log_text *line, const char *prefix, uint32_t value, int digits) {
    char text[16];
    size_t length = strlen(prefix);
    memcpy(text, prefix, length);
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        text[length++] = hex_digits[value >> shift & 15];
    log_text_put(line, text, length);
}

static void put_ascii(struct log_text *line, char c) {
    const char escape[] = {'\\', c, '\0'};
    switch (c) {
    case '"':
    case '\\':
        log_text_put(line, escape, 2);
        break;
    case '\n':
        log_text_put(line, "\\n", 2);
        break;
    case '\r':
        log_text_put(line, "\\r", 2);
        break;
    case '\t':
        log_text_put(line, "\\t", 2);
        break;
    default:
        put_hex(line, line->is_json ? "\\u00" : "\\x", (unsigned char)c, 2);
    }
}

/* Returns how many bytes of `text` it has dealt with. */
static size_t put_beyond_ascii(struct log_text *line, const char *text) {
    uint32_t code = 0;
    size_t length = utf8_character((const unsigned char *)text, &code);
    if (length == 0) {
        put_hex(line, line->is_json ? "\\\\x" : "\\x", (unsigned char)*text, 2);
        return 1;
    }
    if (is_treacherous(code)) {
        put_hex(line, "\\u", code, 4); /* all of them have four digits */
    } else {
        log_text_put(line, text, length);
    }
    return length;
}

static bool is_plain(char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

void log_text_put_escaped(struct log_text *line, const char *text, bool is_quoted) {
    while (*text && !line->is_cut) {
        size_t plain = 0;
        while (is_plain(text[plain]) || (text[plain] == '"' && !is_quoted))
            plain++;
        if (plain > 0) {
            size_t room = line->limit - line->used;
            log_text_put(line, text, plain < room ? plain : room);
            line->is_cut = line->is_cut || plain > room;
            text += plain;
        } else if ((unsigned char)*text < 0x80) {
            put_ascii(line, *text++);
        } else {
            text += put_beyond_ascii(line, text);
        }
    }
}

void log_text_close_quotes(struct log_text *line) {
    if (line->is_cut) {
        log_text_put_last(line, "...\"");
    } else {
        log_text_put(line, "\"", 1);
        if (line->is_cut)
            log_text_put_last(line, "\"");
    }
}

size_t log_text_bare_length(const char *text) {
    size_t length = 0;
    while (is_plain(text[length]) && text[length] != ' ' && text[length] != '=')
        length++;
    return text[length] ? 0 : length;
}
