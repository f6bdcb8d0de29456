/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * expand: see expand.h.
 */
#include "config.h"

#include "conf/expand.h"

#include "lib/base/file.h"
#include "lib/base/json.h"
#include "lib/base/secret.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 1024, DEPTH_MAX = 16 };
static const char blanks[] = " \t\r\n";

struct text { /* of a value, as it grows */
    char *bytes;
    size_t length;
    const struct option_place *place;
};

static int append(struct text *text, const char *more, size_t length) {
    if (length > EXPAND_VALUE_MAX - text->length)
        return option_error(text->place, "it is longer than %d bytes with what it stands for", EXPAND_VALUE_MAX);
    char *grown = realloc(text->bytes, text->length + length + 1);
    if (!grown)
        return option_error(text->place, "out of memory");
    memcpy(grown + text->length, more, length);
    grown[text->length += length] = '\0';
    text->bytes = grown;
    return 0;
}

static int append_trimmed(struct text *text, const char *more, size_t length) {
    size_t skip = strspn(more, blanks);
    while (length > skip && strchr(blanks, more[length - 1]))
        length--;
    return append(text, more + skip, length - skip);
}

/* False when out of memory. */
static bool note_file(const struct option_place *place, const char *path) {
    return !place->value_files || strlist_has(place->value_files, path) || strlist_add(place->value_files, path) == 0;
}

static int append_file(struct text *text, const char *name) {
    struct error detail = {"out of memory"};
    size_t length = 0;
    int result = -1;
    char *path = text->place->beside ? file_beside(text->place->beside, name) : strdup(name);
    char *bytes =
        path && note_file(text->place, path) ? file_read_trusted(path, EXPAND_VALUE_MAX, &length, &detail) : NULL;
    if (!bytes)
        option_error(text->place, "${file:%s}: %s", name, detail.text);
    else if (strlen(bytes) != length)
        option_error(text->place, "${file:%s}: the file holds a zero byte; it must be text", name);
    else
        result = append_trimmed(text, bytes, length);
    if (bytes)
        secret_wipe(bytes, length);
    free(bytes);
    free(path);
    return result;
}

static bool is_variable(const char *name) {
    static const char first[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_", digits[] = "0123456789";
    size_t length = strspn(name, first);
    if (length == 0)
        return false;
    while (name[length] && (strchr(first, name[length]) || strchr(digits, name[length])))
        length++;
    return name[length] == '\0';
}

static int append_variable(struct text *text, const char *name) {
    if (!is_variable(name))
        return option_error(text->place,
                            "\"${%s}\" names no variable; write ${NAME} or ${file:PATH}, or $${ for a \"${\" itself",
                            name);
    const char *value = getenv(name);
    if (!value)
        return option_error(text->place, "the environment variable %s is not set; set it where the program is started",
                            name);
    return append_trimmed(text, value, strlen(value));
}

/* A user who may write such a file could have root read any other by it. */
static int check_source(const struct option_place *place) {
    if (!place->is_foreign)
        return 0;
    return option_error(place,
                        "root takes no \"${\" from this file, which others may change; write the value itself, or "
                        "chown root:root %s",
                        place->file);
}

/* `from` begins with "${". Returns what is behind its end; NULL with the place's error. */
static const char *append_reference(struct text *text, const char *from) {
    static const char scheme[] = "file:";
    char name[NAME_MAX_BYTES];
    const char *end = strchr(from, '}');
    size_t length = end ? (size_t)(end - from) - 2 : 0;
    if (!end || length >= sizeof name) {
        option_error(text->place, end ? "the name in \"${\" is too long"
                                      : "the '}' of \"${\" is missing; or write $${ for a \"${\" itself");
        return NULL;
    }
    if (check_source(text->place))
        return NULL;
    memcpy(name, from + 2, length);
    name[length] = '\0';
    bool is_file = strncmp(name, scheme, sizeof scheme - 1) == 0;
    int failed = is_file ? append_file(text, name + sizeof scheme - 1) : append_variable(text, name);
    return failed ? NULL : end + 1;
}

static int append_all(struct text *text, const char *from) {
    while (*from) {
        const char *next = strstr(from, "${");
        size_t plain = next ? (size_t)(next - from) : strlen(from);
        bool is_escaped = next && next > from && next[-1] == '$';
        if (append(text, from, is_escaped ? plain - 1 : plain))
            return -1;
        if (is_escaped && append(text, "${", 2))
            return -1;
        from = !next ? from + plain : is_escaped ? next + 2 : append_reference(text, next);
        if (!from)
            return -1;
    }
    return 0;
}

static int expand_string(json_t *value, const struct option_place *place) {
    struct text text = {.place = place};
    int result = -1;
    if (!strstr(json_string_value(value), "${"))
        return 0;
    if (append_all(&text, json_string_value(value)) == 0) {
        result = json_string_setn(value, text.bytes ? text.bytes : "", text.length);
        if (result)
            option_error(place, "what it stands for is not UTF-8 text");
    }
    if (text.bytes)
        secret_wipe(text.bytes, text.length);
    free(text.bytes);
    return result;
}

/* What is deeper than any option is not read either: it is refused by its name. */
static int expand_value(json_t *json, const struct option_place *place, int depth) {
    const char *key;
    json_t *value;
    size_t index;
    if (json_is_string(json))
        return expand_string(json, place);
    if (depth == DEPTH_MAX)
        return 0;
    json_object_foreach (json, key, value) {
        const struct option_place inner = option_member(place, key);
        if (expand_value(value, &inner, depth + 1))
            return -1;
    }
    json_array_foreach (json, index, value) {
        const struct option_place inner = option_element(place, index);
        if (expand_value(value, &inner, depth + 1))
            return -1;
    }
    return 0;
}

/* The parser's error begins with FILE:LINE:COLUMN. */
static void note_syntax(const struct option_place *place) {
    size_t length = strlen(place->file);
    const char *text = place->error->text;
    char *end;
    if (!place->fault || strncmp(text, place->file, length) != 0 || text[length] != ':')
        return;
    *place->fault = (struct option_fault){.line = (unsigned)strtoul(text + length + 1, &end, 10)};
    place->fault->column = *end == ':' ? (unsigned)strtoul(end + 1, NULL, 10) : 0;
    snprintf(place->fault->file, sizeof place->fault->file, "%s", place->file);
}

json_t *expand_parse(char *text, size_t length, struct option_place *place, json_t **written) {
    json_t *json = json_parse_file_text(text, length, place->file, place->error);
    if (!json)
        note_syntax(place);
    *written = json ? json_deep_copy(json) : NULL;
    if (json && !*written)
        option_error(place, "out of memory");
    if (*written && expand_value(json, place, 0) == 0) {
        place->written = *written;
        return json;
    }
    json_decref(*written);
    json_decref(json);
    *written = NULL;
    return NULL;
}
