/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * tar_writer: see tar_writer.h. libarchive writes more formats than one, and for them brings eight libraries, one with
 * an XML parser and its tables of all scripts, into a tool that otherwise needs four.
 */
#include "config.h"

#include "ctl/tar_writer.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 512 };
static const unsigned long long most = 0x1ffffffff; /* eleven octal digits */

struct header { /* numbers are octal digits */
    char name[100], mode[8], owner[8], group[8], size[12], modified[12], checksum[8], type, link[100];
    char magic[6], version[2], owner_name[32], group_name[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct header) == BLOCK, "a header is one block");

static unsigned checksum(const struct header *header) {
    const unsigned char *bytes = (const unsigned char *)header;
    unsigned sum = 0;

    for (size_t i = 0; i < sizeof *header; i++)
        sum += bytes[i];
    return sum;
}

int tar_add(FILE *file, const char *name, const char *bytes, size_t length, time_t modified) {
    static const char zeros[BLOCK];
    struct header header = {.type = '0', .magic = "ustar", .version = {'0', '0'}};
    size_t pad = (BLOCK - length % BLOCK) % BLOCK;

    if (strlen(name) > TAR_NAME_MOST || length > most) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(header.name, name, strlen(name));
    snprintf(header.mode, sizeof header.mode, "%07o", 0600u);
    snprintf(header.owner, sizeof header.owner, "%07o", 0u);
    snprintf(header.group, sizeof header.group, "%07o", 0u);
    snprintf(header.size, sizeof header.size, "%011llo", (unsigned long long)length & most);
    snprintf(header.modified, sizeof header.modified, "%011llo", (unsigned long long)modified & most);
    memset(header.checksum, ' ', sizeof header.checksum); /* as which it counts in its own sum */
    snprintf(header.checksum, sizeof header.checksum, "%06o", checksum(&header) & 0777777);
    if (fwrite(&header, sizeof header, 1, file) != 1 || (length && fwrite(bytes, length, 1, file) != 1) ||
        (pad && fwrite(zeros, pad, 1, file) != 1))
        return -1;
    return 0;
}

int tar_end(FILE *file) {
    static const char zeros[2 * BLOCK];

    return fwrite(zeros, sizeof zeros, 1, file) == 1 && fflush(file) == 0 ? 0 : -1;
}
