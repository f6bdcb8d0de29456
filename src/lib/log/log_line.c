/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_line: formats by hand, since ten thousand relays a second each write a line, and escapes what a peer could have
 * sent to forge another line, move a terminal's cursor or hide text.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/strbuf.h"
#include "lib/log/log_line.h"

#include <string.h>

enum {
    TAIL = 8,          /* kept free for what closes a line: ..."}\n */
    GRAVITY = 3,       /* the length of "<4>" */
    NUMBER_DIGITS = 21 /* of 2^64 - 1, or of a thousandth of it with its three decimals */
};

static const char json_start[] = "{\"time\":\"";
static const char hex_digits[] = "0123456789abcdef";

static const struct level_text {
    const char *name, *padding, *colour, *gravity; /* the last is syslog's, as the journal reads it */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", "  ", "\033[1;31m", "<3>"},
    [LOG_LEVEL_WARNING] = {"warning", "", "\033[33m", "<4>"},
    [LOG_LEVEL_INFO] = {"info", "   ", "\033[32m", "<6>"},
    [LOG_LEVEL_DEBUG] = {"debug", "  ", "\033[2m", "<7>"},
};

struct line {
    char *text;
    size_t used, limit;
    bool is_json, is_cut; /* cut: something did not fit, and nothing but the tail follows */
};

static void put(struct line *line, const char *bytes, size_t length) {
    if (line->is_cut || line->used + length > line->limit) {
        line->is_cut = true;
        return;
    }
    memcpy(line->text + line->used, bytes, length);
    line->used += length;
}

static void put_text(struct line *line, const char *text) {
    put(line, text, strlen(text));
}

/* For the tail, which has its room kept. */
static void put_last(struct line *line, const char *text) {
    size_t length = strlen(text);
    memcpy(line->text + line->used, text, length);
    line->used += length;
}

static void put_number(struct line *line, uint64_t number) {
    char digits[STRBUF_DIGITS];
    size_t count = strbuf_digits(digits, number);
    put(line, digits + STRBUF_DIGITS - count, count);
}

static void put_field_number(struct line *line, const struct log_field *field) {
    if (!field->is_thousandths) {
        put_number(line, field->number);
        return;
    }
    unsigned rest = (unsigned)(field->number % 1000);
    const char decimals[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    put_number(line, field->number / 1000);
    put(line, decimals, sizeof decimals);
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

static void put_hex(struct line *line, const char *prefix, uint32_t value, int digits) {
    char text[16];
    size_t length = strlen(prefix);
    memcpy(text, prefix, length);
    for (int shift = 4 * (digits - 1); shift >= 0; shift -= 4)
        text[length++] = hex_digits[value >> shift & 15];
    put(line, text, length);
}

static void put_ascii(struct line *line, char c) {
    const char escape[] = {'\\', c, '\0'};
    switch (c) {
    case '"':
    case '\\':
        put(line, escape, 2);
        break;
    case '\n':
        put(line, "\\n", 2);
        break;
    case '\r':
        put(line, "\\r", 2);
        break;
    case '\t':
        put(line, "\\t", 2);
        break;
    default:
        put_hex(line, line->is_json ? "\\u00" : "\\x", (unsigned char)c, 2);
    }
}

/* Returns how many bytes of `text` it has dealt with. */
static size_t put_beyond_ascii(struct line *line, const char *text) {
    uint32_t code = 0;
    size_t length = utf8_character((const unsigned char *)text, &code);
    if (length == 0) {
        put_hex(line, line->is_json ? "\\\\x" : "\\x", (unsigned char)*text, 2);
        return 1;
    }
    if (is_treacherous(code)) {
        put_hex(line, "\\u", code, 4); /* all of them have four digits */
    } else {
        put(line, text, length);
    }
    return length;
}

static bool is_plain(char c) {
    return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

/* In text that is not quoted a quotation mark stands for itself. */
static void put_escaped(struct line *line, const char *text, bool is_quoted) {
    while (*text && !line->is_cut) {
        size_t plain = 0;
        while (is_plain(text[plain]) || (text[plain] == '"' && !is_quoted))
            plain++;
        if (plain > 0) {
            size_t room = line->limit - line->used;
            put(line, text, plain < room ? plain : room);
            line->is_cut = line->is_cut || plain > room;
            text += plain;
        } else if ((unsigned char)*text < 0x80) {
            put_ascii(line, *text++);
        } else {
            text += put_beyond_ascii(line, text);
        }
    }
}

/* Ends a value in quotes, which had room to begin, where it was cut. */
static void close_quotes(struct line *line) {
    if (line->is_cut) {
        put_last(line, "...\"");
    } else {
        put(line, "\"", 1);
        if (line->is_cut)
            put_last(line, "\"");
    }
}

/* Is there room for a member or field of this name, and a number, and the quotation marks? */
static bool has_room(const struct line *line, const char *name) {
    return !line->is_cut && line->used + strlen(name) + 6 + NUMBER_DIGITS <= line->limit;
}

static void put_json_member(struct line *line, const struct log_field *field) {
    put(line, ",\"", 2);
    put_text(line, field->name);
    put(line, "\":", 2);
    if (field->text) {
        put(line, "\"", 1);
        put_escaped(line, field->text, true);
        close_quotes(line);
    } else {
        put_field_number(line, field);
    }
}

/* The length of a text that stands in a line as it is, as most do; 0: it must be quoted or escaped. */
static size_t bare_length(const char *text) {
    size_t length = 0;
    while (is_plain(text[length]) && text[length] != ' ' && text[length] != '=')
        length++;
    return text[length] ? 0 : length;
}

static bool needs_quotes(const char *text) {
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=')
            return true;
    }
    return !*text;
}

static void put_text_field(struct line *line, const struct log_field *field) {
    put(line, " ", 1);
    put_text(line, field->name);
    put(line, "=", 1);
    size_t bare = field->text ? bare_length(field->text) : 0;
    if (!field->text) {
        put_field_number(line, field);
    } else if (bare > 0 && bare <= line->limit - line->used) {
        put(line, field->text, bare);
    } else if (needs_quotes(field->text)) {
        put(line, "\"", 1);
        put_escaped(line, field->text, true);
        close_quotes(line);
    } else {
        put_escaped(line, field->text, true);
        if (line->is_cut)
            put_last(line, "...");
    }
}

/* One place decides for both formats when the line is full: before a field that cannot be begun, and behind a cut one.
 */
static void put_fields(struct line *line, const struct log_field *fields,
                       void (*put_field)(struct line *, const struct log_field *)) {
    for (const struct log_field *field = fields; field && field->name; field++) {
        if (!has_room(line, field->name)) {
            line->is_cut = true;
            return;
        }
        put_field(line, field);
    }
}

static void make_json(struct line *line, enum log_level level, const char *who, const char *what,
                      const struct log_field *fields) {
    put(line, json_start, sizeof json_start - 1);
    line->used += LOG_TIME_LENGTH;
    put(line, "\"", 1);
    const struct log_field start[] = {LOG_TEXT("level", levels[level].name), LOG_TEXT("who", who),
                                      LOG_TEXT("event", what), LOG_END};
    put_fields(line, start, put_json_member);
    put_fields(line, fields, put_json_member);
    put_last(line, "}\n");
}

/* An agent's name is in it, which its sender chose: what could be taken for more of the line goes in quotes. */
static void put_who(struct line *line, const char *who) {
    size_t length = strlen(who);
    bool is_bare = !strpbrk(who, "\"\\=") && !strstr(who, "  ") && who[0] != ' ' && who[length - 1] != ' ';

    put_text(line, is_bare ? "" : "\"");
    put_escaped(line, who, !is_bare);
    put_text(line, is_bare ? "  " : "\"  ");
}

static void make_text(struct line *line, struct log_style style, enum log_level level, const char *who,
                      const char *what, const struct log_field *fields) {
    const bool is_coloured = style.is_coloured;
    if (!style.is_journal) {
        line->used += LOG_TIME_LENGTH;
        put(line, " ", 1);
    }
    put_text(line, is_coloured ? levels[level].colour : "");
    put_text(line, levels[level].name);
    put_text(line, is_coloured ? "\033[0m" : "");
    put_text(line, levels[level].padding);
    put(line, " ", 1);
    if (*who)
        put_who(line, who);
    put_escaped(line, what, false);
    if (line->is_cut)
        put_last(line, "...");
    put_fields(line, fields, put_text_field);
    put_last(line, "\n");
}

bool log_line_time_at(struct log_style style, size_t *offset) {
    *offset = style.is_journal ? GRAVITY : 0;
    if (style.format == LOG_FORMAT_JSON)
        *offset += sizeof json_start - 1;
    return style.format == LOG_FORMAT_JSON || !style.is_journal;
}

size_t log_line_make(char text[LOG_LINE_SIZE], struct log_style style, enum log_level level, const char *who,
                     const char *what, const struct log_field *fields) {
    struct line line = {.text = text,
                        .used = 0,
                        .limit = LOG_LINE_SIZE - TAIL,
                        .is_json = style.format == LOG_FORMAT_JSON};
    who = who ? who : "";
    what = what ? what : "";
    if (style.is_journal)
        put(&line, levels[level].gravity, GRAVITY);
    if (line.is_json) {
        make_json(&line, level, who, what, fields);
    } else {
        make_text(&line, style, level, who, what, fields);
    }
    return line.used;
}
