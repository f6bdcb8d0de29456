/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * http_answer: an answer of the server itself to a request that it passes to no destination; the last of its
 * connection.
 */
#ifndef MUNNEL_PROTO_HTTP_ANSWER_H
#define MUNNEL_PROTO_HTTP_ANSWER_H

/* length: that of the text and a line feed, as a string. */
#define HTTP_ANSWER(status, length, text)                                                                              \
    "HTTP/1.1 " status "\r\nContent-Type: text/plain\r\nContent-Length: " length "\r\nConnection: close\r\n\r\n" text  \
    "\n"

#endif
