/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * event_stream: server-sent events (text/event-stream) to one reader, with a bounded queue.
 *
 * What the reader has not taken is kept up to stream_bytes; a reader that falls behind further is closed and counted:
 * it comes back with Last-Event-ID and is sent what it missed, by the handler, which knows its events. When nothing was
 * sent for a while, a comment is, so that a reader that is gone is noticed.
 *
 * Runs on: the thread of the server's event base. Owns: its connection. States: open -> closed, which on_close reports.
 */
#ifndef MUNNEL_LIB_HTTP_EVENT_STREAM_H
#define MUNNEL_LIB_HTTP_EVENT_STREAM_H

#include "lib/http/request.h"

struct http_stream;

/*
 * Answers the request with a stream. on_close is called once, later and never from within a function of this header:
 * the reader is gone, was too slow, its token was revoked, or the server is being freed; the stream is not used
 * afterwards. NULL: it could not be opened (too many streams: 503; no memory; the client is gone), the request has been
 * answered, and on_close is not called.
 */
struct http_stream *http_stream_open(struct http_request *request, void (*on_close)(void *context), void *context);

/* Last-Event-ID of the request: http_request_header(request, "Last-Event-ID"), before http_stream_open(). */

struct http_event {
    const char *id;   /* NULL: none; no line ends */
    const char *name; /* NULL: "message"; no line ends */
    const char *data; /* may have several lines */
    size_t length;    /* of data */
};
/* Queues it; what does not fit or is malformed closes the stream. False: the stream is closing, and on_close follows.
 */
bool http_stream_send(struct http_stream *stream, const struct http_event *event);
size_t http_stream_queued(const struct http_stream *stream); /* bytes that the reader has not taken */
/* Ends it once what is queued has been taken (10 s at most). on_close is not called. */
void http_stream_close(struct http_stream *stream);

#endif
