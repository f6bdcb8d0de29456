/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * diag_archive: see diag_archive.h.
 */
#include "config.h"

#include "ctl/diag_archive.h"

#include "ctl/tar_writer.h"
#include "lib/base/date.h"
#include "lib/base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { TOKEN_DIGITS = 64 };

static void write_part(struct diag_archive *archive, const char *name, const char *bytes, size_t length) {
    char path[TAR_NAME_MOST + 1];

    if (archive->is_broken)
        return;
    if (snprintf(path, sizeof path, "%s/%s", archive->folder, name) >= (int)sizeof path)
        errno = ENAMETOOLONG;
    else if (tar_add(archive->file, path, bytes, length, archive->now) == 0)
        return;
    archive->is_broken = true;
    archive->cause = errno;
}

int diag_archive_refuse(const char *path, int cause, struct error *error) {
    bool is_full = error_is_disk_full(cause);

    return error_set(error, "cannot write %s: %s; %swrite it elsewhere with --output FILE",
                     strcmp(path, "-") == 0 ? "standard output" : path, error_text(cause),
                     is_full ? "make room there, or " : "");
}

void diag_archive_begin(struct diag_archive *archive, FILE *file, const char *path, const char *folder) {
    char date[DATE_TEXT];

    *archive = (struct diag_archive){.file = file, .path = path, .now = time(NULL)};
    snprintf(archive->folder, sizeof archive->folder, "%s", folder);
    text_buffer_add(&archive->manifest,
                    "munnel diag %s, %s\nSecrets are left out: no key, token or join code is in these files.\n\n",
                    PACKAGE_VERSION, date_format(archive->now, date));
}

void diag_archive_add(struct diag_archive *archive, const char *name, const char *bytes, size_t length,
                      const struct error *why) {
    archive->count++;
    if (bytes) {
        write_part(archive, name, bytes, length);
        text_buffer_add(&archive->manifest, "ok      %-28s %zu bytes\n", name, length);
        return;
    }
    archive->failed++;
    text_buffer_add(&archive->manifest, "FAILED  %-28s %s\n", name, why->text);
}

int diag_archive_end(struct diag_archive *archive, struct error *error) {
    size_t length = archive->manifest.length;
    char *manifest = text_buffer_take(&archive->manifest);

    if (manifest)
        write_part(archive, "MANIFEST", manifest, length);
    free(manifest);
    if (!archive->is_broken && tar_end(archive->file) != 0) {
        archive->is_broken = true;
        archive->cause = errno;
    }
    if (archive->is_broken)
        return diag_archive_refuse(archive->path, archive->cause, error);
    return manifest ? 0 : error_set(error, "out of memory");
}

/* ---- secrets ---- */

static bool is_code_digit(char digit) {
    return isalnum((unsigned char)digit) || digit == '-' || digit == '_';
}

static size_t count_digits(const char *bytes, size_t length) {
    size_t count = 0;

    while (count < length && isxdigit((unsigned char)bytes[count]))
        count++;
    return count;
}

/* "NAME:" and 64 digits are a token, "sha256:" and as many a key's digest, which is public. */
static bool is_token(const char *bytes, size_t at, size_t length) {
    static const char digest[] = "sha256";
    size_t size = sizeof digest - 1;

    if (bytes[at] != ':' || count_digits(bytes + at + 1, length - at - 1) != TOKEN_DIGITS)
        return false;
    return at < size || memcmp(bytes + at - size, digest, size) != 0;
}

void diag_redact(char *bytes, size_t length) {
    static const char code[] = "munnel1.";
    size_t size = sizeof code - 1;

    for (size_t at = 0; at < length; at++) {
        if (is_token(bytes, at, length))
            memset(bytes + at + 1, '*', TOKEN_DIGITS);
        if (length - at < size || memcmp(bytes + at, code, size) != 0)
            continue;
        for (at += size; at < length && is_code_digit(bytes[at]); at++)
            bytes[at] = '*';
    }
}
