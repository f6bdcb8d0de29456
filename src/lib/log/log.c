/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * log: a ring of bytes between the threads that log and the one thread that may wait for the reader.
 *
 * Runs on: log_event and log_write on any thread; write_lines and below on the log's own; the rest on the owner's.
 * Owns: the ring, the thread, the file when it opened one. When a stuck reader outlives log_free, the thread frees it.
 * States of the thread: waiting -> (a line) writing -> (more soon after) napping -> writing ... -> ended.
 */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/log/log_line.h"
#include "lib/os/thread.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum {
    RING_SIZE = 1 << 20,
    WRITE_AT_ONCE = 64 << 10,
    BATCH_MS = 10,         /* under load lines are written together this often; a log at rest shows a line at once */
    RETRY_MS = 1000,       /* after a failed write: a full disk, a reader that is gone */
    LAST_CHANCE_MS = 1000, /* how long log_free waits for a stuck reader */
    FILE_MODE = 0640
};

enum { STYLE_JSON = 1, STYLE_COLOURED = 2, STYLE_JOURNAL = 4 };

struct log {
    atomic_uint style; /* STYLE_...: log_change replaces it while other threads log */
    atomic_int level;
    bool is_journal, has_colours; /* of the target; the owner's */

    pthread_mutex_t lock;    /* guards all down to `second` */
    char *path;              /* NULL: stderr or stdout */
    struct log_target *next; /* for the thread to change to; NULL: none */
    pthread_cond_t filled;
    char *ring;
    size_t start, used; /* the thread writes from `start` without the lock: what is there stays until it is done */
    uint64_t dropped, dropped_in_all; /* dropped: since the last line about them */
    bool is_waiting;                  /* the thread waits for `filled` */
    bool must_reopen, must_stop, is_abandoned, has_ended;
    unsigned holders; /* the owner and the thread; the last one frees */
    char time[LOG_TIME_LENGTH + 1];
    time_t second; /* of `time` */

    pthread_t thread;
    int fd; /* the thread's */
};

static struct log_style style_of(struct log *log) {
    unsigned style = atomic_load_explicit(&log->style, memory_order_relaxed);
    return (struct log_style){.format = style & STYLE_JSON ? LOG_FORMAT_JSON : LOG_FORMAT_TEXT,
                              .is_coloured = style & STYLE_COLOURED,
                              .is_journal = style & STYLE_JOURNAL};
}

static void set_style(struct log *log, enum log_format format) {
    bool is_json = format == LOG_FORMAT_JSON;
    atomic_store_explicit(&log->style,
                          (is_json ? STYLE_JSON : 0u) | (log->is_journal ? STYLE_JOURNAL : 0u) |
                              (log->has_colours && !is_json ? STYLE_COLOURED : 0u),
                          memory_order_relaxed);
}

