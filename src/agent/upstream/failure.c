/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * failure: see failure.h.
 */
#include "config.h"

#include "agent/upstream/failure.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
    LONGEST_RETRY_AFTER_S = 600, /* a longer retry_after is cut to this */
    UNHEARD_MOST = 3             /* after so many in a row the log names the probable cause */
};

static const char WHY_UNHEARD[] = "the server turns this address away for a while, 10 minutes at most by default, "
                                  "because attempts from it failed (its "
                                  "log says so); or what listens there is no Munnel server";

static const char *const REJECT_WORDS[] = {
#define REJECT_WORD(name, code, final) [REJECT_##name] = code,
    REJECT_CODES(REJECT_WORD)
#undef REJECT_WORD
};

void failure_note(struct failure *failure, enum failure_weight weight, const char *format, ...) {
    va_list arguments;

    if (weight < failure->weight)
        return;
    failure->noted = true;
    failure->weight = weight;
    va_start(arguments, format);
    vsnprintf(failure->why, sizeof failure->why, format, arguments);
    va_end(arguments);
}

static enum failure_weight weigh(const struct link_end *end) {
    if (end->untrusted)
        return FAILURE_FINAL;
    return end->tls_failed ? FAILURE_LASTING : FAILURE_PASSING;
}

void failure_note_end(struct failure *failure, const struct link_end *end) {
    char address[ADDR_TEXT];

    failure->received_nothing = end->received_nothing;
    failure_note(failure, weigh(end), "%s: %s", addr_format(&end->peer, address, sizeof address), end->why);
}

void failure_note_reject(struct failure *failure, const struct reject *reject) {
    uint64_t after_s = reject->retry_after_s < LONGEST_RETRY_AFTER_S ? reject->retry_after_s : LONGEST_RETRY_AFTER_S;

    if (failure->retry_after_ms < after_s * 1000)
        failure->retry_after_ms = (unsigned)after_s * 1000;
    failure->received_nothing = false;
    failure_note(failure, reject_is_final(reject->code) ? FAILURE_FINAL : FAILURE_PASSING,
                 "the server turned this agent away (%s): %s", REJECT_WORDS[reject->code], reject->reason);
}

void failure_log(struct failure_log *memory, const struct failure *failure, struct log *log, const char *who,
                 unsigned retry_ms) {
    unsigned skipped; /* the debug level has them */

    memory->unheard = failure->received_nothing ? memory->unheard + 1 : 0;
    const struct log_field fields[] = {LOG_TEXT("why", failure->why), LOG_NUMBER("retry_ms", retry_ms),
                                       memory->unheard >= UNHEARD_MOST ? LOG_TEXT("perhaps", WHY_UNHEARD) : LOG_END,
                                       LOG_END};
    bool is_new = strcmp(memory->logged, failure->why) != 0 || memory->unheard == UNHEARD_MOST;
    bool allowed = log_limit_allows(&memory->limit, 1, &skipped);
    const char *what = is_new ? "cannot connect" : "still cannot connect";

    log_event(log, is_new || allowed ? LOG_LEVEL_WARNING : LOG_LEVEL_DEBUG, who, what, fields);
    memcpy(memory->logged, failure->why, sizeof memory->logged);
}
