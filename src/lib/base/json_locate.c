/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * json_locate: finds a value's line and column, which jansson does not keep. The text was parsed before, so it is only
 * walked through; whatever it holds, nothing behind its end is read.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/json.h"

#include <string.h>

enum { TOKEN_MAX = 96 };

struct walk {
    const char *at, *end;
};

static bool is_at(const struct walk *walk, char byte) {
    return walk->at < walk->end && *walk->at == byte;
}

static bool is_comment(const struct walk *walk) {
    return walk->end - walk->at >= 2 && walk->at[0] == '/' && walk->at[1] == '/';
}

/* Behind blanks, comments and a byte order mark. */
static void skip_space(struct walk *walk) {
    while (walk->at < walk->end) {
        if (is_comment(walk))
            while (walk->at < walk->end && *walk->at != '\n')
                walk->at++;
        else if (memchr(" \t\r\n\xef\xbb\xbf", *walk->at, 7))
            walk->at++;
        else
            return;
    }
}

/* Behind a text in quotes. */
static void skip_text(struct walk *walk) {
    for (walk->at++; walk->at < walk->end && *walk->at != '"'; walk->at++)
        if (*walk->at == '\\')
            walk->at++;
    walk->at = walk->at < walk->end ? walk->at + 1 : walk->end;
}

/* To the comma or bracket behind a value. */
static void skip_value(struct walk *walk) {
    int depth = 0;
    for (skip_space(walk); walk->at < walk->end; skip_space(walk)) {
        if (*walk->at == '"') {
            skip_text(walk);
            continue;
        }
        if (depth == 0 && memchr(",]}", *walk->at, 3))
            return;
        depth += (*walk->at == '[' || *walk->at == '{') - (*walk->at == ']' || *walk->at == '}');
        walk->at++;
    }
}

/* Takes the next token of a pointer, unescaped. False: there is none, or it is too long for a name of ours. */
static bool take_token(const char **pointer, char token[TOKEN_MAX]) {
    size_t length = 0;
    if (**pointer != '/')
        return false;
    for (++*pointer; **pointer && **pointer != '/' && length < TOKEN_MAX - 1; ++*pointer) {
        bool is_escape = **pointer == '~' && ((*pointer)[1] == '0' || (*pointer)[1] == '1');
        if (is_escape)
            ++*pointer;
        token[length++] = is_escape ? (**pointer == '0' ? '~' : '/') : **pointer;
    }
    token[length] = '\0';
    return !**pointer || **pointer == '/';
}

/* From an object to the value of its member, which is written without escapes. */
static bool enter_member(struct walk *walk, const char *name) {
    size_t length = strlen(name);
    for (walk->at++, skip_space(walk); is_at(walk, '"'); skip_space(walk)) {
        const char *key = walk->at + 1;
        skip_text(walk);
        bool is_it = (size_t)(walk->at - key) == length + 1 && memcmp(key, name, length) == 0;
        skip_space(walk);
        if (is_at(walk, ':'))
            walk->at++;
        skip_space(walk);
        if (is_it)
            return true;
        skip_value(walk);
        if (is_at(walk, ','))
            walk->at++;
    }
    return false;
}

static bool enter_element(struct walk *walk, const char *index) {
    size_t left = 0;
    for (; *index >= '0' && *index <= '9' && left < SIZE_MAX / 20; index++)
        left = 10 * left + (size_t)(*index - '0');
    for (walk->at++, skip_space(walk); left > 0; left--, skip_space(walk)) {
        skip_value(walk);
        if (!is_at(walk, ','))
            return false;
        walk->at++;
    }
    return walk->at < walk->end && *walk->at != ']';
}

static struct json_position position_of(const char *text, const char *at) {
    struct json_position position = {1, 1};
    for (; text < at; text++) {
        if (*text == '\n')
            position = (struct json_position){position.line + 1, 1};
        else if ((*text & 0xc0) != 0x80) /* the rest of a character in UTF-8 is no column */
            position.column++;
    }
    return position;
}

struct json_position json_locate(const char *text, size_t length, const char *pointer) {
    struct walk walk = {text, text + length};
    char token[TOKEN_MAX];
    skip_space(&walk);
    while (take_token(&pointer, token)) {
        struct walk inner = walk;
        bool is_there =
            is_at(&walk, '{') ? enter_member(&inner, token) : is_at(&walk, '[') && enter_element(&inner, token);
        if (!is_there)
            break;
        walk = inner;
    }
    return position_of(text, walk.at);
}
