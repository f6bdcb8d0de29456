/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * command_table: see command_table.h.
 */
#include "config.h"

#include "ctl/command_table.h"

#include "ctl/commands.h"
#include "ctl/dispatch.h"
#include "ctl/service_system.h"

#include <stdio.h>
#include <string.h>

#define TABLE(name, path, about)                                                                                       \
    static const struct subcommand_table name##_table = {path, about, name##_commands,                                 \
                                                         sizeof name##_commands / sizeof *name##_commands}

static int run_agent(const char *self, int argc, char **argv);
static int run_help(const char *self, int argc, char **argv);
static int run_service(const char *self, int argc, char **argv);
static int run_version(const char *self, int argc, char **argv);

/* ---- the tables ---- */

/* Any other argument of "munnel agent" is an address. */
static const struct subcommand agent_commands[] = {
    {"add", .run = agent_add_run, .arguments = "NAME", .help = "let an agent in: prints its join code"},
    {"list", .run = agent_list_run, .arguments = "", .help = "print who may join, and until when"},
    {"rotate", .run = agent_rotate_run, .arguments = "NAME", .help = "new token; old one stays valid for --keep",
     .words = "@agents"},
    {"permit", .run = agent_permit_run, .arguments = "NAME", .help = "by what it may publish services of its own",
     .words = "@agents"},
    {"revoke", .run = agent_revoke_run, .arguments = "NAME", .help = "revoke: it may no longer join",
     .words = "@agents"},
    {"drain", .admin = &agent_drain_command, .arguments = "NAME", .help = "no new clients; its relays go on",
     .words = "@agents"},
    {"undrain", .admin = &agent_undrain_command, .arguments = "NAME", .help = "clients again", .words = "@agents"},
    {"disconnect", .admin = &agent_disconnect_command, .arguments = "NAME", .help = "end its relays and links",
     .words = "@agents"},
};
TABLE(agent, "munnel agent", "On the server's machine, agents:");

static const struct subcommand service_commands[] = {
    {"list", .admin = &service_list_command, .arguments = "", .help = "state, agents, relays, rates"},
    {"show", .admin = &service_show_command, .arguments = "NAME", .help = "one, and what each agent permits",
     .words = "@services"},
    {"add", .run = service_add_run, .arguments = "NAME", .help = "a new one; or another form of it"},
    {"remove", .admin = &service_remove_command, .arguments = "NAME", .help = "its relays finish",
     .words = "@services"},
    {"pause", .admin = &service_pause_command, .arguments = "NAME", .help = "no new clients; relays go on",
     .words = "@services"},
    {"resume", .admin = &service_resume_command, .arguments = "NAME", .help = "clients again", .words = "@services"},
};
TABLE(service, "munnel service", "Services of the running server:");

static const struct subcommand relay_commands[] = {
    {"list", .admin = &relay_list_command, .arguments = "", .help = "clients that are being relayed"},
    {"show", .admin = &relay_show_command, .arguments = "ID", .help = "one, with its times", .words = "@relays"},
    {"end", .admin = &relay_end_command, .arguments = "ID...", .help = "reset both sides", .words = "@relays"},
};
TABLE(relay, "munnel relay", "Relays of the running server:");

static const struct subcommand source_commands[] = {
    {"list", .admin = &source_list_command, .arguments = "", .help = "addresses that the agent port refuses"},
    {"forgive", .admin = &source_forgive_command, .arguments = "ADDR", .help = "let one connect again",
     .words = "@sources"},
};
TABLE(source, "munnel source", "Addresses under a penalty at the agent port:");

static const struct subcommand key_commands[] = {
    {"new", .run = key_new_run, .arguments = "SERVICE FILE", .help = "a new key of a service, into FILE"},
    {"list", .run = key_list_run, .arguments = "FILE", .help = "services with the ids of their keys"},
    {"drop-old", .run = key_drop_old_run, .arguments = "SERVICE FILE", .help = "keep the newest key alone"},
};
TABLE(key, "munnel key", "Keys of end-to-end services, for the agents at both ends and not for the server:");

