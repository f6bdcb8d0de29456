/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * told: see told.h. What is not understood is answered by `error`, so that a newer agent can tell what this server is.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/told.h"

#include "server/roster.h"

#include <stdlib.h>

enum { WARNINGS_A_MINUTE = 5, NONSENSE_MOST = 100 }; /* so much in a minute, and it is no agent of ours */

static void answer(struct server *server, const struct session *session, enum message_op op, const char *reason) {
    char *json = message_format_control(op, 0, 0, reason);

    if (json)
        plane_tell(server->plane, session_control(session), json);
    free(json);
}

static void on_drain(struct server *server, struct session *session, const struct message_control *control) {
    (void)control;
    roster_drain(server, session);
    answer(server, session, MESSAGE_OP_DRAINED, NULL);
}

static void on_bye(struct server *server, struct session *session, const struct message_control *control) {
    roster_dismiss(server, session, "left", *control->reason ? control->reason : "it said good-bye");
}

static void on_error(struct server *server, struct session *session, const struct message_control *control) {
    unsigned skipped = 0;

    if (log_limit_allows(session_nonsense(session), WARNINGS_A_MINUTE, &skipped))
        log_event(server->log, LOG_LEVEL_WARNING, session_who(session), "did not understand",
                  LOG_FIELDS(LOG_TEXT("words", control->reason), LOG_NUMBER("left_out", skipped)));
}

static void on_unknown(struct server *server, struct session *session, const struct message_control *control) {
    (void)control;
    log_write(server->log, LOG_LEVEL_DEBUG, session_who(session), "said what this server does not know");
    answer(server, session, MESSAGE_OP_ERROR, "this server does not know that op");
}

/* Answered, so that whoever writes an agent can see what is wrong; but not for ever, nor each time in the log. */
static void on_nonsense(struct server *server, struct session *session, const char *why) {
    struct log_limit *limit = session_nonsense(session);
    unsigned skipped = 0;

    if (log_limit_allows(limit, WARNINGS_A_MINUTE, &skipped)) {
        log_event(server->log, LOG_LEVEL_WARNING, session_who(session), "said what is no message",
                  LOG_FIELDS(LOG_TEXT("why", why), LOG_NUMBER("left_out", skipped)));
    } else if (limit->skipped >= NONSENSE_MOST) {
        roster_dismiss(server, session, "sent away", "it says what is no message, again and again");
        return;
    }
    answer(server, session, MESSAGE_OP_ERROR, why);
}

static void (*const ops[])(struct server *, struct session *, const struct message_control *) = {
    [MESSAGE_OP_LINKS] = on_unknown,   [MESSAGE_OP_GOAWAY] = on_unknown,  [MESSAGE_OP_DRAIN] = on_drain,
    [MESSAGE_OP_DRAINED] = on_unknown, [MESSAGE_OP_BYE] = on_bye,         [MESSAGE_OP_ERROR] = on_error,
    [MESSAGE_OP_NOTICE] = on_unknown,  [MESSAGE_OP_UNKNOWN] = on_unknown,
};

void told(struct server *server, struct session *session, const char *text, size_t length) {
    struct message_control control;
    struct error error;

    if (message_parse_control(&control, text, length, &error)) {
        on_nonsense(server, session, error.text);
        return;
    }
    ops[control.op](server, session, &control);
    message_control_done(&control);
}
