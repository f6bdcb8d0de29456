/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * welcome: judges what a server answered to our HELLO.
 * Runs on: the control thread. Owns: nothing.
 */
#include "config.h"

#include "agent/upstream/welcome.h"

static void note_reject(const struct greeting *greeting, struct failure *failure) {
    struct reject reject;
    struct error error = {""};

    if (reject_parse(&reject, greeting->text, greeting->length, &error) != 0) {
        failure_note(failure, FAILURE_LASTING,
                     "the server turned this agent away in a way that it does not understand: %s", error.text);
        return;
    }
    failure_note_reject(failure, &reject);
    reject_done(&reject);
}

static bool server_is_proved(const struct welcome *welcome, const struct greeting *greeting,
                             const struct token *token) {
    return welcome->has_proof && auth_proof_check(welcome->proof, token->key, AUTH_PROOF_SERVER, greeting->exporter);
}

bool welcome_read(struct welcome *welcome, const struct greeting *greeting, const struct token *token,
                  struct failure *failure) {
    struct error error = {""};

    if (greeting->rejected) {
        note_reject(greeting, failure);
        return false;
    }
    if (welcome_parse(welcome, greeting->text, greeting->length, &error) != 0) {
        failure_note(failure, FAILURE_LASTING, "the server's WELCOME is malformed: %s", error.text);
        return false;
    }
    if (welcome->session[0] == '\0') {
        failure_note(failure, FAILURE_LASTING, "the server's WELCOME names no session");
        welcome_done(welcome);
        return false;
    }
    if (token->present && !server_is_proved(welcome, greeting, token)) {
        failure_note(failure, FAILURE_LASTING, "the server does not know our token's key (of credential %s)",
                     token->credential);
        welcome_done(welcome);
        return false;
    }
    return true;
}
