/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * host_name: see host_name.h.
 */
#include "config.h"

#include "proto/host_name.h"

#include <stddef.h>
#include <string.h>

enum { LABEL_MAX = 63, NAME_MAX_LENGTH = 253, PORT_DIGITS = 5 };

static char to_lower(char c) {
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_letter_or_digit(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/* reg-name of RFC 3986, with "_", which hosts have in practice. */
static bool is_in_name(char c) {
    return is_letter_or_digit(c) || (c && strchr("-._~%!$&'()*+,;=", c));
}

static bool is_in_literal(char c) {
    return is_letter_or_digit(c) || (c && strchr(":.%-_~", c));
}

/* How much of `text` is the host; 0: it is none. */
static size_t host_length(const char *text) {
    size_t length = 0;

    if (text[0] != '[') {
        while (is_in_name(text[length]))
            length++;
        return length;
    }
    for (length = 1; is_in_literal(text[length]);)
        length++;
    return text[length] == ']' && length > 1 ? length + 1 : 0;
}

static bool is_port(const char *text) {
    size_t digits = 0;

    if (!*text)
        return true;
    if (*text++ != ':')
        return false;
    while (text[digits] >= '0' && text[digits] <= '9')
        digits++;
    return !text[digits] && digits <= PORT_DIGITS;
}

bool host_name_read(const char *text, char name[HOST_NAME_SIZE]) {
    size_t length = host_length(text);

    if (!length || !is_port(text + length))
        return false;
    if (length > 1 && text[length - 1] == '.')
        length--;
    if (length >= HOST_NAME_SIZE)
        return false;
    for (size_t i = 0; i < length; i++)
        name[i] = to_lower(text[i]);
    name[length] = '\0';
    return true;
}

static bool is_label(const char *label, size_t length) {
    if (length == 0 || length > LABEL_MAX || label[0] == '-' || label[length - 1] == '-')
        return false;
    for (size_t i = 0; i < length; i++)
        if (!is_letter_or_digit(label[i]) && label[i] != '-' && label[i] != '_')
            return false;
    return true;
}

static bool are_labels(const char *text) {
    for (;;) {
        size_t length = strcspn(text, ".");
        if (!is_label(text, length))
            return false;
        if (!text[length])
            return true;
        text += length + 1;
    }
}

static bool is_address(const char *text) {
    const char *last = strrchr(text, '.');

    last = last ? last + 1 : text;
    return *last && strspn(last, "0123456789") == strlen(last);
}

int host_name_check(const char *text, struct error *error) {
    const char *labels = strncmp(text, "*.", 2) == 0 ? text + 2 : text;

    for (const char *c = text; *c; c++)
        if ((unsigned char)*c > 0x7e)
            return error_set(error, "write a name in another script as it is in DNS, like \"xn--bcher-kva.example\"");
    if (strlen(text) > NAME_MAX_LENGTH || !are_labels(labels))
        return error_set(error, "\"%s\" is no host name like \"web.example.org\" or \"*.example.org\"", text);
    if (is_address(labels))
        return error_set(error, "\"%s\" is an address; clients are told apart by names", text);
    return 0;
}
