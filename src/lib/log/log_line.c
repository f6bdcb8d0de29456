/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_line: formats by hand, since ten thousand relays a second each write a line.
 */
#include "config.h"

#include "lib/log/log_line.h"

#include "lib/log/log_text.h"

#include <string.h>

enum {
    TAIL = 8,           /* kept free for what closes a record: ..."}, a newline or a NUL */
    ROUND_A_VALUE = 8,  /* ,"":"" or MUNNEL_= */
    NUMBER_DIGITS = 21, /* of 2^64 - 1, or of a thousandth of it with its three decimals */
    DAEMON = 3          /* syslog's facility */
};

static const struct level_text {
    const char *name, *padding, *colour;
    unsigned severity; /* syslog's, which is the journal's */
} levels[] = {
    [LOG_LEVEL_ERROR] = {"error", "  ", "\033[1;31m", 3},
    [LOG_LEVEL_WARNING] = {"warning", "", "\033[33m", 4},
    [LOG_LEVEL_INFO] = {"info", "   ", "\033[32m", 6},
    [LOG_LEVEL_DEBUG] = {"debug", "  ", "\033[2m", 7},
};

/* What is to be written. */
struct event {
    enum log_level level;
    const char *who, *what;
    const struct log_field *fields;
};

static void put_time(struct log_text *line, struct log_record *record) {
    record->has_time = true;
    record->time_at = line->used;
    line->used += LOG_TIME_LENGTH;
}

static void put_field_number(struct log_text *line, const struct log_field *field) {
    if (!field->is_thousandths) {
        log_text_put_number(line, field->number);
        return;
    }
    unsigned rest = (unsigned)(field->number % 1000);
    const char decimals[] = {'.', (char)('0' + rest / 100), (char)('0' + rest / 10 % 10), (char)('0' + rest % 10)};
    log_text_put_number(line, field->number / 1000);
    log_text_put(line, decimals, sizeof decimals);
}

/* Is there room for a member or field of this name, and a number? */
static bool has_room(const struct log_text *line, const char *name) {
    return !line->is_cut && line->used + strlen(name) + ROUND_A_VALUE + NUMBER_DIGITS <= line->limit;
}

static void put_json_member(struct log_text *line, const struct log_field *field) {
    log_text_put(line, ",\"", 2);
    log_text_put_string(line, field->name);
    log_text_put(line, "\":", 2);
    if (field->is_null) {
        log_text_put_string(line, "null");
    } else if (field->text) {
        log_text_put(line, "\"", 1);
        log_text_put_escaped(line, field->text, true);
        log_text_close_quotes(line);
    } else {
        put_field_number(line, field);
    }
}

/* A text that looks like the mark of a field without a value. */
static bool is_null_mark(const char *text) {
    return text[0] == '-' && !text[1];
}

static bool needs_quotes(const char *text) {
    for (const char *at = text; *at; at++) {
        if ((unsigned char)*at <= ' ' || *at == '"' || *at == '=')
            return true;
    }
    return !*text || is_null_mark(text);
}

static void put_text_field(struct log_text *line, const struct log_field *field) {
    log_text_put(line, " ", 1);
    log_text_put_string(line, field->name);
    log_text_put(line, "=", 1);
    size_t bare = field->text ? log_text_bare_length(field->text) : 0;
    if (field->is_null) {
        log_text_put(line, "-", 1);
    } else if (!field->text) {
        put_field_number(line, field);
    } else if (bare > 0 && bare <= line->limit - line->used && !is_null_mark(field->text)) {
        log_text_put(line, field->text, bare);
    } else if (needs_quotes(field->text)) {
        log_text_put(line, "\"", 1);
        log_text_put_escaped(line, field->text, true);
        log_text_close_quotes(line);
    } else {
        log_text_put_escaped(line, field->text, true);
        if (line->is_cut)
            log_text_put_last(line, "...");
    }
}

/* One place decides for both formats when the line is full: before a field that cannot be begun, and behind a cut one.
 */
static void put_fields(struct log_text *line, const struct log_field *fields,
                       void (*put_field)(struct log_text *, const struct log_field *)) {
    for (const struct log_field *field = fields; field && field->name; field++) {
        if (!has_room(line, field->name)) {
            line->is_cut = true;
            return;
        }
        put_field(line, field);
    }
}

static void put_json(struct log_text *line, struct log_record *record, const struct event *event) {
    const struct log_field start[] = {LOG_TEXT("level", levels[event->level].name), LOG_TEXT("who", event->who),
                                      LOG_TEXT("event", event->what), LOG_END};

    line->is_json = true;
    log_text_put_string(line, "{\"time\":\"");
    put_time(line, record);
    log_text_put(line, "\"", 1);
    put_fields(line, start, put_json_member);
    put_fields(line, event->fields, put_json_member);
    log_text_put_last(line, "}");
    line->is_json = false;
}