static const struct subcommand commands[] = {
    {"server", program_run_server, "ADDR:PORT SERVICE...", "serve; agents join at ADDR:PORT", .heading = "Start"},
    {"agent", .run = run_agent, .arguments = "ADDR:PORT [GROUP]", .help = "be an agent of that server",
     .below = &agent_table},
    {"share", .run = share_run, .arguments = "PORT", .help = "a local port, by an address of the server"},
    {"init", .run = init_run, .arguments = "[DIR]", .help = "make certificate, token and munnel.json"},
    {"status", .admin = &status_command, .arguments = "", .help = "is it well, and what is there to do",
     .heading = "Look at what runs"},
    {"top", .admin = &top_command, .arguments = "", .help = "watch it live: services, agents, relays, events"},
    {"events", .admin = &events_command, .arguments = "[--follow]", .help = "what happened"},
    {"check", .admin = &check_command, .arguments = "SERVICE", .help = "try a service, hop by hop",
     .words = "@services"},
    {"diag", .run = diag_run, .arguments = "[-o FILE]", .help = "what a report of a fault needs, in a file"},
    {"service", .run = run_service, .below = &service_table, .arguments = "", .heading = "Change what runs"},
    {"service", .below = &service_system_table, .arguments = ""},    /* for the help; run_service() chooses */
    {"agent", .below = &agent_table, .arguments = "", .help = NULL}, /* for the help; run_agent() chooses */
    {"relay", .below = &relay_table, .arguments = "", .help = NULL},
    {"source", .below = &source_table, .arguments = "", .help = NULL, .is_beside = true},
    {"key", .below = &key_table, .arguments = "", .help = NULL, .is_beside = true},
    {"ban", .admin = &ban_command, .arguments = "[ADDR]", .help = "list bans, or refuse ADDR; unban ADDR lifts it"},
    {"unban", .admin = &unban_command, .arguments = "ADDR", .help = "lift the bans of an address", .words = "@bans",
     .is_beside = true},
    {"reload", .admin = &reload_command, .arguments = "[confirm]",
     .help = "read the files again; --dry-run, --confirm 60", .words = "confirm"},
    {"log-level", .admin = &log_level_command, .arguments = "[LEVEL]", .help = "what is logged; --for 5m",
     .words = "error|warning|info|debug"},
    {"version", .run = run_version, .arguments = "", .help = "print the version, and the libraries'",
     .heading = "More"},
    {"help", .run = run_help, .arguments = "COMMAND", .help = "print what COMMAND takes"},
};
const struct subcommand_table command_table = {"munnel", NULL, commands, sizeof commands / sizeof *commands};

/* ---- help and version ---- */

static void print_below(const struct subcommand *command) {
    printf("%s%s ", command->is_beside ? "; " : "  ", command->name);
    for (size_t i = 0; i < command->below->count; i++)
        printf("%s%s", i ? "|" : "", command->below->commands[i].name);
    if (!command[1].is_beside)
        putchar('\n');
}

/* It is never the last one. */
static void print_command(const struct subcommand *command) {
    char left[64];

    if (command->heading)
        printf("%s\n", command->heading);
    snprintf(left, sizeof left, "%s %s", command->name, command->arguments);
    if (!command->help)
        print_below(command);
    else if (!command->is_beside)
        printf("  %-28s %s\n", left, command->help);
}

int command_print_help(void) {
    printf("munnel relays TCP connections and UDP to services behind firewalls.\n");
    for (size_t i = 0; i < command_table.count; i++)
        if (commands[i].help || (commands[i].below && commands[i].below->count > 0))
            print_command(&commands[i]);
    printf("SERVICE: \"NAME [GROUP] LISTEN:PORT DEST:PORT\", one argument; see man munnel\n");
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

/* "munnel help init" is "munnel init --help"; "munnel help agent add" likewise. */
static int run_help(const char *self, int argc, char **argv) {
    char help[] = "--help", *asked[5] = {NULL};
    int count = 1;
    bool is_itself = argc >= 2 && (*argv[1] == '-' || strcmp(argv[1], "help") == 0 || strcmp(argv[1], "version") == 0);

    if (argc < 2 || is_itself)
        return command_print_help();
    asked[0] = argv[0];
    for (int i = 1; i < argc && i < 3; i++)
        asked[count++] = argv[i];
    asked[count++] = help;
    return dispatch_run(&command_table, self, count, asked);
}

static int run_version(const char *self, int argc, char **argv) {
    (void)self;
    if (argc > 1) {
        fprintf(stderr, "munnel version: \"%.40s\" is one argument too many; it takes none\n", argv[1]);
        return CMDLINE_USAGE_ERROR;
    }
    cmdline_print_version("munnel");
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

/* ---- "munnel agent" ---- */

/* Above the options of munnel-agent, which this process becomes. */
static int print_agent_commands(void) {
    printf("%s\n", agent_table.about);
    dispatch_print(&agent_table);
    printf("\nOn the agent's machine, munnel agent is munnel-agent:\n\n");
    return fflush(stdout);
}

/* A word without a port or a path can be no server. */
static bool is_address(const char *word) {
    return strpbrk(word, ":/");
}

static int refuse_agent_word(const char *word) {
    const char *meant = subcommand_nearest(agent_table.commands, agent_table.count, word);

    if (meant)
        fprintf(stderr, "munnel agent: %.40s is no server's address; did you mean munnel agent %s?\n", word, meant);
    else
        fprintf(stderr,
                "munnel agent: %.40s is neither a command, see munnel agent --help, nor a server's address, like "
                "%.40s:10001\n",
                word, word);
    return CMDLINE_USAGE_ERROR;
}

static int run_agent(const char *self, int argc, char **argv) {
    const struct subcommand *found =
        argc > 1 ? subcommand_find(agent_table.commands, agent_table.count, argv[1]) : NULL;

    if (found)
        return dispatch_run(&agent_table, self, argc, argv);
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) && print_agent_commands() != 0)
        return SUBCOMMAND_FAILED;
    if (argc > 1 && *argv[1] && argv[1][0] != '-' && !is_address(argv[1]))
        return refuse_agent_word(argv[1]);
    return program_run_agent(self, argc, argv);
}

/* ---- "munnel service" ---- */

/* Services of the system, or of the running server. */
static int run_service(const char *self, int argc, char **argv) {
    int code;

    return service_system_run(self, argc, argv, &code) ? code : dispatch_run(&service_table, self, argc, argv);
}
