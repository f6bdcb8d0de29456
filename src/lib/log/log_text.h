/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_text: a text that is being written into a bounded buffer, and the escapes that keep a peer from forging a line,
 * moving a terminal's cursor or hiding text.
 * Runs on: any thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_LOG_LOG_TEXT_H
#define MUNNEL_LIB_LOG_LOG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct log_text {
    char *text;
    size_t used, limit;   /* the limit leaves room behind it for what log_text_put_last() is given */
    bool is_json, is_cut; /* cut: something did not fit, and nothing but the tail follows */
};

void log_text_put(struct log_text *line, const char *bytes, size_t length);
void log_text_put_string(struct log_text *line, const char *text);
void log_text_put_last(struct log_text *line, const char *text);
void log_text_put_number(struct log_text *line, uint64_t number);
/* In text that is not quoted a quotation mark stands for itself. */
void log_text_put_escaped(struct log_text *line, const char *text, bool is_quoted);
/* Ends a value in quotes, which had room to begin, where it was cut. */
void log_text_close_quotes(struct log_text *line);
/* The length of a text that stands in a line as it is, as most do; 0: it must be quoted or escaped. */
size_t log_text_bare_length(const char *text);

#endif
