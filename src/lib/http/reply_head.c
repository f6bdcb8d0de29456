/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * reply_head: of answers of our own server, as strictly as that one takes requests.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/http/reply_head.h"

#include "lib/base/strbuf.h"

#include <string.h>
#include <strings.h>

enum { DIGITS_MOST = 12, CHUNK_DIGITS_MOST = 7 };

struct part {
    const char *text;
    size_t length;
};

static bool is_word(struct part part, const char *word) {
    return strlen(word) == part.length && !strncasecmp(part.text, word, part.length);
}

/* The digits at the beginning; how many there are, 0: none or too many. */
static size_t read_number(struct part part, unsigned base, size_t most, size_t *number) {
    size_t count = 0;
    for (*number = 0; count < part.length; count++) {
        char digit = part.text[count], small = (char)(digit | 0x20);
        bool is_hex = base == 16 && small >= 'a' && small <= 'f';
        if (!is_hex && (digit < '0' || digit > '9'))
            break;
        if (count == most)
            return 0;
        *number = *number * base + (size_t)(is_hex ? small - 'a' + 10 : digit - '0');
    }
    return count;
}

static void copy_part(char *to, size_t size, struct part part) {
    struct strbuf text = strbuf_begin(to, size);
    strbuf_add_part(&text, part.text, part.length);
}

static bool take_header(struct reply_head *head, struct part name, struct part value) {
    if (is_word(name, "Content-Length")) {
        bool is_first = !head->has_length;
        head->has_length = true;
        return is_first && value.length && read_number(value, 10, DIGITS_MOST, &head->length) == value.length;
    }
    if (is_word(name, "Transfer-Encoding")) {
        head->is_chunked = true;
        return is_word(value, "chunked");
    }
    if (is_word(name, "Connection"))
        head->must_close = is_word(value, "close");
    if (is_word(name, "ETag") && value.length > 2 && value.text[0] == '"')
        copy_part(head->version, sizeof head->version, (struct part){value.text + 1, value.length - 2});
    const char *semicolon = value.length ? memchr(value.text, ';', value.length) : NULL;
    if (semicolon)
        value.length = (size_t)(semicolon - value.text);
    if (is_word(name, "Content-Type"))
        copy_part(head->content_type, sizeof head->content_type, value);
    return true;
}

static bool take_line(struct reply_head *head, struct part line) {
    const char *colon = memchr(line.text, ':', line.length);
    if (!colon || colon == line.text)
        return false;
    struct part name = {line.text, (size_t)(colon - line.text)}, value = {colon + 1, line.length - name.length - 1};
    while (value.length && *value.text == ' ') {
        value.text++;
        value.length--;
    }
    return take_header(head, name, value);
}

static bool take_status(struct reply_head *head, struct part line) {
    static const char version[] = "HTTP/1.";
    struct part status = {line.text + 9, 3};
    size_t number;
    if (line.length < 13 || memcmp(line.text, version, sizeof version - 1) != 0 || line.text[8] != ' ' ||
        line.text[12] != ' ' || read_number(status, 10, 3, &number) != 3 || number < 200)
        return false;
    head->status = (unsigned)number;
    return true;
}

int reply_head_parse(struct reply_head *head, const char *bytes, size_t length) {
    *head = (struct reply_head){0};
    for (size_t at = 0;;) {
        const char *end = memchr(bytes + at, '\n', length - at);
        if (!end)
            return length > REPLY_HEAD_MOST ? -1 : 0;
        struct part line = {bytes + at, (size_t)(end - bytes) - at};
        bool is_ended = line.length && line.text[line.length - 1] == '\r';
        line.length -= is_ended;
        if (!is_ended || memchr(line.text, '\0', line.length) || at > REPLY_HEAD_MOST)
            return -1;
        bool is_first = at == 0;
        at += line.length + 2;
        if (!is_first && !line.length) {
            head->size = at;
            return head->has_length && head->is_chunked ? -1 : 1;
        }
        if (is_first ? !take_status(head, line) : !take_line(head, line))
            return -1;
    }
}

int reply_chunk_parse(const char *bytes, size_t length, size_t *line_size, size_t *data_size) {
    size_t digits = read_number((struct part){bytes, length}, 16, CHUNK_DIGITS_MOST, data_size);
    if (length > digits + 1) {
        *line_size = digits + 2;
        return digits && bytes[digits] == '\r' && bytes[digits + 1] == '\n' ? 1 : -1;
    }
    return length && (!digits || (length > digits && bytes[digits] != '\r')) ? -1 : 0;
}

/* The value of "NAME: VALUE", or NULL. */
static char *value_of(char *line, const char *name) {
    size_t length = strlen(name);
    if (strncmp(line, name, length) != 0 || (line[length] && line[length] != ':'))
        return NULL;
    char *value = line + length + (line[length] == ':');
    return value + (*value == ' ');
}

/* Several lines of data are joined by line ends; the joined text is never longer than the lines. */
static void add_data(struct reply_event *event, char **end, char *value) {
    size_t length = strlen(value);
    if (!event->data)
        event->data = *end = value;
    else
        *(*end)++ = '\n';
    memmove(*end, value, length);
    *end += length;
}

static void take_field(struct reply_event *event, char **end, char *line) {
    char *value;
    if ((value = value_of(line, "data")))
        add_data(event, end, value);
    else if ((value = value_of(line, "event")))
        event->name = value;
    else if ((value = value_of(line, "id")))
        event->id = value;
}

int reply_event_parse(struct reply_event *event, char *text, size_t length, size_t *taken) {
    char *end = NULL, *limit = text + length;
    size_t size = 0;
    for (char *at = text, *line_end; (line_end = memchr(at, '\n', (size_t)(limit - at))) && !size; at = line_end + 1)
        if (line_end == at || (line_end == at + 1 && *at == '\r'))
            size = (size_t)(line_end + 1 - text);
    *event = (struct reply_event){0};
    *taken = size;
    for (char *at = text, *next; size && at < text + size; at = next) {
        char *line_end = memchr(at, '\n', (size_t)(text + size - at));
        next = line_end + 1;
        *line_end = '\0';
        if (line_end > at && line_end[-1] == '\r')
            line_end[-1] = '\0';
        take_field(event, &end, at);
    }
    if (event->data)
        *end = '\0';
    return size > 0;
}