/* An agent's name is in it, which its sender chose: what could be taken for more of the line goes in quotes. */
static void put_who(struct log_text *line, const char *who) {
    size_t length = strlen(who);
    bool is_bare = !strpbrk(who, "\"\\=") && !strstr(who, "  ") && who[0] != ' ' && who[length - 1] != ' ';

    log_text_put_string(line, is_bare ? "" : "\"");
    log_text_put_escaped(line, who, !is_bare);
    log_text_put_string(line, is_bare ? "  " : "\"  ");
}

static void put_text(struct log_text *line, bool is_coloured, const struct event *event) {
    const struct level_text *level = &levels[event->level];

    log_text_put_string(line, is_coloured ? level->colour : "");
    log_text_put_string(line, level->name);
    log_text_put_string(line, is_coloured ? "\033[0m" : "");
    log_text_put_string(line, level->padding);
    log_text_put(line, " ", 1);
    if (*event->who)
        put_who(line, event->who);
    log_text_put_escaped(line, event->what, false);
    if (line->is_cut)
        log_text_put_last(line, "...");
    put_fields(line, event->fields, put_text_field);
}

/* ---- what is round the line ---- */

static void put_priority(struct log_text *line, unsigned priority) {
    log_text_put(line, "<", 1);
    log_text_put_number(line, priority);
    log_text_put(line, ">", 1);
}

/* Local time without a year, since that is what reads /dev/log: RFC 5424 is for the network there. */
static void put_syslog_header(struct log_text *line, struct log_record *record, struct log_style style,
                              enum log_level level) {
    put_priority(line, DAEMON << 3 | levels[level].severity);
    record->has_stamp = true;
    record->stamp_at = line->used;
    line->used += LOG_STAMP_LENGTH;
    log_text_put(line, " ", 1);
    log_text_put_string(line, style.program);
    log_text_put(line, "[", 1);
    log_text_put_number(line, style.process);
    log_text_put(line, "]: ", 3);
}

static void put_journal_header(struct log_text *line, struct log_style style, enum log_level level) {
    log_text_put_string(line, "PRIORITY=");
    log_text_put_number(line, levels[level].severity);
    log_text_put_string(line, "\nSYSLOG_FACILITY=");
    log_text_put_number(line, DAEMON);
    log_text_put_string(line, "\nSYSLOG_IDENTIFIER=");
    log_text_put_string(line, style.program);
    log_text_put_string(line, "\nMESSAGE=");
}

/* MUNNEL_NAME=value. No value has a newline, for which the protocol has another form: it is escaped. */
static void put_journal_field(struct log_text *line, const struct log_field *field) {
    if (field->is_null)
        return;
    log_text_put_string(line, "MUNNEL_");
    for (const char *at = field->name; *at; at++) {
        const char upper = *at >= 'a' && *at <= 'z' ? (char)(*at - 'a' + 'A') : *at;
        log_text_put(line, &upper, 1);
    }
    log_text_put(line, "=", 1);
    if (field->text)
        log_text_put_escaped(line, field->text, false);
    else
        put_field_number(line, field);
    log_text_put_last(line, line->is_cut ? "...\n" : "\n");
}

static void put_journal_fields(struct log_text *line, const struct event *event) {
    const struct log_field start[] = {LOG_TEXT("who", event->who), LOG_TEXT("event", event->what), LOG_END};

    log_text_put_last(line, "\n");
    line->limit = LOG_RECORD_SIZE - TAIL;
    line->is_cut = false;
    put_fields(line, start, put_journal_field);
    put_fields(line, event->fields, put_journal_field);
}

static void put_header(struct log_text *line, struct log_record *record, struct log_style style, enum log_level level) {
    if (style.envelope == LOG_ENVELOPE_PRIORITY)
        put_priority(line, levels[level].severity);
    else if (style.envelope == LOG_ENVELOPE_SYSLOG)
        put_syslog_header(line, record, style, level);
    else if (style.envelope == LOG_ENVELOPE_JOURNAL)
        put_journal_header(line, style, level);
}

void log_line_make(struct log_record *record, struct log_style style, enum log_level level, const char *who,
                   const char *what, const struct log_field *fields) {
    struct log_text line = {.text = record->text, .limit = LOG_LINE_SIZE - TAIL};
    const struct event event = {level, who ? who : "", what ? what : "", fields};

    record->has_time = record->has_stamp = false;
    put_header(&line, record, style, level);
    if (style.format == LOG_FORMAT_JSON) {
        put_json(&line, record, &event);
    } else {
        if (style.envelope == LOG_ENVELOPE_NONE) {
            put_time(&line, record);
            log_text_put(&line, " ", 1);
        }
        put_text(&line, style.is_coloured, &event);
    }
    if (style.envelope == LOG_ENVELOPE_JOURNAL)
        put_journal_fields(&line, &event);
    if (log_envelope_is_datagram(style.envelope))
        line.text[line.used++] = '\0';
    else
        log_text_put_last(&line, "\n");
    record->length = line.used;
}
