/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * control: see control.h. What is not understood is answered by `error`, so that a newer agent can tell what this
 * server is. Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "server/auth/control.h"

enum { WARNINGS_A_MINUTE = 5, NONSENSE_MOST = 100 }; /* so much in a minute, and it is no agent of ours */

static void on_drain(struct registry *registry, struct session *session, const struct control_message *control) {
    (void)control;
    registry_drain(registry, session);
    registry_send(registry, session, CONTROL_OP_DRAINED, NULL);
}

static void on_bye(struct registry *registry, struct session *session, const struct control_message *control) {
    registry_dismiss(registry, session, "left", *control->reason ? control->reason : "it said good-bye");
}

/*
 * What this server does not understand is answered, so that a newer agent, or whoever writes one, can tell; but not for
 * ever, nor each time in the log. False: the session has been ended for it.
 */
static bool note_nonsense(struct registry *registry, struct session *session, const char *what, const char *why) {
    static const char too_much[] =
        "more than 100 messages in a minute that are errors, or that this server does not know";
    struct log_limit *limit = session_protocol_errors(session);
    unsigned skipped = 0;

    if (log_limit_allows(limit, WARNINGS_A_MINUTE, &skipped)) {
        log_event(registry_log(registry), LOG_LEVEL_WARNING, session_who(session), what,
                  LOG_FIELDS(LOG_TEXT("why", why), LOG_NUMBER("left_out", skipped)));
    } else if (limit->skipped >= NONSENSE_MOST) {
        registry_send(registry, session, CONTROL_OP_BYE, too_much);
        registry_dismiss(registry, session, "sent away", too_much);
        return false;
    }
    return true;
}

static void on_error(struct registry *registry, struct session *session, const struct control_message *control) {
    note_nonsense(registry, session, "did not understand", control->reason);
}

static void on_unknown(struct registry *registry, struct session *session, const struct control_message *control) {
    static const char why[] = "this server does not know that op";

    (void)control;
    if (note_nonsense(registry, session, "said what this server does not know", why))
        registry_send(registry, session, CONTROL_OP_ERROR, why);
}

static void on_nonsense(struct registry *registry, struct session *session, const char *why) {
    if (note_nonsense(registry, session, "said what is no message", why))
        registry_send(registry, session, CONTROL_OP_ERROR, why);
}

static void (*const ops[])(struct registry *, struct session *, const struct control_message *) = {
    [CONTROL_OP_LINKS] = on_unknown,   [CONTROL_OP_GOAWAY] = on_unknown,  [CONTROL_OP_DRAIN] = on_drain,
    [CONTROL_OP_DRAINED] = on_unknown, [CONTROL_OP_BYE] = on_bye,         [CONTROL_OP_ERROR] = on_error,
    [CONTROL_OP_NOTICE] = on_unknown,  [CONTROL_OP_UNKNOWN] = on_unknown,
};

void control_receive(struct registry *registry, struct session *session, const char *text, size_t length) {
    struct control_message control;
    struct error error;

    if (control_parse(&control, text, length, &error)) {
        on_nonsense(registry, session, error.text);
        return;
    }
    ops[control.op](registry, session, &control);
    control_done(&control);
}
