/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * admin_command: see admin_command.h.
 */
#include "config.h"

#include "ctl/admin_command.h"

#include "ctl/subcommand.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct plain_arguments {
    struct admin_place place;
};

static const struct option_spec specs[] = {ADMIN_PLACE_SPECS(struct plain_arguments, place)};
static const struct option_table table = {specs, sizeof specs / sizeof *specs, sizeof(struct plain_arguments)};
static const struct cmdline_flag flags[] = {ADMIN_JSON_FLAG};

static int run(const struct admin_command *command, const struct cmdline *line, void *arguments, struct error *error) {
    struct admin_context context = {.line = line, .display = display_of(stdout), .is_json = cmdline_has(line, "json")};

    context.client = admin_connect(arguments, command->timeout_ms ? command->timeout_ms : ADMIN_WAIT_MS, error);
    int code = context.client ? command->run(&context, arguments, error) : -1;
    http_client_free(context.client);
    if (fflush(stdout) != 0 && code >= 0)
        return error_set(error, "standard output cannot be written");
    return code;
}

static int read_and_run(const struct admin_command *command, const struct cmdline_spec *spec, void *arguments, int argc,
                        char **argv) {
    struct cmdline line;
    struct error error = {{0}};
    int code = subcommand_read(&line, spec, arguments, command->fewest, command->most, argc, argv);

    if (code < 0 && command->check && command->check(&line, arguments) != 0)
        code = CMDLINE_USAGE_ERROR;
    if (code < 0)
        code = run(command, &line, arguments, &error);
    if (code < 0) {
        (void)subcommand_fail(spec, &error);
        code = command->failure ? command->failure : SUBCOMMAND_FAILED;
    }
    cmdline_done(&line);
    return code;
}

int admin_command_main(const struct admin_command *command, int argc, char **argv) {
    struct cmdline_spec spec = command->spec;

    if (!spec.table)
        spec.table = &table;
    if (!spec.flags) {
        spec.flags = flags;
        spec.flag_count = sizeof flags / sizeof *flags;
    }
    void *arguments = calloc(1, spec.table->size);
    if (!arguments)
        return subcommand_fail(&spec, &(struct error){"out of memory"});
    int code = read_and_run(command, &spec, arguments, argc, argv);
    option_done(spec.table, arguments);
    free(arguments);
    return code;
}

int admin_show(struct admin_context *context, const char *target, admin_print *print, struct error *error) {
    struct http_reply reply = {0};
    int result = admin_call(context->client, "GET", target, &reply, error);

    if (result == 0)
        result = context->is_json ? admin_print_json(context, &reply) : print(&context->display, reply.json, error);
    http_reply_done(&reply);
    return result;
}

int admin_do(struct admin_context *context, const char *method, const char *before, const char *after, const char *done,
             struct error *error) {
    const char *name = context->line->words[0];
    char target[ADMIN_TARGET];
    struct http_reply reply = {0};
    int result = -1;

    if (admin_target(target, before, name, after, error))
        result = admin_call(context->client, method, target, &reply, error);
    if (result == 0 && !context->is_json)
        fprintf(context->display.file, "%s: %s\n", name, done);
    http_reply_done(&reply);
    return result;
}

int admin_print_json(const struct admin_context *context, const struct http_reply *reply) {
    fwrite(reply->text, 1, reply->length, context->display.file);
    if (reply->length && reply->text[reply->length - 1] != '\n')
        fputc('\n', context->display.file);
    return 0;
}

int admin_refuse(const char *program, const char *format, ...) {
    va_list arguments;

    fprintf(stderr, "%s: ", program);
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fputc('\n', stderr);
    return CMDLINE_USAGE_ERROR;
}

int64_t admin_now_ms(void) {
    struct timespec now = {0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
