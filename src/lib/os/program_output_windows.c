/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/* program_output_windows: see program_output.h. */
#include "config.h"

#include "lib/os/program_output.h"

#include "lib/os/event_log.h"
#include "lib/os/thread.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 4096, PIPE_BYTES = 65536, STREAMS = 2 };

struct stream {
    struct event_log *log;
    enum event_log_level level;
    FILE *lines; /* what is read; NULL: this stream is as it was */
    int target;  /* the program's stream */
    pthread_t thread;
};

struct program_output {
    struct event_log *log;
    struct stream streams[STREAMS];
};

static void *read_lines(void *context) {
    const struct stream *stream = context;
    char line[LINE_MOST];

    while (fgets(line, sizeof line, stream->lines)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (*line)
            (void)event_log_write(stream->log, stream->level, line);
    }
    return NULL;
}

/* The pipe's end takes the place of the stream, which is the only one that keeps it open. */
static void redirect(struct stream *stream) {
    int ends[2];

    if (_pipe(ends, PIPE_BYTES, _O_BINARY | _O_NOINHERIT))
        return;
    stream->lines = _fdopen(ends[0], "rb");
    if (!stream->lines) {
        _close(ends[0]);
    } else if (_dup2(ends[1], stream->target) || thread_start(&stream->thread, "output", read_lines, stream)) {
        fclose(stream->lines);
        stream->lines = NULL;
    }
    _close(ends[1]);
}

/* The reader gets the pipe's end, and the stream a device that takes all. */
static void restore(const struct stream *stream) {
    int nothing = _open("NUL", _O_RDWR | _O_BINARY);

    if (nothing < 0 || _dup2(nothing, stream->target))
        _close(stream->target);
    if (nothing >= 0)
        _close(nothing);
    pthread_join(stream->thread, NULL);
    fclose(stream->lines);
}

struct program_output *program_output_to_event_log(const char *source) {
    struct program_output *output = calloc(1, sizeof *output);
    struct error error;

    if (!output)
        return NULL;
    output->log = event_log_open(source, &error);
    if (!output->log) {
        free(output);
        return NULL;
    }
    output->streams[0] = (struct stream){.log = output->log, .level = EVENT_LOG_INFO, .target = _fileno(stdout)};
    output->streams[1] = (struct stream){.log = output->log, .level = EVENT_LOG_ERROR, .target = _fileno(stderr)};
    for (size_t i = 0; i < STREAMS; i++)
        redirect(&output->streams[i]);
    return output;
}

void program_output_end(struct program_output *output) {
    if (!output)
        return;
    fflush(stdout);
    fflush(stderr);
    for (size_t i = 0; i < STREAMS; i++)
        if (output->streams[i].lines)
            restore(&output->streams[i]);
    event_log_close(output->log);
    free(output);
}
