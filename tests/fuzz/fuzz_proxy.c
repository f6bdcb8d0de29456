/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_proxy: what a proxy answers, to a password too, and the URLs that name one.
 */
#include "config.h"

#include "proto/proxy_talk.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { HEAD_LINES = 4 /* of a request without authorization: CONNECT, Host, User-Agent, the empty one */ };

/* Whatever the challenge was, it adds no line to the request. */
static void check_request(const uint8_t *bytes, size_t length) {
    size_t lines = 0;
    for (size_t i = 0; i < length; i++) {
        FUZZ_REQUIRE(bytes[i] != '\0');
        FUZZ_REQUIRE((bytes[i] == '\n') == (i > 0 && bytes[i - 1] == '\r'));
        lines += bytes[i] == '\n';
    }
    FUZZ_REQUIRE(lines == HEAD_LINES || lines == HEAD_LINES + 1);
}

static void send_all(struct proxy_talk *talk, bool is_http) {
    size_t length;
    const uint8_t *bytes = proxy_talk_output(talk, &length);
    FUZZ_REQUIRE(length > 0);
    if (is_http)
        check_request(bytes, length);
    proxy_talk_note_sent(talk, length);
}

/* `step` bytes, or what is left of them, or an end. */
static void receive_some(struct proxy_talk *talk, const uint8_t **bytes, size_t *left, size_t step) {
    size_t size, part = *left < step ? *left : step;
    uint8_t *room = proxy_talk_room(talk, &size);
    FUZZ_REQUIRE(size > 0);
    part = part < size ? part : size;
    if (part)
        memcpy(room, *bytes, part);
    *bytes += part;
    *left -= part;
    proxy_talk_note_received(talk, part);
}

/* The first byte: of which kind it is, whether there is a user, and in what pieces the rest arrives. */
void fuzz_proxy(const uint8_t *bytes, size_t length) {
    static const char *const urls[] = {"http://p:1", "http://b\"o\\b:pw@p:1", "socks5://p:1", "socks5://bob:pw@p:1"};
    struct proxy proxy;
    struct endpoint server;
    if (!length)
        return;
    size_t kind = bytes[0] % 4, step = 1U + bytes[0] / 4, left = length - 1;
    bytes++;
    FUZZ_REQUIRE(proxy_parse(&proxy, urls[kind], NULL) == 0 && endpoint_parse(&server, "example.org:1", NULL) == 0);
    struct proxy_talk *talk = proxy_talk_new(&proxy, &server);
    while (talk && proxy_talk_step(talk) < PROXY_IS_OPEN) {
        if (proxy_talk_step(talk) == PROXY_AGAIN)
            proxy_talk_begin(talk);
        else if (proxy_talk_step(talk) == PROXY_SENDS)
            send_all(talk, kind < 2);
        else
            receive_some(talk, &bytes, &left, step);
    }
    if (talk)
        FUZZ_REQUIRE((proxy_talk_step(talk) == PROXY_FAILED) == (proxy_talk_fault(talk) != PROXY_FAULT_NONE));
    proxy_talk_free(talk);
}

/* What is taken is shown as a URL that means the same proxy; no user or password is in it. */
void fuzz_proxy_url(const uint8_t *bytes, size_t length) {
    char *text = fuzz_text(bytes, length);
    struct proxy proxy, again;
    struct error error = {""};
    if (proxy_parse(&proxy, text, &error)) {
        FUZZ_REQUIRE(error.text[0]);
    } else {
        FUZZ_REQUIRE(proxy_parse(&again, proxy.text, &error) == 0);
        FUZZ_REQUIRE(again.kind == proxy.kind && strcmp(again.text, proxy.text) == 0 && !again.has_user);
        FUZZ_REQUIRE(!strpbrk(proxy.user, "\r\n:") && !strpbrk(proxy.password, "\r\n"));
    }
    free(text);
}
