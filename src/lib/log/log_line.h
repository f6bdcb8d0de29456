/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_line: formats one log line, without its time, which the log adds when the line enters the ring.
 * Runs on: any thread. Owns: nothing; no memory is allocated.
 */
#ifndef MUNNEL_LIB_LOG_LOG_LINE_H
#define MUNNEL_LIB_LOG_LOG_LINE_H

#include "lib/log/log.h"

enum { LOG_LINE_SIZE = 2048, LOG_TIME_LENGTH = 24 /* 2026-11-22T18:29:41.123Z */ };

struct log_style {
    enum log_format format;
    bool is_coloured;
    bool is_journal; /* read by systemd's journal: "<4>" is the priority, and the text has no time */
};

enum { LOG_FILE_MODE = 0640 };

struct log_target {
    char *path; /* NULL: stderr or stdout, which stay open */
    int fd;
    bool is_journal, has_colours;
};

/* Where the LOG_TIME_LENGTH bytes of the time belong; false: nowhere. */
bool log_line_time_at(struct log_style style, size_t *offset);

/* Writes the line with its newline, cut where it does not fit and still well-formed then. Returns its length. */
size_t log_line_make(char text[LOG_LINE_SIZE], struct log_style style, enum log_level level, const char *who,
                     const char *what, const struct log_field *fields);

#endif
