/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * json: jansson called so that nothing a peer sends surprises: lengths instead of terminators, no duplicate keys,
 * an object and nothing behind it.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "lib/base/json.h"

#include "lib/base/secret.h"

#include <stdio.h>
#include <string.h>

enum { NAME_SHOWN = 64, PLACE_TEXT = 384 };
static const size_t parse_flags = JSON_REJECT_DUPLICATES;

/* Gives back `value` if it is an object, else drops it. */
static json_t *only_object(json_t *value) {
    if (json_is_object(value))
        return value;
    json_decref(value);
    return NULL;
}

/* Overwrites comments with spaces, so that every byte that is left stays on its line and in its column. */
static void blank_comments(char *text, size_t length) {
    bool in_string = false;
    for (size_t i = 0; i < length; i++) {
        if (in_string) {
            if (text[i] == '\\') {
                i++;
            } else if (text[i] == '"' || text[i] == '\n') { /* a string ends with its line: jansson reports it */
                in_string = false;
            }
        } else if (text[i] == '"') {
            in_string = true;
        } else if (text[i] == '/' && i + 1 < length && text[i + 1] == '/') {
            while (i < length && text[i] != '\n')
                text[i++] = ' ';
        }
    }
}

/* Some editors put U+FEFF in front of UTF-8. */
static void blank_byte_order_mark(char *text, size_t length) {
    static const char mark[] = "\xef\xbb\xbf";
    if (length >= sizeof mark - 1 && memcmp(text, mark, sizeof mark - 1) == 0)
        memset(text, ' ', sizeof mark - 1);
}

/* Frequent mistakes: the first row that fits jansson's error has a text that names what to write. */
static const struct mistake {
    const char *error;    /* how jansson's text begins; "": any */
    const char *culprits; /* what it stopped at begins with one of these; NULL: with anything, or is unknown */
    const char *meaning;
    const char *joint; /* between that and the culprit; NULL: the culprit is not shown */
    bool is_of_file;   /* not of what a peer has sent */
} mistakes[] = {
    {"unable to decode byte", NULL, "this is not UTF-8; save the file as UTF-8", NULL, true},
    {"unable to decode byte", NULL, "this is not UTF-8", NULL, false},
    {"premature end of input", NULL, "the file ends within a text, whose closing '\"' is missing", NULL, true},
    {"premature end of input", NULL, "it ends within a text, whose closing '\"' is missing", NULL, false},
    {"unexpected newline", NULL, "the closing '\"' of the text on this line is missing", NULL, false},
    {"invalid escape", NULL, "a backslash in a text is written twice: \\\\", NULL, false},
    {"control character", NULL, "a tab in a text is written \\t, another control character \\u and four digits", NULL,
     false},
    {"\\u0000 is not allowed", NULL, "a text cannot have the character \\u0000", NULL, false},
    {"NUL byte in object key", NULL, "a name cannot have the character \\u0000", NULL, false},
    {"invalid Unicode", NULL, "\\uD800 to \\uDFFF are halves of a character, and written in pairs", NULL, false},
    {"too big", NULL, "this number is too large", ": ", false},
    {"real number overflow", NULL, "this number is too large", ": ", false},
    {"maximum parsing depth", NULL, "the depth of its lists and objects is too large", NULL, false},
    {"end of file expected", NULL, "nothing but comments may follow the object's last '}'", NULL, true},
    {"end of file expected", NULL, "nothing may follow the object's last '}'", NULL, false},
    {"", "/#", "only // begins a comment, which ends with its line", "; here is ", true},
    {"", "/#", "comments are not taken", "; here is ", false},
    {"", "'", "names and texts stand in \"double quotes\", not in 'single quotes'", NULL, false},
    {"'[' or '{' expected", NULL, "one JSON object { ... } is expected", NULL, false},
    {"string or '}' expected", NULL, "names stand in \"double quotes\"", "; here is ", false},
    {"invalid token", ".+-0123456789", "this is not a number in JSON", ": ", false},
    {"invalid token", NULL, "texts stand in \"double quotes\"; without them there are numbers, true, false and null",
     "; here is ", false},
    {"unexpected token", NULL, "a value is missing", " before ", false},
    {"':' expected", NULL, "a colon is missing between a name and its value", ", before ", false},
    {"'}' expected", "\"{[-0123456789", "a comma is missing", " before ", false},
    {"']' expected", "\"{[-0123456789", "a comma is missing", " before ", false},
    {"'}' expected", NULL, "',' or '}' expected", " near ", false},
    {"']' expected", NULL, "',' or ']' expected", " near ", false},
};

/* What jansson stopped at, in single quotes; NULL: the end of the file, or it is too long for jansson to show it. */
static const char *culprit_of(const json_error_t *detail) {
    const char *near = strstr(detail->text, " near '");
    return near ? near + strlen(" near ") : NULL;
}

static bool is_mistake(const struct mistake *mistake, const json_error_t *detail, bool is_file) {
    const char *culprit = culprit_of(detail);
    return (is_file || !mistake->is_of_file) && strncmp(detail->text, mistake->error, strlen(mistake->error)) == 0 &&
           (!mistake->culprits || (culprit && strchr(mistake->culprits, culprit[1])));
}

static void explain_mistake(const json_error_t *detail, const char *place, bool is_file, struct error *error) {
    size_t i = 0, count = sizeof mistakes / sizeof *mistakes;
    const char *culprit = culprit_of(detail);
    while (i < count && !is_mistake(&mistakes[i], detail, is_file))
        i++;
    if (i == count)
        error_set(error, "%s%s", place, detail->text);
    else if (mistakes[i].joint && culprit)
        error_set(error, "%s%s%s%s", place, mistakes[i].meaning, mistakes[i].joint, culprit);
    else
        error_set(error, "%s%s", place, mistakes[i].meaning);
}

