/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * cmdline: getopt_long with the options of a table. Options must be written in full: with abbreviations --token
 * would pass for --token-file.
 * Runs on: start. Owns: the notes of what was given.
 */
#include "config.h"

#include "conf/cmdline.h"
#include "conf/suggest.h"
#include "lib/base/format.h"
#include "lib/base/text_buffer.h"

#include <event2/event.h>
#include <getopt.h>
#include <jansson.h>
#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CODE = 256, HELP_COLUMN = 29, HELP_WIDTH = 50 };

struct entry { /* one thing that can be written with -- */
    const struct option_spec *spec;
    const struct cmdline_flag *flag;
    const char *name, *argument, *help;
    char letter;
};

struct grammar { /* the same for getopt_long and for --help */
    const struct cmdline_spec *command;
    struct entry entries[CMDLINE_FLAGS];
    struct option options[CMDLINE_FLAGS + 1];
    char letters[3 * CMDLINE_FLAGS];
    int count;
};

static const struct cmdline_flag help_flag = {"help", 'h', NULL, "print this", NULL};
static const struct cmdline_flag version_flag = {"version", 'V', NULL, "print the version, and the libraries'", NULL};

static void add_entry(struct grammar *grammar, struct entry entry) {
    int index = grammar->count;
    if (index == CMDLINE_FLAGS) /* a longer table is a bug; the unit tests would miss the flag */
        return;
    grammar->entries[index] = entry;
    grammar->options[index] =
        (struct option){entry.name, entry.argument ? required_argument : no_argument, NULL, FIRST_CODE + index};
    if (entry.letter)
        snprintf(grammar->letters + strlen(grammar->letters), 3, "%c%s", entry.letter, entry.argument ? ":" : "");
    grammar->count++;
}

static void add_flag(struct grammar *grammar, const struct cmdline_flag *flag) {
    add_entry(grammar, (struct entry){NULL, flag, flag->name, flag->argument, flag->help, flag->letter});
}

static void make_grammar(struct grammar *grammar, const struct cmdline_spec *command) {
    *grammar =
        (struct grammar){.command = command, .letters = ":"}; /* ':': getopt reports a missing argument as such */
    for (size_t i = 0; i < command->table->count; i++) {
        const struct option_spec *spec = &command->table->specs[i];
        if (spec->flag)
            add_entry(grammar, (struct entry){spec, NULL, spec->flag, spec->argument, spec->help, 0});
    }
    for (size_t i = 0; i < command->flag_count; i++)
        add_flag(grammar, &command->flags[i]);
    add_flag(grammar, &help_flag);
    add_flag(grammar, &version_flag);
}

/* In the column that is left of 80, broken between words. */
static void print_folded(const char *text, FILE *file) {
    while (strlen(text) > HELP_WIDTH) {
        size_t length = HELP_WIDTH;
        while (length > 0 && text[length] != ' ')
            length--;
        if (length == 0)
            break;
        fprintf(file, "%.*s\n%*s", (int)length, text, HELP_COLUMN + 1, "");
        text += length + 1;
    }
    fprintf(file, "%s\n", text);
}

/* Not those of each command in the help of one, "munnel service add": it must fit a screen. */
static bool is_hidden(const struct entry *entry, const struct cmdline_spec *command) {
    bool is_common = entry->flag == &help_flag || entry->flag == &version_flag;
    return !entry->help || (is_common && strchr(command->program, ' '));
}

static void print_help(const struct cmdline_spec *command, FILE *file) {
    struct grammar grammar;
    make_grammar(&grammar, command);
    fprintf(file, "%s\n", command->usage);
    for (int i = 0; i < grammar.count; i++) {
        const struct entry *entry = &grammar.entries[i];
        char left[64], letter[] = "    ";
        if (is_hidden(entry, command))
            continue;
        if (entry->letter)
            snprintf(letter, sizeof letter, "-%c, ", entry->letter);
        snprintf(left, sizeof left, "  %s--%s%s%s", letter, entry->name, entry->argument ? " " : "",
                 entry->argument ? entry->argument : "");
        fprintf(file, "%-*s ", HELP_COLUMN, left);
        print_folded(entry->help, file);
    }
}

/* Asks the libraries that are loaded, not the headers of the day it was compiled. */
void cmdline_add_version(struct text_buffer *text, const char *program) {
    text_buffer_add(text, "%s %s\nlibevent %s\nOpenSSL %s\njansson %s\n", program, PACKAGE_VERSION, event_get_version(),
                    OpenSSL_version(OPENSSL_VERSION_STRING), jansson_version_str());
}

void cmdline_print_version(const char *program) {
    struct text_buffer versions = {0};
    cmdline_add_version(&versions, program);
    char *text = text_buffer_take(&versions);
    fputs(text ? text : "out of memory\n", stdout);
    free(text);
}

int cmdline_complain(const struct cmdline_spec *command, const char *file, const char *text) {
    bool names_file = file && strncmp(text, file, strlen(file)) == 0;
    fprintf(stderr, "%s%s%s\n", names_file ? "" : command->program, names_file ? "" : ": ", text);
    return CMDLINE_USAGE_ERROR;
}

static int refuse(const struct grammar *grammar, const char *format, ...) PRINTF_LIKE(2, 3);

static int refuse(const struct grammar *grammar, const char *format, ...) {
    char text[320];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return cmdline_complain(grammar->command, NULL, text);
}

