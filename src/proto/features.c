/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * features: see features.h.
 */
#include "config.h"

#include "proto/features.h"

#include "lib/net/sock.h"
#include "proto/json_fields.h"
#include "proto/limits.h"

#include <string.h>

enum { WORDS_MAX = 32 };

static const char *const words[FEATURE_COUNT] = {
#define FEATURE_WORD(name, word, is_required) [FEATURE_##name] = word,
    PROTO_FEATURES(FEATURE_WORD)
#undef FEATURE_WORD
};

enum {
#define FEATURE_REQUIRED(name, word, is_required) +((is_required) << FEATURE_##name)
    REQUIRED = 0 PROTO_FEATURES(FEATURE_REQUIRED)
#undef FEATURE_REQUIRED
};

unsigned features_of_agent(void) {
    return sock_has_loopback_network() ? FEATURES_ALL : FEATURES_ALL & ~(1U << FEATURE_CONNECT_FROM);
}

static unsigned find_word(const char *text) {
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        if (strcmp(text, words[i]) == 0)
            return 1U << i;
    return 0;
}

int features_take(const json_t *json, unsigned *features, struct error *error) {
    const json_t *list = json_object_get(json, "features");
    size_t index;
    json_t *item;

    *features = 0;
    if (!list)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > WORDS_MAX)
        return error_set(error, "\"features\" is not a list of %d words at most", WORDS_MAX);
    json_array_foreach (list, index, item) {
        const char *text = json_string_value(item);
        if (!text || !json_text_is_clean(text, PROTO_NAME_MAX))
            return error_set(error, "\"features\" holds something that is not a word");
        *features |= find_word(text);
    }
    return 0;
}

bool features_put(json_t *json, unsigned features) {
    json_t *list = json_array();
    bool complete = list;

    for (unsigned i = 0; i < FEATURE_COUNT && complete; i++)
        complete = !(features & 1U << i) || json_array_append_new(list, json_string(words[i])) == 0;
    if (complete)
        return json_object_set_new(json, "features", list) == 0;
    json_decref(list);
    return false;
}

const char *features_lacking(unsigned needed, unsigned features) {
    for (unsigned i = 0; i < FEATURE_COUNT; i++)
        if (needed & ~features & 1U << i)
            return words[i];
    return NULL;
}

const char *features_missing(unsigned features) {
    return features_lacking(REQUIRED, features);
}
