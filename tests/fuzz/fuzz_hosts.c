/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz_hosts: what tells the services of a shared port apart: requests of HTTP/1, and the ClientHello of TLS.
 */
#include "config.h"

#include "lib/tls/client_hello.h"
#include "proto/http_requests.h"

#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

enum { STEPS = 16 };

static void check_name(const char *name) {
    char again[HOST_NAME_SIZE];
    FUZZ_REQUIRE(strlen(name) < HOST_NAME_SIZE);
    FUZZ_REQUIRE(!*name || strcmp(name, ".") == 0 || name[strlen(name) - 1] == '.' ||
                 (host_name_read(name, again) && strcmp(again, name) == 0));
}

/* The first steps of the connection, the bytes in pieces of this size. */
static void read_steps(const uint8_t *bytes, size_t length, size_t piece, enum http_step *steps, size_t *ends) {
    struct http_requests *requests = http_requests_new();
    size_t at = 0, taken, count = 0;
    FUZZ_REQUIRE(requests);
    for (enum http_step step = HTTP_STEP_MORE; at < length && count < STEPS && step != HTTP_STEP_WRONG;) {
        size_t end = length - at < piece ? length : at + piece;
        do {
            step = http_requests_read(requests, bytes + at, end - at, &taken);
            FUZZ_REQUIRE(taken <= end - at);
            at += taken;
            if (step == HTTP_STEP_HEAD)
                check_name(http_requests_host(requests));
            if (step != HTTP_STEP_MORE) {
                steps[count] = step;
                ends[count++] = step == HTTP_STEP_WRONG ? 0 : at; /* where it is wrong may differ by a byte */
            }
        } while (step != HTTP_STEP_MORE && step != HTTP_STEP_WRONG && count < STEPS);
    }
    http_requests_free(requests);
}

/* The same steps, whatever the pieces are. */
void fuzz_http_requests(const uint8_t *bytes, size_t length) {
    enum http_step whole[STEPS] = {HTTP_STEP_MORE}, cut[STEPS] = {HTTP_STEP_MORE};
    size_t ends[STEPS] = {0}, cut_ends[STEPS] = {0};
    read_steps(bytes, length, length, whole, ends);
    read_steps(bytes, length, 1, cut, cut_ends);
    FUZZ_REQUIRE(memcmp(whole, cut, sizeof whole) == 0);
    FUZZ_REQUIRE(memcmp(ends, cut_ends, sizeof ends) == 0);
}

void fuzz_client_hello(const uint8_t *bytes, size_t length) {
    struct client_hello_reader *reader = client_hello_reader_new();
    struct client_hello hello;
    FUZZ_REQUIRE(reader);
    enum client_hello_result result = client_hello_read(reader, bytes, length, &hello);
    FUZZ_REQUIRE(strlen(hello.name) < CLIENT_HELLO_NAME);
    if (result == CLIENT_HELLO_READ && length > 0)
        FUZZ_REQUIRE(client_hello_read(reader, bytes, length - 1, &hello) != CLIENT_HELLO_WRONG || length < 5);
    client_hello_reader_free(reader);
}
