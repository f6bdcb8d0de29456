/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * subcommand: see subcommand.h.
 */
#include "config.h"

#include "ctl/subcommand.h"

#include "conf/suggest.h"

#include <stdio.h>
#include <string.h>

enum { WORD_TEXT = 32 };

const struct subcommand *subcommand_find(const struct subcommand *table, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(table[i].name, name) == 0)
            return &table[i];
    return NULL;
}

const char *subcommand_nearest(const struct subcommand *table, size_t count, const char *name) {
    struct suggestion nearest = suggest_for(name);
    for (size_t i = 0; i < count; i++)
        suggest_consider(&nearest, table[i].name);
    return nearest.best;
}

int subcommand_complain(const struct subcommand *table, size_t count, const char *program, const char *name) {
    const char *meant = subcommand_nearest(table, count, name);
    if (meant)
        fprintf(stderr, "%s: there is no command %.40s; did you mean %s?\n", program, name, meant);
    else
        fprintf(stderr, "%s: there is no command %.40s; see %s --help\n", program, name, program);
    return CMDLINE_USAGE_ERROR;
}

/* What follows the options in the last line of the usage, "munnel relay end [OPTION]... ID...": its first word, with
 * brackets and dots left out. */
static const char *name_of_word(const char *usage, char name[WORD_TEXT]) {
    static const char options[] = "[OPTION]... ";
    const char *at = "an argument";

    for (const char *next = usage; (next = strstr(next, options)); next += sizeof options - 1)
        at = next + sizeof options - 1;
    snprintf(name, WORD_TEXT, "%.*s", (int)strcspn(at, ".\n"), at);
    return name;
}

static int count_words(const struct cmdline_spec *command, const struct cmdline *line, int fewest, int most) {
    int words = line->word_count;
    char name[WORD_TEXT];

    if (words < fewest)
        fprintf(stderr, "%s: %s is missing; see %s --help\n", command->program, name_of_word(command->usage, name),
                command->program);
    else if (words > most)
        fprintf(stderr, "%s: \"%.40s\" is one argument too many; see %s --help\n", command->program, line->words[most],
                command->program);
    else
        return -1;
    return CMDLINE_USAGE_ERROR;
}

int subcommand_read(struct cmdline *line, const struct cmdline_spec *command, void *base, int fewest, int most,
                    int argc, char **argv) {
    struct error error = {{0}};
    struct option_place place = {.error = &error};
    int code = cmdline_read(line, command, argc, argv);
    if (code >= 0)
        return code;
    if (option_defaults(command->table, base, &place) != 0 || cmdline_apply(line, base, &error) != 0)
        return cmdline_complain(command, NULL, error.text);
    return count_words(command, line, fewest, most);
}

int subcommand_fail(const struct cmdline_spec *command, const struct error *error) {
    fprintf(stderr, "%s: %s\n", command->program, error->text);
    return SUBCOMMAND_FAILED;
}
