/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log: a ring of bytes between the threads that log and the one thread that may wait for the reader.
 *
 * Runs on: log_event and log_write on any thread; write_lines and below on the log's own; the rest on the owner's.
 * Owns: the ring, the thread, the target. When a stuck reader outlives log_free, the thread frees it.
 * States of the thread: waiting -> (a line) writing -> (more soon after) napping -> writing ... -> ended.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/log/log_ring.h"
#include "lib/log/log_target.h"
#include "lib/os/thread.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    BATCH_MS = 10,        /* under load lines are written together this often; a log at rest shows a line at once */
    RETRY_MS = 1000,      /* after a failed write: a full disk, a reader that is gone */
    LAST_CHANCE_MS = 1000 /* how long log_free waits for a stuck reader */
};

enum { STYLE_JSON = 1, STYLE_COLOURED = 2, STYLE_ENVELOPE = 4 /* and above: the envelope */ };

struct log {
    const char *program;
    unsigned process;
    atomic_uint style; /* STYLE_...: log_change replaces it, under the lock, while other threads log */
    atomic_int level;
    atomic_int reopen_error;    /* set by the thread */
    enum log_envelope envelope; /* of the target, or the next one; the owner's, as the next */
    bool has_colours;

    pthread_mutex_t lock;    /* guards all down to `holders` */
    struct log_target *next; /* for the thread to change to; NULL: none */
    size_t before_next;      /* of the ring: lines made for the target before it, which come first */
    pthread_cond_t filled;
    struct log_ring ring;
    uint64_t dropped, dropped_in_all; /* dropped: since the last line about them */
    bool is_waiting;                  /* the thread waits for `filled` */
    bool must_reopen, must_stop, is_abandoned, has_ended;
    unsigned holders; /* the owner and the thread; the last one frees */

    pthread_t thread;
    struct log_target *target; /* the thread's */
};

static unsigned load_style(const struct log *log) {
    return atomic_load_explicit(&log->style, memory_order_relaxed);
}

static struct log_style read_style(const struct log *log, unsigned style) {
    return (struct log_style){.format = style & STYLE_JSON ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
                              .envelope = (enum log_envelope)(style / STYLE_ENVELOPE),
                              .is_coloured = style & STYLE_COLOURED,
                              .program = log->program,
                              .process = log->process};
}

static void set_style(struct log *log, enum log_format format) {
    bool is_json = format == LOG_FORMAT_JSON;
    atomic_store_explicit(&log->style,
                          (is_json ? STYLE_JSON : 0u) | (log->has_colours && !is_json ? STYLE_COLOURED : 0u) |
                              (unsigned)log->envelope * STYLE_ENVELOPE,
                          memory_order_relaxed);
}

static void dispose(struct log *log) {
    log_target_free(log->next);
    log_target_free(log->target);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->filled);
    log_ring_done(&log->ring);
    free(log);
}

static void release(struct log *log) {
    pthread_mutex_lock(&log->lock);
    bool is_last = --log->holders == 0;
    pthread_mutex_unlock(&log->lock);
    if (is_last)
        dispose(log);
}

/* ---- the ring, under the lock ---- */

static void count_dropped(struct log *log, uint64_t count) {
    log->dropped += count;
    log->dropped_in_all += count;
}

/* Logs how many lines are missing, in the place of these lines. Half the ring must be free first, or a slow reader
 * would get a line about each missing line. Returns whether nothing is missing any more. */
static bool recover(struct log *log) {
    if (log->dropped == 0)
        return true;
    if (log->ring.used > LOG_RING_SIZE / 2)
        return false;
    struct log_record record;
    log_line_make(&record, read_style(log, load_style(log)), LOG_LEVEL_WARNING, "log",
                  "lines dropped, they could not be written in time", LOG_FIELDS(LOG_NUMBER("count", log->dropped)));
    log->dropped = 0;
    log_ring_put(&log->ring, &record);
    return true;
}

static void take(struct log *log, size_t length) {
    log_ring_take(&log->ring, length);
    if (log->next)
        log->before_next -= length;
    recover(log);
}

/* ---- the log's thread ---- */

