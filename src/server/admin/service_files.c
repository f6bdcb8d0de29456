/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * service_files: PUT and DELETE of /v1/services/NAME: a service that is a file of its own, services.d/NAME.json.
 *
 * States of a change: begun -> looked -> tried -> staged -> committed -> synced -> answered. Whose file is there is
 * looked at, and the new one is written beside its place and synced, on another thread; between the two it is tried
 * without effect. Then everything is read and prepared again, and in one turn of the loop the file gets its name, and
 * the configuration is applied, which cannot fail; at last the folder is synced on another thread. So nothing has to be
 * put back, and the loop does not wait for the disk.
 *
 * Runs on: the control thread, but for work in the background. Owns: changes until they are answered.
 */
#include "config.h"

#include "conf/managed_file.h"
#include "conf/validators.h"
#include "lib/base/error.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/event/background.h"
#include "server/admin/admin_priv.h"
#include "server/service/published.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct change {
    struct admin *admin;
    struct http_request *request;
    char *name, *path;
    char *text;   /* of the file; NULL: it is removed */
    char *staged; /* the file beside its place, until it is committed */
    struct config_edit edit;
    enum managed_state state; /* of what is there */
    struct error error;
    int failure; /* errno of a failed step */
    bool is_dry_run, is_answered;
    struct config_outcome outcome;
};

static void change_free(struct change *change) {
    file_unstage(change->staged);
    json_decref(change->outcome.difference);
    free(change->name);
    free(change->path);
    free(change->text);
    free(change);
}

/* ---- what the disk refuses ---- */

static const char *folder_remedy(const struct change *change, struct error *remedy) {
    struct error command;

    file_folder_remedy(change->path, change->admin->options.policy->conf->user, &command);
    error_set(remedy, "; %s: %s",
              change->failure == ENOTDIR ? "move away what is in the folder's place, and make the folder"
                                         : "make that folder writable for the server's user",
              command.text);
    return remedy->text;
}

static void refuse_by_disk(struct change *change) {
    char text[2 * sizeof(struct error)];
    struct error remedy;
    int failure = change->failure;
    bool is_full = error_is_disk_full(failure);
    bool is_denied = failure == EACCES || failure == EPERM || failure == ENOENT || failure == ENOTDIR;

    snprintf(text, sizeof text, "%s%s", change->error.text,
             is_full             ? "; make room there, nothing has changed"
             : is_denied         ? folder_remedy(change, &remedy)
             : failure == EROFS  ? "; under systemd name that folder in ReadWritePaths= of munneld.service"
             : failure == EEXIST ? "; another program has made that file just now: look at it, and try again"
                                 : "");
    admin_refuse(change->request, is_full ? 507 : is_denied || failure == EROFS || failure == EEXIST ? 409 : 500, text);
    change_free(change);
}

/* ---- synced -> answered ---- */

static void sync_folder(void *context) {
    const struct change *change = context;

    file_sync_folder(change->path);
}

static void on_synced(void *context) {
    struct change *change = context;
    bool is_added = change->text && json_array_size(json_object_get(change->outcome.difference, "added"));

    admin_answer_applied(change->admin, change->request, is_added ? 201 : 200, &change->outcome, true);
    change->outcome.difference = NULL;
    change_free(change);
}

/* ---- staged -> committed ---- */

/* False: it has been answered. */
static bool is_wanted_still(struct change *change) {
    struct http_request *request = change->request;

    /* Without its client, which has been told that it took too long or is gone, a change would come as a surprise. */
    if (http_request_is_gone(request))
        http_answer_empty(request, 503);
    else if (!http_request_header(request, "If-Match") ||
             http_request_require_match(request, change->admin->options.config.state->version))
        return true;
    return false;
}

/* Is the file still this program's, or still not there? */
static bool may_be_changed(const struct change *change) {
    return change->state == MANAGED_OURS || (change->state == MANAGED_ABSENT && change->text);
}

static void look(void *context) {
    struct change *change = context;

    change->state = managed_file_look(change->path, &change->error);
    change->failure = errno;
}

static void refuse_state(struct change *change) {
    if (change->state == MANAGED_UNREADABLE) {
        refuse_by_disk(change);
        return;
    }
    if (change->state == MANAGED_ABSENT)
        error_set(&change->error, "%s is not there any more; reload, which removes the service, too", change->path);
    admin_refuse(change->request, 409, change->error.text);
    change_free(change);
}

