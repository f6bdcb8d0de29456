/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log_line: one event as the log's reader takes it: a line of a file, or a datagram for syslog or systemd's journal.
 * Its time is added when it enters the ring. Runs on: any thread. Owns: nothing; no memory is allocated.
 */
#ifndef MUNNEL_LIB_LOG_LOG_LINE_H
#define MUNNEL_LIB_LOG_LOG_LINE_H

#include "lib/log/log.h"

enum {
    LOG_LINE_SIZE = 2048,                    /* of a line, and of a message to syslog or the journal */
    LOG_RECORD_SIZE = 2 * LOG_LINE_SIZE + 1, /* what it needs at most: the journal has each field by itself, too */
    LOG_TIME_LENGTH = 24,                    /* 2026-11-22T18:29:41.123Z */
    LOG_STAMP_LENGTH = 15                    /* Nov 22 18:29:41, syslog's */
};

enum log_envelope {
    LOG_ENVELOPE_NONE,
    LOG_ENVELOPE_PRIORITY, /* a stream that systemd's journal reads: "<4>" is the priority, and a text has no time */
    LOG_ENVELOPE_SYSLOG,   /* "<28>Nov 22 18:29:41 munneld[17]: ", as syslog(3) writes it; a text has no time */
    LOG_ENVELOPE_JOURNAL   /* the journal's own protocol: FIELD=value, a line each */
};

struct log_style {
    enum log_format format;
    enum log_envelope envelope;
    bool is_coloured;
    const char *program;
    unsigned process;
};

struct log_record {
    char text[LOG_RECORD_SIZE];
    size_t length;            /* with its end: a newline; of a datagram a NUL, which is not sent */
    size_t time_at, stamp_at; /* where the time belongs, and syslog's stamp */
    bool has_time, has_stamp; /* does it belong anywhere? */
};

/* Makes the record, cut where it does not fit and still well-formed then. */
void log_line_make(struct log_record *record, struct log_style style, enum log_level level, const char *who,
                   const char *what, const struct log_field *fields);

static inline bool log_envelope_is_datagram(enum log_envelope envelope) {
    return envelope == LOG_ENVELOPE_SYSLOG || envelope == LOG_ENVELOPE_JOURNAL;
}

#endif
