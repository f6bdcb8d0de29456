/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tokens: the file, line by line, and the digests that are kept of it.
 * Runs on: one thread. Owns: the digests.
 */
#include "config.h"

#include "lib/http/tokens.h"

#include "lib/base/file.h"
#include "lib/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

/* Of 32 random hexadecimal digits there are less than 8 different ones once in 25 million times. */
enum { FILE_LIMIT = 64 * 1024, DIFFERENT_LEAST = 8 };

struct entry {
    enum http_role role;
    char name[HTTP_TOKEN_NAME];
    uint8_t digest[SECRET_SIZE];
};

struct http_tokens {
    size_t count;
    struct entry entries[HTTP_TOKENS_MOST];
};

static const char blanks[] = " \t\r";
static const char token_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char name_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";

static const char *const role_names[] = {"none", "view", "operate", "admin"};

const char *http_role_name(enum http_role role) {
    return role_names[role];
}

static enum http_role role_of(const char *text) {
    for (enum http_role role = HTTP_ROLE_VIEW; role <= HTTP_ROLE_ADMIN; role++)
        if (!strcmp(text, role_names[role]))
            return role;
    return HTTP_ROLE_NONE;
}

bool http_token_digest(uint8_t digest[SECRET_SIZE], const char *token) {
    return secret_sha256(digest, token, strlen(token), "", 0) == 0;
}

/* Cuts the next word off; NULL: there is none. */
static char *next_word(char **line) {
    char *word = *line + strspn(*line, blanks);
    size_t length = strcspn(word, blanks);
    *line = word + length + (word[length] ? 1 : 0);
    word[length] = '\0';
    return length ? word : NULL;
}

#define MAKE_ONE "; make one by: openssl rand -hex 32"

/* Not whether it is random, which cannot be seen, but whether it surely is not: "xxxxxxxx...", "12341234...". */
static bool has_variety(const char *token) {
    unsigned different = 0;
    for (const char *letter = token_letters; *letter; letter++)
        different += strchr(token, *letter) ? 1 : 0;
    return different >= DIFFERENT_LEAST;
}

static const char *mistake_of(const char *role, const char *name, const char *token, bool has_more) {
    if (!name || !token || has_more)
        return "write \"ROLE NAME TOKEN\"";
    if (role_of(role) == HTTP_ROLE_NONE)
        return "the role is none of view, operate and admin";
    if (strlen(name) >= HTTP_TOKEN_NAME || name[strspn(name, name_letters)])
        return "the name has more than 64 characters, or others than A-Z a-z 0-9 . - _";
    if (token[strspn(token, token_letters)])
        return "the token has other characters than A-Z a-z 0-9 - _";
    if (strlen(token) < HTTP_TOKEN_SHORTEST || strlen(token) > HTTP_TOKEN_LONGEST)
        return "the token has less than 32 or more than 128 characters" MAKE_ONE;
    if (!has_variety(token))
        return "the token can be guessed: it has less than 8 different characters" MAKE_ONE;
    return NULL;
}

/* A name twice would make the log ambiguous, a token twice its role. */
static const char *find_duplicate(const struct http_tokens *tokens, const struct entry *entry) {
    for (size_t i = 0; i < tokens->count; i++) {
        if (!strcmp(tokens->entries[i].name, entry->name))
            return "this name is there already";
        if (secret_equal(tokens->entries[i].digest, entry->digest, SECRET_SIZE))
            return "this token is there already";
    }
    return NULL;
}

/* NULL if the line is well-formed, empty or a comment. */
static const char *add_line(struct http_tokens *tokens, char *line) {
    char *role = next_word(&line), *name = next_word(&line), *token = next_word(&line);
    if (!role || role[0] == '#')
        return NULL;
    bool has_more = next_word(&line);
    const char *mistake = mistake_of(role, name, token, has_more);
    if (mistake)
        return mistake;
    struct entry entry = {.role = role_of(role)};
    strbuf_copy(entry.name, sizeof entry.name, name);
    if (!http_token_digest(entry.digest, token))
        return "out of memory";
    mistake = find_duplicate(tokens, &entry);
    if (!mistake && tokens->count == HTTP_TOKENS_MOST)
        mistake = "there are more than 256 tokens";
    if (!mistake)
        tokens->entries[tokens->count++] = entry;
    return mistake;
}

static int add_lines(struct http_tokens *tokens, const char *path, char *text, size_t length, struct error *error) {
    if (strlen(text) != length)
        return error_set(error, "%s: has a NUL byte; it is to be text", path);
    unsigned number = 0;
    for (char *line = text, *next; line; line = next) {
        number++;
        next = strchr(line, '\n');
        if (next)
            *next++ = '\0';
        const char *mistake = add_line(tokens, line);
        if (mistake)
            return error_set(error, "%s:%u: %s", path, number, mistake);
    }
    return 0;
}

struct http_tokens *http_tokens_read(const char *path, struct error *error) {
    size_t length;
    char *text = file_read_secret(path, FILE_LIMIT, &length, error);
    if (!text)
        return NULL;
    struct http_tokens *tokens = calloc(1, sizeof *tokens);
    if (!tokens)
        error_set(error, "out of memory");
    int result = tokens ? add_lines(tokens, path, text, length, error) : -1;
    if (result == 0 && tokens->count == 0)
        result = error_set(error, "%s: there is no token in it; write \"ROLE NAME TOKEN\"", path);
    secret_wipe(text, length);
    free(text);
    if (result == 0)
        return tokens;
    http_tokens_free(tokens);
    return NULL;
}

void http_tokens_free(struct http_tokens *tokens) {
    if (tokens)
        secret_wipe(tokens, sizeof *tokens);
    free(tokens);
}

size_t http_tokens_count(const struct http_tokens *tokens) {
    return tokens ? tokens->count : 0;
}

enum http_role http_tokens_find_digest(const struct http_tokens *tokens, const uint8_t digest[SECRET_SIZE],
                                       const char **name) {
    enum http_role role = HTTP_ROLE_NONE;
    *name = NULL;
    for (size_t i = 0; i < http_tokens_count(tokens); i++) {
        if (!secret_equal(tokens->entries[i].digest, digest, SECRET_SIZE))
            continue;
        role = tokens->entries[i].role;
        *name = tokens->entries[i].name;
    }
    return role;
}