/* "accept-proxy" is accept_proxy, of which the table knows without a flag. */
static const struct option_spec *find_settable(const struct grammar *grammar, const char *name) {
    char key[64];
    snprintf(key, sizeof key, "%s", name);
    for (char *at = key; *at; at++)
        *at = *at == '-' ? '_' : *at;
    return grammar->command->settable ? option_find(grammar->command->settable, key) : NULL;
}

/* `word` is an option as it was written, "--confg=x" say. */
static int refuse_unknown(const struct grammar *grammar, const char *word) {
    char name[64];
    const char *start = word + strspn(word, "-");
    snprintf(name, sizeof name, "%.*s", (int)strcspn(start, "="), start);
    const struct option_spec *settable = find_settable(grammar, name);
    if (settable)
        return refuse(grammar, "there is no option --%s; write --set %s=VALUE", name, settable->name);
    struct suggestion nearest = suggest_for(name);
    for (int i = 0; i < grammar->count; i++)
        if (grammar->entries[i].help)
            suggest_consider(&nearest, grammar->entries[i].name);
    if (nearest.best)
        return refuse(grammar, "there is no option --%s; did you mean --%s?", name, nearest.best);
    return refuse(grammar, "there is no option --%s; see %s --help", name, grammar->command->program);
}

static const struct entry *find_entry(const struct grammar *grammar, int code) {
    for (int i = 0; i < grammar->count; i++)
        if (code == FIRST_CODE + i || (code && code == grammar->entries[i].letter))
            return &grammar->entries[i];
    return NULL;
}

/* getopt_long answered '?' or ':'; mingw-w64's answers ':' also to a value for an option that takes none. */
static int refuse_answer(const struct grammar *grammar, int answer, char **argv) {
    const struct entry *entry = find_entry(grammar, optopt);
    if (entry && entry->argument && answer == ':')
        return refuse(grammar, "--%s needs a value: --%s %s", entry->name, entry->name, entry->argument);
    if (entry)
        return refuse(grammar, "--%s takes no value; see %s --help", entry->name, grammar->command->program);
    if (optopt)
        return refuse(grammar, "there is no option -%c; see %s --help", optopt, grammar->command->program);
    return refuse_unknown(grammar, argv[optind - 1]);
}

/* The long option as it stands in argv, just read. */
static bool is_whole(const struct entry *entry, char **argv) {
    const char *word = optarg && optarg == argv[optind - 1] ? argv[optind - 2] : argv[optind - 1];
    size_t length = strlen(entry->name);
    return strncmp(word + 2, entry->name, length) == 0 && (word[2 + length] == '\0' || word[2 + length] == '=');
}

static int print_and_end(const struct grammar *grammar, const struct entry *entry) {
    if (entry->flag == &help_flag)
        print_help(grammar->command, stdout);
    else
        cmdline_print_version(grammar->command->program);
    return fflush(stdout) ? 1 : 0;
}

/* Notes one option; -1 to go on. */
static int take(struct cmdline *line, const struct grammar *grammar, int answer, bool is_long, char **argv) {
    const struct entry *entry = find_entry(grammar, answer);
    if (!entry)
        return refuse_answer(grammar, answer, argv);
    if (is_long && !is_whole(entry, argv))
        return refuse_unknown(grammar, argv[optind - 1] == optarg ? argv[optind - 2] : argv[optind - 1]);
    if (entry->flag && entry->flag->refusal)
        return refuse(grammar, "--%s: %s", entry->name, entry->flag->refusal);
    if (entry->flag == &help_flag || entry->flag == &version_flag)
        return print_and_end(grammar, entry);
    line->given[line->count++] = (struct cmdline_given){entry->spec, entry->flag, optarg};
    return -1;
}

int cmdline_read(struct cmdline *line, const struct cmdline_spec *command, int argc, char **argv) {
    struct grammar grammar;
    make_grammar(&grammar, command);
    *line = (struct cmdline){.given = calloc((size_t)argc + 1, sizeof *line->given)};
    if (!line->given)
        return refuse(&grammar, "out of memory");
    opterr = 0;
    optind = 0; /* from the start, also for a second command line in one process */
    for (;;) {
        int index = -1;
        int answer = getopt_long(argc, argv, grammar.letters, grammar.options, &index);
        if (answer == -1)
            break;
        int code = take(line, &grammar, answer, index >= 0, argv);
        if (code >= 0) {
            cmdline_done(line);
            return code;
        }
    }
    line->words = argv + optind;
    line->word_count = argc - optind;
    return -1;
}

void cmdline_done(struct cmdline *line) {
    free(line->given);
    *line = (struct cmdline){0};
}

const char *cmdline_value(const struct cmdline *line, const char *name) {
    const char *value = NULL;
    for (size_t i = 0; i < line->count; i++) {
        const struct cmdline_given *given = &line->given[i];
        if (strcmp(given->flag ? given->flag->name : given->spec->flag, name) == 0)
            value = given->value ? given->value : "";
    }
    return value;
}

bool cmdline_has(const struct cmdline *line, const char *name) {
    return cmdline_value(line, name);
}

static bool was_given_before(const struct cmdline *line, size_t index) {
    for (size_t i = 0; i < index; i++)
        if (line->given[i].spec == line->given[index].spec)
            return true;
    return false;
}

int cmdline_apply(const struct cmdline *line, void *base, struct error *error) {
    for (size_t i = 0; i < line->count; i++) {
        const struct cmdline_given *given = &line->given[i];
        if (!given->spec)
            continue;
        struct option_place place = {.error = error};
        snprintf(place.path, sizeof place.path, "--%s", given->spec->flag);
        if (option_set_text(given->spec, base, given->value, was_given_before(line, i), &place))
            return -1;
    }
    return 0;
}
