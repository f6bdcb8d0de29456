/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log: one line per event, never in the way of the traffic.
 *
 * Callers format a line and put it into a bounded ring under a short lock; one thread of the log's own writes. When
 * the ring is full, lines are dropped and counted, and one line gives their number once there is room.
 * Runs on: log_event and log_write on any thread; the rest on the thread that owns the log.
 * Owns: the ring, the writing thread, the file when it opened one.
 */
#ifndef MUNNEL_LIB_LOG_LOG_H
#define MUNNEL_LIB_LOG_LOG_H

#include "lib/base/error.h"
#include "lib/base/format.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };
enum log_format { LOG_FORMAT_AUTO, LOG_FORMAT_TEXT, LOG_FORMAT_JSON };

struct log;

struct log_field { /* one name and value of an event; an array of them ends with name == NULL */
    const char *name;
    const char *text; /* NULL: `number` counts */
    uint64_t number;
    bool is_thousandths; /* shown with three decimals: microseconds as milliseconds */
    bool is_null;        /* it has no value: "-" in text, null in JSON, no field in the journal */
};
#define LOG_TEXT(name, text)     ((struct log_field){(name), (text), 0, false, false})
#define LOG_NUMBER(name, number) ((struct log_field){(name), NULL, (uint64_t)(number), false, false})
#define LOG_MS(name, us)         ((struct log_field){(name), NULL, (uint64_t)(us), true, false})
#define LOG_NULL(name)           ((struct log_field){(name), NULL, 0, false, true})
#define LOG_END                  ((struct log_field){NULL, NULL, 0, false, false})
/* log_event(log, LOG_LEVEL_INFO, "relay 3f-1", "ended", LOG_FIELDS(LOG_TEXT("service", s), LOG_NUMBER("up", n))) */
#define LOG_FIELDS(...) ((const struct log_field[]){__VA_ARGS__, LOG_END})

/*
 * program: a name that lives as long as the log. to: "stderr", "stdout", a file's path (appended to, mode 0640),
 * "syslog" or "journal" for the local datagram sockets of these, "syslog:PATH" or "journal:PATH" for another. Lines on
 * a terminal are coloured. Never sets O_NONBLOCK (the shell shares the descriptor): only the log's thread may block.
 * LOG_FORMAT_AUTO is text, and to a stream that the journal reads its own protocol, with fields. NULL with `error` on
 * failure.
 */
struct log *log_new(const char *program, enum log_format format, enum log_level level, const char *to,
                    struct error *error);
int log_check_target(const char *to, struct error *error); /* would log_new() open it? Makes nothing; 0 or -1 */
bool log_target_is_file(const char *to);
/* Is `fd` the stream that the journal reads (JOURNAL_STREAM)? On any thread that sets no environment. */
bool log_target_is_journal(int fd);
void log_free(struct log *log);   /* writes what is left (waiting at most a second for a stuck reader) */
void log_reopen(struct log *log); /* after a rotation; the log's thread opens the path again */
/* Why the path could not be opened again, as errno: lines go to the old file, until that succeeds or the target is
 * changed. 0: they do not, also for log == NULL. */
int log_reopen_error(const struct log *log);
/*
 * A reload, in two steps: log_target_open opens where the log will go (NULL with `error`), log_change cannot fail. It
 * takes the target; with NULL the log stays where it is. Lines before it go to the old target, or, while that cannot be
 * written, to the new one if they suit it.
 */
struct log_target;
struct log_target *log_target_open(enum log_format format, const char *to, struct error *error);
void log_target_free(struct log_target *target); /* one that was not used; NULL is fine */
void log_change(struct log *log, enum log_format format, enum log_level level, struct log_target *target);
/* Lines that were dropped so far, since they could not be written in time; 0 for log == NULL. */
uint64_t log_dropped(struct log *log);
/* From now on, on any thread. */
void log_set_level(struct log *log, enum log_level level);
enum log_level log_level(const struct log *log);               /* LOG_LEVEL_ERROR for log == NULL */
bool log_enabled(const struct log *log, enum log_level level); /* false for log == NULL */

/*
 * who: the relay, agent or part in front of the line ("relay 3f2a-17", "agent web1", "server"). what: the event in
 * words. Control characters and anything not UTF-8 in `who`, `what` and values come out escaped. Values with spaces
 * or quotes are quoted in text. A line is cut at 2 KiB. Text:
 *   2026-11-22T18:29:41.123Z info    relay 3f2a-17  ended service=WinVNC up=1200
 * To a stream that systemd's journal reads, by JOURNAL_STREAM, each line begins with how grave it is, as sd-daemon(3)
 * has it, and a text has no time: the journal keeps both, as syslog does. By the journal's own protocol MESSAGE is the
 * line, and each field is one of the journal's, too: MUNNEL_SERVICE=WinVNC. JSON:
 *   {"time":"...","level":"info","who":"relay 3f2a-17","event":"ended","service":"WinVNC","up":1200}
 * `fields` may be NULL, and `log` may be NULL (nothing is logged).
 */
void log_event(struct log *log, enum log_level level, const char *who, const char *what,
               const struct log_field *fields);
void log_write(struct log *log, enum log_level level, const char *who, const char *format, ...) PRINTF_LIKE(4, 5);

/* For lines that a peer could make loop: true at most `burst` times a minute. *skipped (may be NULL): those left out
 * since then. */
struct log_limit {
    uint64_t minute; /* all zero at first; one thread only */
    unsigned used, skipped;
};
bool log_limit_allows(struct log_limit *limit, unsigned burst, unsigned *skipped);

#endif
