/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * open_memory: see open_memory.h.
 */
#include "config.h"

#include "proto/open_memory.h"

#include <string.h>

static const char head[] = "{\"id\":\"", before_from[] = ",\"from\":\"", before_timeout[] = "\",\"timeout_ms\":";

struct reader {
    const char *at, *end;
};

static bool skip(struct reader *reader, const char *text, size_t length) {
    if ((size_t)(reader->end - reader->at) < length || memcmp(reader->at, text, length) != 0)
        return false;
    reader->at += length;
    return true;
}

/* Plain characters up to the quotation mark, which is left; false if there is one that JSON would write otherwise. */
static bool take_text(struct reader *reader, char *to, size_t size) {
    size_t length = 0;
    while (reader->at < reader->end && *reader->at != '"') {
        char c = *reader->at++;
        if (c < ' ' || c > '~' || c == '\\' || length + 1 >= size)
            return false;
        to[length++] = c;
    }
    to[length] = '\0';
    return length > 0 && reader->at < reader->end;
}

/* The digits and the brace that end the message; at most nine, so that nothing overflows. */
static bool take_timeout(struct reader *reader, uint64_t *timeout_ms) {
    int digits = 0;
    *timeout_ms = 0;
    while (reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9' && digits++ < 8)
        *timeout_ms = *timeout_ms * 10 + (uint64_t)(*reader->at++ - '0');
    bool leads_with_zero = digits > 1 && reader->at[-digits] == '0';
    return digits > 0 && !leads_with_zero && skip(reader, "}", 1) && reader->at == reader->end;
}

static bool recognise(struct open_memory *memory, struct open_request *open, const char *text, size_t length) {
    struct reader reader = {text, text + length};
    uint64_t timeout_ms;
    if (!memory->known.json || !skip(&reader, head, sizeof head - 1) ||
        !take_text(&reader, memory->id, sizeof memory->id) || !skip(&reader, "\"", 1) ||
        !skip(&reader, memory->terms, memory->terms_length) || !take_text(&reader, memory->from, sizeof memory->from) ||
        !skip(&reader, before_timeout, sizeof before_timeout - 1) || !take_timeout(&reader, &timeout_ms)) {
        return false;
    }
    *open = memory->known;
    open->id = memory->id;
    open->from = memory->from;
    open->timeout_ms = timeout_ms;
    return true;
}

/* What lies between id and the sender's address, if the message has the usual form and is not too long. */
static void remember_terms(struct open_memory *memory, const char *text, size_t length) {
    const char *id_end = length > sizeof head ? memchr(text + sizeof head - 1, '"', length - sizeof head + 1) : NULL;
    memory->terms_length = 0;
    if (!id_end || memcmp(text, head, sizeof head - 1) != 0)
        return;
    const char *from = memmem(id_end, (size_t)(text + length - id_end), before_from, sizeof before_from - 1);
    size_t terms = from ? (size_t)(from - id_end) - 1 + sizeof before_from - 1 : 0;
    if (terms > 0 && terms <= sizeof memory->terms) {
        memcpy(memory->terms, id_end + 1, terms);
        memory->terms_length = terms;
    }
}

void open_memory_begin(struct open_memory *memory) {
    memset(memory, 0, sizeof *memory);
}

void open_memory_end(struct open_memory *memory) {
    open_done(&memory->known);
}

int open_memory_parse(struct open_memory *memory, struct open_request *open, const char *text, size_t length,
                      struct error *error) {
    if (memory->terms_length > 0 && recognise(memory, open, text, length))
        return 0;
    open_done(&memory->known);
    memory->terms_length = 0;
    if (open_parse(&memory->known, text, length, error))
        return -1;
    remember_terms(memory, text, length);
    *open = memory->known;
    return 0;
}
