/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * proxy_choice: see proxy_choice.h.
 */
#include "config.h"

#include "agent/identity/proxy_choice.h"

#include "conf/option.h"
#include "lib/base/file.h"
#include "lib/base/secret.h"
#include "lib/net/no_proxy.h"

#include <stdlib.h>
#include <string.h>

enum { PASSWORD_FILE_MAX = 1024 };

static const char *find_variable(const char *const *names, const char **value) {
    for (; *names; names++)
        if ((*value = getenv(*names)))
            return *names;
    return NULL;
}

static int take_environment(struct proxy_choice *choice, struct error *error) {
    static const char *const proxies[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", NULL};
    static const char *const exceptions[] = {"no_proxy", "NO_PROXY", NULL};
    const char *url, *list;
    struct error detail = {""};

    choice->from = find_variable(proxies, &url);
    if (!choice->from || !*url)
        return 0;
    if (proxy_parse(&choice->proxy, url, &detail))
        return error_set(error, "the environment's %s: %s; or write --proxy none", choice->from, detail.text);
    choice->has_proxy = true;
    if (find_variable(exceptions, &list) && !(choice->no_proxy = strdup(list)))
        return error_set(error, "out of memory");
    return 0;
}

static const char *place_of(const struct agent_options *options, bool by_flag, const char *flag, const char *name) {
    return by_flag || !options->file ? flag : name;
}

static int take_option(struct proxy_choice *choice, const struct agent_options *options, struct error *error) {
    struct error detail = {""};

    choice->from = place_of(options, options->by_flag.proxy, "--proxy", "proxy");
    if (strcmp(options->proxy, "none") == 0)
        return 0;
    if (proxy_parse(&choice->proxy, options->proxy, &detail))
        return error_set(error, "%s: %s", choice->from, detail.text);
    choice->has_proxy = true;
    return 0;
}

static int read_password(struct proxy *proxy, const char *path, struct error *error) {
    struct error detail = {""};
    size_t length = 0;
    char *text = file_read_secret(path, PASSWORD_FILE_MAX, &length, error);

    if (!text)
        return -1;
    int failed = strlen(text) == length ? proxy_set_password(proxy, text, &detail)
                                        : error_set(&detail, "a proxy's password has no control characters");
    if (failed)
        error_set(error, "%s: %s", path, detail.text);
    secret_wipe(text, length);
    free(text);
    return failed;
}

static int take_password_file(struct proxy_choice *choice, const char *path, struct error *error) {
    const char *const paths[] = {path};

    choice->password_file = strdup(path);
    choice->watch = file_watch_new(paths, 1);
    if (!choice->password_file || !choice->watch)
        return error_set(error, "out of memory");
    return read_password(&choice->proxy, path, error);
}

static int find_password(struct proxy_choice *choice, const struct agent_options *options, struct error *error) {
    const char *path = options->proxy_password_file;

    if (!choice->has_proxy)
        return 0; /* the file may be there for when there is one */
    if (path && !choice->proxy.has_user)
        return error_set(error, "%s names no user for the password of %s; write http://USER@HOST:PORT", choice->from,
                         path);
    if (path)
        return take_password_file(choice, path, error);
    if (choice->proxy.has_user && !choice->proxy.has_password)
        return error_set(error, "%s names a user and there is no password; name a file that holds it: %s", choice->from,
                         place_of(options, options->by_flag.proxy, "--proxy-password-file FILE",
                                  "proxy_password_file"));
    if (choice->proxy.kind == PROXY_SOCKS5 && choice->proxy.has_user && !choice->proxy.password[0])
        return error_set(error, "%s: a SOCKS5 password has at least one byte", choice->from);
    return 0;
}

int proxy_choice_make(struct proxy_choice *choice, const struct agent_options *options, struct error *error) {
    *choice = (struct proxy_choice){.has_proxy = false};
    if (options->proxy ? take_option(choice, options, error) : take_environment(choice, error))
        return -1;
    return find_password(choice, options, error);
}

void proxy_choice_recheck(struct proxy_choice *choice, struct log *log) {
    struct error error = {""};

    if (!choice->watch || !file_watch_has_changed(choice->watch))
        return;
    if (read_password(&choice->proxy, choice->password_file, &error))
        log_event(log, LOG_LEVEL_WARNING, "proxy", "the changed password cannot be used: the old one stays in use",
                  LOG_FIELDS(LOG_TEXT("detail", error.text)));
    else
        log_event(log, LOG_LEVEL_INFO, "proxy", "password reloaded", NULL);
}

void proxy_choice_done(struct proxy_choice *choice) {
    free(choice->no_proxy);
    free(choice->password_file);
    file_watch_free(choice->watch);
    secret_wipe(choice, sizeof *choice);
}

const struct proxy *proxy_choice_for(const struct proxy_choice *choice, const struct endpoint *server) {
    bool is_direct = !choice->has_proxy || (choice->no_proxy && no_proxy_has(choice->no_proxy, server));

    return is_direct ? NULL : &choice->proxy;
}