/* `text` up to `end` ends with a name in quotes, the second of its kind; jansson shows only short ones. */
static void explain_duplicate(const char *text, size_t end, const char *place, struct error *error) {
    size_t start = end > 0 ? end - 1 : 0;
    while (start > 0 && (text[start - 1] != '"' || (start > 1 && text[start - 2] == '\\')))
        start--;
    int length = end - start > NAME_SHOWN ? NAME_SHOWN : (int)(end - start) - 1;
    while (length > 0 && ((unsigned char)text[start + (size_t)length] & 0xc0) == 0x80) /* within a character */
        length--;
    error_set(error, "%s\"%.*s\" is there twice in this object; remove one", place, length, text + start);
}

/* Before a closing bracket jansson does not name the comma in front of it. What it has read ends with the culprit. */
static bool ends_behind_comma(const char *text, size_t end) {
    size_t before = end > 0 ? end - 1 : 0;
    while (before > 0 && strchr(" \t\r\n", text[before - 1]))
        before--;
    return before > 0 && text[before - 1] == ',';
}

/* jansson's error for the person who wrote the file, or (NULL) what a client or peer has sent. */
static void explain(const json_error_t *detail, const char *text, const char *name, struct error *error) {
    size_t end = (size_t)detail->position;
    enum json_error_code code = json_error_code(detail);
    char place[PLACE_TEXT];
    if (name)
        snprintf(place, sizeof place, "%s:%d:%d: ", name, detail->line, detail->column);
    else
        snprintf(place, sizeof place, "not JSON: line %d, column %d: ", detail->line, detail->column);
    const char *culprit = culprit_of(detail);
    bool is_bracket =
        culprit && (culprit[1] == '}' || culprit[1] == ']'); /* and not within a text that is not closed */
    if (is_bracket && ends_behind_comma(text, end))
        error_set(error, "%sthe comma before this '%c' is one too many; remove it", place, text[end - 1]);
    else if (code == json_error_duplicate_key)
        explain_duplicate(text, end, place, error);
    else if (strstr(detail->text, " near end of file") && detail->text[1] != '[') /* there is something in it */
        error_set(error, "%s%s ends too early: a closing '}' or ']' is missing", place, name ? "the file" : "it");
    else
        explain_mistake(detail, place, name, error);
}

json_t *json_parse_object(const char *text, size_t length, size_t limit, struct error *error) {
    if (length > limit) {
        error_set(error, "%zu bytes of JSON where at most %zu are allowed", length, limit);
        return NULL;
    }
    json_error_t detail;
    json_t *value = json_loadb(text, length, parse_flags, &detail);
    if (!value) {
        explain(&detail, text, NULL, error);
        return NULL;
    }
    json_t *object = only_object(value);
    if (!object)
        error_set(error, "not a JSON object");
    return object;
}

/* A file with no JSON in it at all. */
static bool refuse_whole(const char *text, size_t length, const char *name, struct error *error) {
    static const char white[] = " \t\r\n";
    size_t used = length;
    if (length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0 || !text[0] || !text[1])) {
        error_set(error, "%s: the file is UTF-16; save it as UTF-8", name);
        return true;
    }
    while (used > 0 && strchr(white, text[used - 1]))
        used--;
    if (used == 0)
        error_set(error, "%s: the file is empty; one JSON object { ... } is expected", name);
    return used == 0;
}

json_t *json_parse_file_text(char *text, size_t length, const char *name, struct error *error) {
    blank_byte_order_mark(text, length);
    blank_comments(text, length);
    if (refuse_whole(text, length, name, error))
        return NULL;
    json_error_t detail;
    json_t *value = json_loadb(text, length, parse_flags, &detail);
    if (!value) {
        explain(&detail, text, name, error);
        return NULL;
    }
    json_t *object = only_object(value);
    if (!object)
        error_set(error, "%s:1:1: one JSON object { ... } is expected", name);
    return object;
}

bool json_get_string(const json_t *object, const char *key, const char **value) {
    const char *text = json_string_value(json_object_get(object, key));
    if (!text)
        return false;
    *value = text;
    return true;
}

static void wipe_texts(json_t *value) {
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_string(value))
        secret_wipe((char *)(uintptr_t)json_string_value(value), json_string_length(value));
    json_object_foreach (value, key, member)
        wipe_texts(member);
    json_array_foreach (value, index, member)
        wipe_texts(member);
}

void json_free_wiped(json_t *json) {
    wipe_texts(json);
    json_decref(json);
}

enum { REAL_UNIT = 1000000, REAL_DIGITS = 15 };

/* Above that a double has no six digits behind the point. */
static double rounded(double real) {
    bool is_large = real > 1e9 || real < -1e9;
    return is_large ? real : (double)(int64_t)(real * REAL_UNIT + (real < 0 ? -0.5 : 0.5)) / REAL_UNIT;
}

/* Objects and lists are as deep as this program has made them. */
static void round_reals(json_t *value) {
    const char *key;
    json_t *member;
    size_t index;
    if (json_is_real(value))
        json_real_set(value, rounded(json_real_value(value)));
    json_object_foreach (value, key, member)
        round_reals(member);
    json_array_foreach (value, index, member)
        round_reals(member);
}

char *json_to_text(json_t *value) {
    round_reals(value);
    char *text = value ? json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(REAL_DIGITS)) : NULL;
    json_decref(value);
    return text;
}
