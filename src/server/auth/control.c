/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: see control.h. What is not understood is answered by `error`, so that a newer agent can tell what this
 * server is. Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "proto/control.h"
#include "server/auth/control.h"

#include "server/service/registry.h"

#include <stdlib.h>

enum { WARNINGS_A_MINUTE = 5, NONSENSE_MOST = 100 }; /* so much in a minute, and it is no agent of ours */

static void answer(struct server *server, const struct session *session, enum control_op op, const char *reason) {
    char *json = control_format(op, 0, 0, reason);

    if (json)
        plane_send_control(server->plane, session_control(session), json);
    free(json);
}

static void on_drain(struct server *server, struct session *session, const struct control_message *control) {
    (void)control;
    registry_drain(server, session);
    answer(server, session, CONTROL_OP_DRAINED, NULL);
}

static void on_bye(struct server *server, struct session *session, const struct control_message *control) {
    registry_dismiss(server, session, "left", *control->reason ? control->reason : "it said good-bye");
}

/*
 * What this server does not understand is answered, so that a newer agent, or whoever writes one, can tell; but not for
 * ever, nor each time in the log. False: the session has been ended for it.
 */
static bool note_nonsense(struct server *server, struct session *session, const char *what, const char *why) {
    static const char too_much[] =
        "more than 100 messages in a minute that are errors, or that this server does not know";
    struct log_limit *limit = session_protocol_errors(session);
    unsigned skipped = 0;

    if (log_limit_allows(limit, WARNINGS_A_MINUTE, &skipped)) {
        log_event(server->log, LOG_LEVEL_WARNING, session_who(session), what,
                  LOG_FIELDS(LOG_TEXT("why", why), LOG_NUMBER("left_out", skipped)));
    } else if (limit->skipped >= NONSENSE_MOST) {
        answer(server, session, CONTROL_OP_BYE, too_much);
        registry_dismiss(server, session, "sent away", too_much);
        return false;
    }
    return true;
}

static void on_error(struct server *server, struct session *session, const struct control_message *control) {
    note_nonsense(server, session, "did not understand", control->reason);
}

static void on_unknown(struct server *server, struct session *session, const struct control_message *control) {
    static const char why[] = "this server does not know that op";

    (void)control;
    if (note_nonsense(server, session, "said what this server does not know", why))
        answer(server, session, CONTROL_OP_ERROR, why);
}

static void on_nonsense(struct server *server, struct session *session, const char *why) {
    if (note_nonsense(server, session, "said what is no message", why))
        answer(server, session, CONTROL_OP_ERROR, why);
}

static void (*const ops[])(struct server *, struct session *, const struct control_message *) = {
    [CONTROL_OP_LINKS] = on_unknown,   [CONTROL_OP_GOAWAY] = on_unknown,  [CONTROL_OP_DRAIN] = on_drain,
    [CONTROL_OP_DRAINED] = on_unknown, [CONTROL_OP_BYE] = on_bye,         [CONTROL_OP_ERROR] = on_error,
    [CONTROL_OP_NOTICE] = on_unknown,  [CONTROL_OP_UNKNOWN] = on_unknown,
};

void control_receive(struct server *server, struct session *session, const char *text, size_t length) {
    struct control_message control;
    struct error error;

    if (control_parse(&control, text, length, &error)) {
        on_nonsense(server, session, error.text);
        return;
    }
    ops[control.op](server, session, &control);
    control_done(&control);
}