static void nap(unsigned ms) {
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static bool read_flag(struct log *log, const bool *flag) {
    pthread_mutex_lock(&log->lock);
    bool value = *flag;
    pthread_mutex_unlock(&log->lock);
    return value;
}

/*
 * Changes to the next target if the lines for the old one are written, or cannot be: then those that the next one's
 * reader would not understand are dropped. Under the lock. Returns the old one, to be freed without it.
 */
static struct log_target *change_target(struct log *log, bool cannot_write) {
    struct log_target *old = log->target;
    if (!log->next || (log->before_next > 0 && !cannot_write))
        return NULL;
    if (log->next->envelope != old->envelope) {
        count_dropped(log, log_ring_count(&log->ring, 0, log->before_next, old->envelope));
        take(log, log->before_next);
    }
    log->target = log->next;
    log->next = NULL;
    atomic_store_explicit(&log->reopen_error, 0, memory_order_relaxed);
    return old;
}

static void reopen(struct log *log) {
    int error = log_target_reopen(log->target) ? errno : 0;

    atomic_store_explicit(&log->reopen_error, error, memory_order_relaxed);
    if (error)
        log_write(log, LOG_LEVEL_ERROR, "log", "cannot open %s again, staying with the old file: %s", log->target->path,
                  error_text(error));
}

/* Keeps the lines and comes back to them: a disk gets room again. Returns false when the log is to stop instead. */
static bool wait_to_retry(struct log *log) {
    for (unsigned waited = 0; waited < RETRY_MS; waited += BATCH_MS) {
        if (read_flag(log, &log->must_stop))
            return false;
        nap(BATCH_MS);
    }
    return true;
}

/* Takes what was written out of the ring; written < 0: nothing could be. Returns whether to go on at once. */
static bool finish_write(struct log *log, ssize_t written, unsigned lost) {
    pthread_mutex_lock(&log->lock);
    count_dropped(log, lost);
    if (written >= 0)
        take(log, (size_t)written);
    struct log_target *old = change_target(log, written < 0);
    pthread_mutex_unlock(&log->lock);
    log_target_free(old);
    return written >= 0 || old;
}

/* Writes what is there. Returns false when the log is to stop and can, or must, leave the rest. */
static bool write_lines(struct log *log) {
    struct iovec parts[2];
    unsigned lost = 0;
    pthread_mutex_lock(&log->lock);
    bool must_end = log->is_abandoned || (log->must_stop && log->ring.used == 0);
    bool must_reopen = log->must_reopen;
    log->must_reopen = false;
    int count = log_ring_front(&log->ring, log->next ? log->before_next : SIZE_MAX, parts);
    pthread_mutex_unlock(&log->lock);

    if (must_end)
        return false;
    if (must_reopen)
        reopen(log);
    ssize_t written = parts[0].iov_len > 0 ? log_target_write(log->target, parts, count, &lost) : 0;
    return finish_write(log, written, lost) || wait_to_retry(log);
}

static void wait_for_lines(struct log *log) {
    pthread_mutex_lock(&log->lock);
    while (log->ring.used == 0 && !log->must_stop && !log->must_reopen && !log->next) {
        log->is_waiting = true;
        pthread_cond_wait(&log->filled, &log->lock);
    }
    log->is_waiting = false;
    pthread_mutex_unlock(&log->lock);
}

static void *run_thread(void *context) {
    struct log *log = context;
    uint64_t written_ms;
    do {
        written_ms = clock_ms();
        wait_for_lines(log);
        if (clock_ms() - written_ms < BATCH_MS && !read_flag(log, &log->must_stop))
            nap(BATCH_MS);
    } while (write_lines(log));
    pthread_mutex_lock(&log->lock);
    log->has_ended = true;
    pthread_mutex_unlock(&log->lock);
    release(log);
    return NULL;
}

/* ---- the owner ---- */

static void use_target(struct log *log, const struct log_target *target) {
    log->envelope = target->envelope;
    log->has_colours = target->has_colours;
}

static int start(struct log *log, enum log_format format, const char *to, struct error *error) {
    if (log_ring_init(&log->ring))
        return error_set(error, "out of memory for the log");
    log->target = log_target_open(format, to, error);
    if (!log->target)
        return -1;
    use_target(log, log->target);
    set_style(log, format);
    if (thread_start(&log->thread, "log", run_thread, log))
        return error_set(error, "cannot start the log's thread");
    return 0;
}

struct log *log_new(const char *program, enum log_format format, enum log_level level, const char *to,
                    struct error *error) {
    struct log *log = calloc(1, sizeof *log);
    if (!log) {
        error_set(error, "out of memory for the log");
        return NULL;
    }
    log->program = program;
    log->process = (unsigned)getpid();
    atomic_init(&log->level, (int)level);
    atomic_init(&log->style, 0);
    atomic_init(&log->reopen_error, 0);
    log->holders = 2;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->filled, NULL);
    if (start(log, format, to, error) == 0)
        return log;
    dispose(log);
    return NULL;
}

