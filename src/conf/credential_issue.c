/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * credential_issue: see credential_issue.h.
 */
#include "config.h"

#include "conf/credential_issue.h"

#include "lib/base/date.h"

#include <string.h>

int credential_parse_end(time_t *moment, const char *text, struct error *error) {
    time_t span;
    if (date_parse_span(&span, text)) {
        *moment = time(NULL) + span;
        return 0;
    }
    if (date_parse(moment, text))
        return *moment > time(NULL)
                   ? 0
                   : error_set(error, "%s is in the past; write a later date, or a span like \"90d\"", text);
    return error_set(error, "\"%.40s\" is not a date; write one like \"2027-01-31\", or a span like \"90d\"", text);
}

/* By the keys alone: a credential that has expired as a whole keeps them, since its date may be changed by hand. */
static void drop_ended_keys(struct credential *credential, time_t now) {
    int kept = 0;
    for (int i = 0; i < credential->key_count; i++)
        if (!credential_key_has_ended(credential, i, now))
            credential->keys[kept++] = credential->keys[i];
    credential->key_count = kept;
}

static int refuse_key(const struct credential *credential, const char *path, struct error *error) {
    char date[DATE_TEXT];
    time_t first = 0;
    for (int i = 0; i < credential->key_count; i++)
        if (credential->keys[i].until && (!first || credential->keys[i].until < first))
            first = credential->keys[i].until;
    if (!first)
        return error_set(error, "%s has %d tokens, and no more are kept; remove keys that are not used from %s",
                         credential->name, credential->key_count, path);
    return error_set(error,
                     "%s has %d tokens that are still valid, and no more are kept; rotate it when the first of them "
                     "has ended, at %s, or remove a key that is not used from %s",
                     credential->name, credential->key_count, date_format(first, date), path);
}

/* No valid key is dropped: it may be the one by which the agent is joined just now. */
int credential_make_room(struct credential *credential, time_t until, const char *path, struct error *error) {
    time_t *newest = &credential->keys[0].until;
    drop_ended_keys(credential, time(NULL));
    if (credential->key_count == CREDENTIAL_KEYS)
        return refuse_key(credential, path, error);
    if (credential->key_count > 0 && (*newest == 0 || until < *newest))
        *newest = until;
    return 0;
}

static void put_key_first(struct credential *credential, const uint8_t key[SECRET_SIZE]) {
    memmove(&credential->keys[1], &credential->keys[0], (size_t)credential->key_count * sizeof credential->keys[0]);
    memcpy(credential->keys[0].key, key, SECRET_SIZE);
    credential->keys[0].until = 0;
    credential->key_count++;
}

int credential_add_token(struct credential *credential, struct auth_token *token, struct error *error) {
    uint8_t key[SECRET_SIZE];
    if (auth_token_make(token, credential->name) != 0)
        return error_set(error, "the system's random generator failed; nothing was changed");
    auth_token_key(token, key);
    put_key_first(credential, key);
    secret_wipe(key, sizeof key);
    return 0;
}