/* Another change may have been made, and the file been edited, since it was tried. Behind this function there is
 * nothing left that could fail. The file, which was read just now, is in memory. */
static int publish(void *context, struct error *error) {
    struct change *change = context;

    change->is_answered = !is_wanted_still(change);
    if (change->is_answered)
        return -1;
    look(change);
    if (!may_be_changed(change))
        return error_set(error, "%s", change->error.text);
    int result = change->text ? file_publish(change->staged, change->path, change->state == MANAGED_ABSENT, error)
                              : file_remove(change->path, error);
    change->failure = errno;
    return result;
}

static void order(struct change *change, bool is_dry_run, config_done *done) {
    const struct config_port *config = &change->admin->options.config;
    const struct config_order order = {.is_dry_run = is_dry_run,
                                       .by = http_request_actor(change->request),
                                       .edit = &change->edit,
                                       .only = change->name,
                                       .commit = publish,
                                       .done = done,
                                       .context = change};

    change->edit = (struct config_edit){change->path, change->text};
    json_decref(change->outcome.difference);
    change->outcome.difference = NULL;
    config->change(config->context, &order);
}

static void refuse_outcome(struct change *change) {
    change->error = change->outcome.error;
    if (change->is_answered) {
        change_free(change);
    } else if (!may_be_changed(change)) {
        refuse_state(change);
    } else if (change->outcome.result == CONFIG_FAILED) {
        refuse_by_disk(change);
    } else {
        admin_refuse_outcome(change->request, &change->outcome, change->path);
        change_free(change);
    }
}

static void on_committed(void *context, struct config_outcome *outcome) {
    struct change *change = context;

    change->outcome = *outcome;
    if (outcome->result != CONFIG_DONE)
        refuse_outcome(change);
    else if (background_run(change->admin->options.background, sync_folder, on_synced, change))
        on_synced(change); /* it is done, and a power cut may undo it as a whole */
}

/* ---- begun -> looked -> tried -> staged ---- */

static void in_background(struct change *change, void (*work)(void *context), void (*done)(void *context)) {
    if (background_run(change->admin->options.background, work, done, change) == 0)
        return;
    admin_refuse(change->request, 503, "too much is being written already; try again in a second");
    change_free(change);
}

static void stage(void *context) {
    struct change *change = context;

    change->staged = file_stage(change->path, change->text, strlen(change->text), MANAGED_FILE_MODE, &change->error);
    change->failure = errno;
}

static void on_staged(void *context) {
    struct change *change = context;

    if (change->staged)
        order(change, false, on_committed);
    else
        refuse_by_disk(change);
}

static void on_tried(void *context, struct config_outcome *outcome) {
    struct change *change = context;

    change->outcome = *outcome;
    if (outcome->result != CONFIG_DONE) {
        refuse_outcome(change);
    } else if (change->is_dry_run) {
        admin_answer_applied(change->admin, change->request, 200, &change->outcome, false);
        change->outcome.difference = NULL;
        change_free(change);
    } else if (!change->text) {
        order(change, false, on_committed);
    } else {
        in_background(change, stage, on_staged);
    }
}

static void on_looked(void *context) {
    struct change *change = context;

    if (may_be_changed(change))
        order(change, true, on_tried);
    else
        refuse_state(change);
}

/* ---- the request ---- */

/* Dry runs need no version: nothing is lost by one. False: it has been answered. */
static bool take_flags(const struct admin *admin, struct http_request *request, bool *is_dry_run) {
    return http_query_flag(request, "dry_run", is_dry_run) &&
           (*is_dry_run || http_request_require_match(request, admin->options.config.state->version));
}

/* Is the service written elsewhere? */
static bool is_elsewhere(const struct admin *admin, struct http_request *request, const char *path) {
    const struct service *service = admin_find_service(admin, http_request_param(request, "service"));
    const struct config_file *file = service ? admin_service_file(admin, service_config(service)) : NULL;
    struct error error;

    if (!service || service_config(service)->publisher || (file && strcmp(file->path, path) == 0))
        return false; /* what a file has goes before what an agent offers */
    error_set(&error, "service %s is written %s%s by hand, where munneld changes nothing; change it there, and reload",
              service_config(service)->name, file ? "in " : "on the command line", file ? file->path : "");
    admin_refuse(request, 409, error.text);
    return true;
}

/* NULL: it has been answered. Takes the text over. */
static struct change *change_new(struct admin *admin, struct http_request *request, char *text) {
    const char *name = http_request_param(request, "service");
    struct error error = {"out of memory"};
    char *path = managed_file_path(admin->options.policy->conf, name, &error), *copy = strdup(name);
    struct change *change = calloc(1, sizeof *change);

