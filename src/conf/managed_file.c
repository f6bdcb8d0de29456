/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * managed_file: see managed_file.h.
 */
#include "config.h"

#include "conf/managed_file.h"

#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/base/secret.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A file of another version of this line would be taken for a person's. */
#define HEAD "// munneld writes this file, and may replace or remove it. Once edited by hand it is left alone. sha256:"
enum { FILE_MAX = 256 * 1024 };

static const char suffix[] = ".json";

/* ---- whose it is ---- */

/* False when out of memory. */
static bool make_head(char head[sizeof HEAD + SECRET_HEX], const char *content, size_t length) {
    uint8_t digest[SECRET_SIZE];
    char hex[SECRET_HEX];

    if (secret_sha256(digest, content, length, "", 0))
        return false;
    snprintf(head, sizeof HEAD + SECRET_HEX, HEAD "%s\n", secret_to_hex(digest, sizeof digest, hex));
    return true;
}

char *managed_file_format(const json_t *service) {
    char head[sizeof HEAD + SECRET_HEX];
    char *content = json_dumps(service, JSON_INDENT(2)), *text = NULL;
    size_t length = content ? strlen(content) + 1 : 0; /* with the end of the last line */

    if (content)
        content[length - 1] = '\n'; /* in the place of the terminator */
    if (content && make_head(head, content, length) && (text = malloc(strlen(head) + length + 1))) {
        size_t begin = strlen(head);
        memcpy(text, head, begin);
        memcpy(text + begin, content, length);
        text[begin + length] = '\0';
    }
    free(content);
    return text;
}

bool managed_file_is_unchanged(const char *text, size_t length) {
    char head[sizeof HEAD + SECRET_HEX];
    size_t begin = sizeof head - 1;

    return length > begin && text[begin - 1] == '\n' && make_head(head, text + begin, length - begin) &&
           memcmp(text, head, begin) == 0;
}

bool managed_file_is_named(const char *path, const char *service) {
    const char *name = path_name(path);
    size_t length = strlen(service);

    return strncmp(name, service, length) == 0 && strcmp(name + length, suffix) == 0;
}

enum managed_state managed_file_look(const char *path, struct error *error) {
    enum file_kind kind = file_kind(path);
    size_t length;

    if (kind == FILE_ABSENT) {
        int failure = errno;
        error_set(error, "cannot read %s: %s", path, error_text(failure));
        errno = failure;
        return failure == ENOENT ? MANAGED_ABSENT : MANAGED_UNREADABLE;
    }
    if (kind != FILE_REGULAR) {
        error_set(error, "%s is no regular file: munneld has not made it, and leaves it alone", path);
        return MANAGED_FOREIGN;
    }
    char *text = file_read_trusted(path, FILE_MAX, &length, error);
    bool is_ours = text && managed_file_is_unchanged(text, length);
    if (text && !is_ours)
        error_set(error, "%s was written or edited by hand: munneld leaves it alone", path);
    free(text);
    return is_ours ? MANAGED_OURS : MANAGED_FOREIGN;
}

/* ---- where it is ---- */

/* NULL: out of memory. */
static char *name_in(const char *folder, const char *service) {
    size_t size = strlen(service) + sizeof suffix;
    char *name = malloc(size), *path;

    if (!name)
        return NULL;
    snprintf(name, size, "%s%s", service, suffix);
    path = file_in(folder, name);
    free(name);
    return path;
}

/* Without wildcards and escapes, so that it is a path as well. */
static bool is_plain(const char *pattern) {
    return !strpbrk(pattern, "*?[") && path_matches(pattern, pattern);
}

/* The path as file_glob() gives it for this pattern, whose folder may be `folder` by another name: a link, or other
 * separators. NULL: it does not. */
static char *match(const char *pattern, const char *folder, const char *service) {
    char *path = name_in(folder, service), *of_pattern = file_beside(pattern, "."), *found = NULL;
    bool is_match = path && path_matches(pattern, path);

    if (path && of_pattern && is_plain(of_pattern) && (is_match || file_is_same(of_pattern, folder)))
        found = file_beside(pattern, path_name(path));
    else if (is_match)
        found = strdup(path);
    if (found && !path_matches(pattern, found)) {
        free(found);
        found = NULL;
    }
    free(path);
    free(of_pattern);
    return found;
}

static char *path_of(const struct server_config *conf, const char *folder, const char *service) {
    char *path = NULL;

    for (size_t i = 0; !path && i < conf->include.count; i++)
        path = match(conf->include.items[i], folder, service);
    return path;
}

char *managed_file_path(const struct server_config *conf, const char *service, struct error *error) {
    if (!conf->path) {
        error_set(error, "munneld was started without a configuration file; start it with one: munneld --config FILE");
        return NULL;
    }
    char *folder = file_beside(conf->path, MANAGED_FOLDER);
    char *path = folder ? path_of(conf, folder, service) : NULL;
    if (!path)
        error_set(error, "%s does not include %s/%s.json; add this line to it, and reload: \"include\": \"%s/*.json\",",
                  conf->path, MANAGED_FOLDER, service, MANAGED_FOLDER);
    free(folder);
    return path;
}
