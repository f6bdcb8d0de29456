/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * fuzz: parsers of what comes from outside, and a mux with any peer, each a target that takes any bytes.
 *
 * A target parses its bytes and checks what must hold of the result, for example that what it formats parses to the
 * same again; the mux takes them as a program. It ends the process if that does not hold. libFuzzer looks for such
 * bytes ("make fuzz"); "make check-unit" replays those in seeds/TARGET, with any compiler. Runs on: one thread. Owns:
 * nothing.
 */
#ifndef MUNNEL_TESTS_FUZZ_H
#define MUNNEL_TESTS_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* TARGET(name): the function is declared below, its seeds are in the folder seeds/name. */
#define FUZZ_TARGETS(TARGET)                                                                                           \
    TARGET(frame)                                                                                                      \
    TARGET(greeting)                                                                                                   \
    TARGET(open)                                                                                                       \
    TARGET(answer)                                                                                                     \
    TARGET(proxy_header)                                                                                               \
    TARGET(control)                                                                                                    \
    TARGET(join)                                                                                                       \
    TARGET(server_conf)                                                                                                \
    TARGET(agent_conf)                                                                                                 \
    TARGET(credentials)                                                                                                \
    TARGET(service)                                                                                                    \
    TARGET(rules)                                                                                                      \
    TARGET(endpoint)                                                                                                   \
    TARGET(date)                                                                                                       \
    TARGET(mux)                                                                                                        \
    TARGET(http_target)                                                                                                \
    TARGET(http_reply)                                                                                                 \
    TARGET(http_status)                                                                                                \
    TARGET(proxy)                                                                                                      \
    TARGET(proxy_url)                                                                                                  \
    TARGET(http_requests)                                                                                              \
    TARGET(client_hello)

#define FUZZ_DECLARE(name) void fuzz_##name(const uint8_t *bytes, size_t length);
FUZZ_TARGETS(FUZZ_DECLARE)
#undef FUZZ_DECLARE

/* Ends the process if `condition` does not hold. */
#define FUZZ_REQUIRE(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
_Noreturn void fuzz_fail(const char *file, int line, const char *condition);

/* The bytes with a NUL behind them, malloc'ed to exactly that size, so that a sanitizer sees each read beyond. */
char *fuzz_text(const uint8_t *bytes, size_t length);

void fuzz_begin(void); /* before all else */

/* The next line of a text, which is cut there; NULL: there is none. To begin with, *rest is the text. */
char *fuzz_line(char **rest);

/* A file that only its owner can read, with these bytes; its path. The same file each time; removed at exit. */
const char *fuzz_file(const uint8_t *bytes, size_t length);

#endif