void log_free(struct log *log) {
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->must_stop = true;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->lock);

    /* Asked again and again, since not every system lets a condition be waited for by the monotonic clock. */
    uint64_t end = clock_ms() + LAST_CHANCE_MS;
    bool ended;
    while (!(ended = read_flag(log, &log->has_ended)) && clock_ms() < end)
        nap(1);
    if (ended) {
        pthread_join(log->thread, NULL);
    } else {
        pthread_mutex_lock(&log->lock);
        log->is_abandoned = true;
        pthread_mutex_unlock(&log->lock);
        pthread_detach(log->thread);
    }
    release(log);
}

/* A target to which the thread has not changed yet is replaced: the lines for it, behind those for the one before it,
 * are dropped. Under the lock. Returns it. */
static struct log_target *set_next(struct log *log, struct log_target *target) {
    struct log_target *unused = log->next;
    if (unused) {
        struct log_ring *ring = &log->ring;
        count_dropped(log, log_ring_count(ring, log->before_next, ring->used - log->before_next, unused->envelope));
        ring->used = log->before_next;
    }
    log->before_next = log->ring.used;
    log->next = target;
    return unused;
}

void log_change(struct log *log, enum log_format format, enum log_level level, struct log_target *target) {
    if (!log) {
        log_target_free(target);
        return;
    }
    pthread_mutex_lock(&log->lock);
    if (target)
        use_target(log, target);
    set_style(log, format);
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
    struct log_target *unused = target ? set_next(log, target) : NULL;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->lock);
    log_target_free(unused);
}

void log_reopen(struct log *log) {
    if (!log)
        return;
    pthread_mutex_lock(&log->lock);
    log->must_reopen = true;
    pthread_cond_signal(&log->filled);
    pthread_mutex_unlock(&log->lock);
}

/* ---- any thread ---- */

int log_reopen_error(const struct log *log) {
    return log ? atomic_load_explicit(&log->reopen_error, memory_order_relaxed) : 0;
}

uint64_t log_dropped(struct log *log) {
    if (!log)
        return 0;
    pthread_mutex_lock(&log->lock);
    uint64_t dropped = log->dropped_in_all;
    pthread_mutex_unlock(&log->lock);
    return dropped;
}

void log_set_level(struct log *log, enum log_level level) {
    if (log)
        atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
}

enum log_level log_level(const struct log *log) {
    return log ? (enum log_level)atomic_load_explicit(&log->level, memory_order_relaxed) : LOG_LEVEL_ERROR;
}

bool log_enabled(const struct log *log, enum log_level level) {
    return log && (int)level <= atomic_load_explicit(&log->level, memory_order_relaxed);
}

void log_event(struct log *log, enum log_level level, const char *who, const char *what,
               const struct log_field *fields) {
    if (!log_enabled(log, level))
        return;
    struct log_record record;
    unsigned style = load_style(log);
    log_line_make(&record, read_style(log, style), level, who, what, fields);

    pthread_mutex_lock(&log->lock);
    while (style != load_style(log)) { /* the target is another one meanwhile */
        style = load_style(log);
        log_line_make(&record, read_style(log, style), level, who, what, fields);
    }
    if (recover(log) && log->ring.used + record.length <= LOG_RING_SIZE)
        log_ring_put(&log->ring, &record);
    else
        count_dropped(log, 1);
    bool must_wake = log->is_waiting; /* one signal for the first of many lines */
    log->is_waiting = false;
    pthread_mutex_unlock(&log->lock);
    if (must_wake)
        pthread_cond_signal(&log->filled);
}

void log_write(struct log *log, enum log_level level, const char *who, const char *format, ...) {
    if (!log_enabled(log, level))
        return;
    char what[LOG_LINE_SIZE];
    va_list arguments;
    va_start(arguments, format);
    int length = vsnprintf(what, sizeof what, format, arguments);
    va_end(arguments);
    log_event(log, level, who, length < 0 ? format : what, NULL);
}

bool log_limit_allows(struct log_limit *limit, unsigned burst, unsigned *skipped) {
    uint64_t minute = clock_ms() / 60000 + 1; /* never 0, which is the minute of a new limit */
    if (limit->minute != minute) {
        limit->minute = minute;
        limit->used = 0;
    }
    if (limit->used >= burst) {
        limit->skipped++;
        return false;
    }
    limit->used++;
    if (skipped)
        *skipped = limit->skipped;
    limit->skipped = 0;
    return true;
}