static void dispose(struct log *log) {
    log_target_free(log->next);
    if (log->path && log->fd >= 0)
        close(log->fd);
    pthread_mutex_destroy(&log->lock);
    pthread_cond_destroy(&log->filled);
    free(log->ring);
    free(log->path);
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

/* Brings log->time up to date; the date is worked out once a second only. */
static void read_time(struct log *log) {
    struct timespec now = {0, 0};
    clock_gettime(CLOCK_REALTIME, &now);
    if (now.tv_sec != log->second || !log->time[0]) {
        struct tm parts;
        if (!gmtime_r(&now.tv_sec, &parts) ||
            !strftime(log->time, sizeof log->time, "%Y-%m-%dT%H:%M:%S.000Z", &parts)) {
            memcpy(log->time, "0000-00-00T00:00:00.000Z", sizeof log->time);
        }
        log->second = now.tv_sec;
    }
    long ms = now.tv_nsec / 1000000;
    log->time[20] = (char)('0' + ms / 100);
    log->time[21] = (char)('0' + ms / 10 % 10);
    log->time[22] = (char)('0' + ms % 10);
}

static void ring_put(struct log *log, char *text, size_t length, struct log_style style) {
    size_t time_at;
    if (log_line_time_at(style, &time_at)) {
        read_time(log);
        memcpy(text + time_at, log->time, LOG_TIME_LENGTH);
    }
    size_t end = (log->start + log->used) % RING_SIZE;
    size_t before_wrap = RING_SIZE - end < length ? RING_SIZE - end : length;
    memcpy(log->ring + end, text, before_wrap);
    memcpy(log->ring, text + before_wrap, length - before_wrap);
    log->used += length;
}

/* Logs how many lines are missing, in the place of these lines. Half the ring must be free first, or a slow reader
 * would get a line about each missing line. Returns whether nothing is missing any more. */
static bool ring_recover(struct log *log) {
    if (log->dropped == 0)
        return true;
    if (log->used > RING_SIZE / 2)
        return false;
    char text[LOG_LINE_SIZE];
    const struct log_style style = style_of(log);
    size_t length =
        log_line_make(text, style, LOG_LEVEL_WARNING, "log", "lines dropped, they could not be written in time",
                      LOG_FIELDS(LOG_NUMBER("count", log->dropped)));
    log->dropped = 0;
    ring_put(log, text, length, style);
    return true;
}

static void ring_take(struct log *log, size_t length) {
    log->start = (log->start + length) % RING_SIZE;
    log->used -= length;
    ring_recover(log);
}

static int ring_front(const struct log *log, struct iovec parts[2]) {
    size_t length = log->used < WRITE_AT_ONCE ? log->used : WRITE_AT_ONCE;
    size_t before_wrap = RING_SIZE - log->start < length ? RING_SIZE - log->start : length;
    parts[0] = (struct iovec){log->ring + log->start, before_wrap};
    parts[1] = (struct iovec){log->ring, length - before_wrap};
    return length > before_wrap ? 2 : 1;
}

/* ---- the log's thread ---- */

static void nap(unsigned ms) {
    const struct timespec time = {ms / 1000, (long)(ms % 1000) * 1000000};
    nanosleep(&time, NULL);
}

static bool is_stopping(struct log *log) {
    pthread_mutex_lock(&log->lock);
    bool stopping = log->must_stop;
    pthread_mutex_unlock(&log->lock);
    return stopping;
}

/* The thread alone changes fd and path; the lock is for those that look at the path. */
static void change_target(struct log *log, struct log_target *next) {
    if (log->path)
        close(log->fd);
    pthread_mutex_lock(&log->lock);
    char *path = log->path;
    log->path = next->path;
    pthread_mutex_unlock(&log->lock);
    log->fd = next->fd;
    free(path);
    free(next);
}

static void reopen(struct log *log) {
    if (!log->path)
        return;
    int fd = open(log->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, LOG_FILE_MODE);
    if (fd < 0) {
        log_write(log, LOG_LEVEL_ERROR, "log", "cannot open %s again, staying with the old file: %s", log->path,
                  strerror(errno));
        return;
    }
    close(log->fd);
    log->fd = fd;
}

/* Returns how much was written, or -1 if nothing can be at the moment. */
static ssize_t write_parts(int fd, const struct iovec *parts, int count) {
    for (;;) {
        ssize_t written = writev(fd, parts, count);
        if (written >= 0)
            return written;
        if (errno == EAGAIN) { /* another process has made the shared descriptor non-blocking */
            struct pollfd ready = {.fd = fd, .events = POLLOUT};
            return poll(&ready, 1, RETRY_MS) == 1 && !(ready.revents & (POLLERR | POLLHUP)) ? 0 : -1;
        }
        if (errno != EINTR)
            return -1;
    }
}

/* Keeps the lines and comes back to them: a disk gets room again. Returns false when the log is to stop instead. */
static bool wait_to_retry(struct log *log) {
    for (unsigned waited = 0; waited < RETRY_MS; waited += BATCH_MS) {
        if (is_stopping(log))
            return false;
        nap(BATCH_MS);
    }
    return true;
}

/* Writes what is there. Returns false when the log is to stop and can, or must, leave the rest. */
static bool write_lines(struct log *log) {
    struct iovec parts[2];
    pthread_mutex_lock(&log->lock);
    bool must_end = log->is_abandoned || (log->must_stop && log->used == 0);
    bool must_reopen = log->must_reopen;
    struct log_target *next = log->next;
    log->must_reopen = false;
    log->next = NULL;
    int count = ring_front(log, parts);
    pthread_mutex_unlock(&log->lock);

    if (next)
        change_target(log, next);
    else if (must_reopen && !must_end)
        reopen(log);
    if (must_end)
        return false;
    if (parts[0].iov_len == 0)
        return true;
    ssize_t written = write_parts(log->fd, parts, count);
    if (written < 0)
        return wait_to_retry(log);
    pthread_mutex_lock(&log->lock);
    ring_take(log, (size_t)written);
    pthread_mutex_unlock(&log->lock);
    return true;
}

static void wait_for_lines(struct log *log) {
    pthread_mutex_lock(&log->lock);
    while (log->used == 0 && !log->must_stop && !log->must_reopen && !log->next) {
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
        if (clock_ms() - written_ms < BATCH_MS && !is_stopping(log))
            nap(BATCH_MS);
    } while (write_lines(log));
    pthread_mutex_lock(&log->lock);
    log->has_ended = true;
    pthread_mutex_unlock(&log->lock);
    release(log);
    return NULL;
}

/* ---- the owner ---- */

static int open_target(struct log *log, const char *to, struct error *error) {
    struct log_target *target = log_target_open(to, error);
    if (!target)
        return -1;
    log->path = target->path;
    log->fd = target->fd;
    log->is_journal = target->is_journal;
    log->has_colours = target->has_colours;
    free(target);
    return 0;
}

struct log *log_new(enum log_format format, enum log_level level, const char *to, struct error *error) {
    struct log *log = calloc(1, sizeof *log);
    if (!log) {
        error_set(error, "out of memory for the log");
        return NULL;
    }
    atomic_init(&log->level, (int)level);
    atomic_init(&log->style, 0);
    log->fd = -1;
    log->holders = 2;
    pthread_mutex_init(&log->lock, NULL);
    pthread_cond_init(&log->filled, NULL);
    log->ring = malloc(RING_SIZE);
    if (!log->ring) {
        error_set(error, "out of memory for the log");
    } else if (open_target(log, to, error) == 0) {
        set_style(log, format);
        if (thread_start(&log->thread, "log", run_thread, log) == 0)
            return log;
        error_set(error, "cannot start the log's thread");
    }
    dispose(log);
    return NULL;
}

static bool has_ended(struct log *log) {
    pthread_mutex_lock(&log->lock);
    bool ended = log->has_ended;
    pthread_mutex_unlock(&log->lock);
    return ended;
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
    while (!(ended = has_ended(log)) && clock_ms() < end)
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

void log_change(struct log *log, enum log_format format, enum log_level level, struct log_target *target) {
    if (!log) {
        log_target_free(target);
        return;
    }
    if (target) {
        log->is_journal = target->is_journal;
        log->has_colours = target->has_colours;
    }
    set_style(log, format);
    atomic_store_explicit(&log->level, (int)level, memory_order_relaxed);
    pthread_mutex_lock(&log->lock);
    struct log_target *unused = target ? log->next : NULL;
    if (target)
        log->next = target;
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
    char text[LOG_LINE_SIZE];
    const struct log_style style = style_of(log);
    size_t length = log_line_make(text, style, level, who, what, fields);

    pthread_mutex_lock(&log->lock);
    if (ring_recover(log) && log->used + length <= RING_SIZE) {
        ring_put(log, text, length, style);
    } else {
        log->dropped++;
        log->dropped_in_all++;
    }
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
