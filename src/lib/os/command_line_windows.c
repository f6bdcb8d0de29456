/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * command_line_windows: see command_line.h. Within quotes, backslashes count as themselves unless a quote follows: then
 * each of them, and the quote, needs one more in front.
 */
#include "config.h"

#include "lib/os/command_line.h"

#include "lib/base/strbuf.h"

#include <stdlib.h>
#include <string.h>

static void add_quoted(struct strbuf *line, const char *argument) {
    strbuf_add(line, "\"");
    while (*argument) {
        size_t backslashes = strspn(argument, "\\"), others = strcspn(argument + backslashes, "\\\"");
        bool is_before_quote = others == 0;
        strbuf_add_part(line, argument, backslashes);
        if (is_before_quote)
            strbuf_add_part(line, argument, backslashes);
        argument += backslashes;
        if (is_before_quote && *argument)
            strbuf_add(line, "\\\"");
        strbuf_add_part(line, argument, others);
        argument += is_before_quote && *argument ? 1 : others;
    }
    strbuf_add(line, "\"");
}

static size_t most_bytes(const char *const *argv) {
    size_t size = 1;

    for (size_t i = 0; argv[i]; i++)
        size += 2 * strlen(argv[i]) + sizeof "\"\" ";
    return size;
}

char *command_line_of(const char *const *argv) {
    size_t size = most_bytes(argv);
    char *bytes = malloc(size);

    if (!bytes)
        return NULL;
    struct strbuf line = strbuf_begin(bytes, size);
    for (size_t i = 0; argv[i]; i++) {
        if (i > 0)
            strbuf_add(&line, " ");
        if (*argv[i] && !strpbrk(argv[i], " \t\n\v\""))
            strbuf_add(&line, argv[i]);
        else
            add_quoted(&line, argv[i]);
    }
    return bytes;
}