    if (!path || !copy || !change) {
        admin_refuse(request, path ? 500 : 409, error.text);
    } else if (!is_elsewhere(admin, request, path)) {
        *change = (struct change){.admin = admin, .request = request, .path = path, .text = text, .name = copy};
        return change;
    }
    free(change);
    free(copy);
    free(path);
    free(text);
    return NULL;
}

static void refuse_body(struct http_request *request, const char *pointer, const char *detail, const char *remedy) {
    http_answer_problem(request,
                        &(struct http_problem){.status = 422, .detail = detail, .remedy = remedy, .pointer = pointer});
}

static bool has_reference(json_t *value) {
    const char *text = json_string_value(value), *key;
    size_t index;
    json_t *item;

    json_array_foreach (value, index, item)
        if (has_reference(item))
            return true;
    json_object_foreach (value, key, item)
        if (has_reference(item))
            return true;
    return text && strstr(text, "${");
}

/* "${file:PATH}" is refused: a user with the role admin could read any file that the server can read. */
static bool check_references(struct http_request *request) {
    const char *key;
    json_t *value;
    char pointer[96];

    json_object_foreach ((json_t *)(uintptr_t)http_request_body(request), key, value)
        if (has_reference(value)) {
            snprintf(pointer, sizeof pointer, "/%.80s", key);
            refuse_body(request, pointer, "\"${\" names a variable or a file, which only files written by hand may",
                        "write the value itself");
            return false;
        }
    return true;
}

/* The file's text, the name first. NULL: it has been answered. */
static char *make_text(struct http_request *request) {
    const char *name = http_request_param(request, "service");
    const json_t *body = http_request_body(request), *named = json_object_get(body, "name");
    struct error error;

    if (validate_name(name, &error)) {
        admin_refuse_at(request, 422, error.text, &(struct option_fault){.pointer = "/name"});
        return NULL;
    }
    if (named && (!json_is_string(named) || strcmp(json_string_value(named), name) != 0)) {
        refuse_body(request, "/name", "it is not the name in the path", "leave it out");
        return NULL;
    }
    if (json_object_get(body, "services")) { /* the file would be taken for a list of them */
        refuse_body(request, "/services", "there is no such option", "send one service");
        return NULL;
    }
    if (!check_references(request))
        return NULL;
    json_t *service = json_pack("{s:s}", "name", name);
    char *text =
        service && json_object_update(service, (json_t *)(uintptr_t)body) == 0 ? managed_file_format(service) : NULL;
    json_decref(service);
    if (!text)
        http_answer_error(request, 500, "out of memory");
    return text;
}

void admin_put_service(struct http_request *request, void *context) {
    struct admin *admin = context;
    bool is_dry_run = false;
    char *text = take_flags(admin, request, &is_dry_run) ? make_text(request) : NULL;
    struct change *change = text ? change_new(admin, request, text) : NULL;

    if (!change)
        return;
    change->is_dry_run = is_dry_run;
    in_background(change, look, on_looked);
}

/* Its agent is told, and cannot offer it again in this session. */
static void stop_published(struct admin *admin, struct http_request *request, const char *name) {
    bool is_dry_run = false;

    if (!take_flags(admin, request, &is_dry_run))
        return;
    if (!is_dry_run)
        (void)published_stop(admin->options.published, name, http_request_actor(request));
    struct config_outcome outcome = {.difference = json_pack("{s:[s],s:[],s:[],s:[],s:[]}", "removed", name, "added",
                                                             "changed", "options", "needs_restart")};
    snprintf(outcome.version, sizeof outcome.version, "%s", admin->options.config.state->version);
    admin_answer_applied(admin, request, 200, &outcome, !is_dry_run);
}

void admin_delete_service(struct http_request *request, void *context) {
    struct admin *admin = context;
    const char *name = http_request_param(request, "service");
    bool is_dry_run = false;
    const struct service *service = admin_find_service(admin, name);

    if (!service) {
        http_answer_error(request, 404, "there is no service %s", name);
        return;
    }
    if (service_config(service)->publisher) {
        stop_published(admin, request, name);
        return;
    }
    struct change *change = take_flags(admin, request, &is_dry_run) ? change_new(admin, request, NULL) : NULL;
    if (!change)
        return;
    change->is_dry_run = is_dry_run;
    in_background(change, look, on_looked);
}
