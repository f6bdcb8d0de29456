/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * main: munnel, the command-line tool: a table of subcommands.
 * Runs on: the tool's only thread. Owns: nothing.
 */
#include "config.h"

#include "conf/cmdline.h"
#include "ctl/commands.h"
#include "ctl/subcommand.h"
#include "lib/os/standard_streams.h"

#include <stdio.h>
#include <string.h>

static int run_agent(const char *self, int argc, char **argv);
static int run_help(const char *self, int argc, char **argv);
static int run_version(const char *self, int argc, char **argv);

static const struct subcommand commands[] = {
    {"server", program_run_server, "ADDR:PORT SERVICE...", "serve; agents join at ADDR:PORT"},
    {"agent", run_agent, "ADDR:PORT [GROUP]", "be an agent of that server"},
    {"init", init_run, "[DIR]", "make certificate, token and munnel.json"},
    {"version", run_version, "", "print the version, and the libraries'"},
    {"help", run_help, "[COMMAND]", "print this, or what COMMAND takes"},
};
enum { COMMAND_COUNT = sizeof commands / sizeof *commands };

/* Subcommands of "munnel agent"; any other argument is an address. */
static const struct subcommand agent_commands[] = {
    {"add", agent_add_run, "NAME", "let an agent in: prints its join code"},
    {"list", agent_list_run, "", "print who may join, and until when"},
    {"revoke", agent_revoke_run, "NAME", "revoke: it may no longer join"},
    {"rotate", agent_rotate_run, "NAME", "new token; old one stays valid for --keep"},
};
enum { AGENT_COMMAND_COUNT = sizeof agent_commands / sizeof *agent_commands };

static void print_commands(const char *before, const struct subcommand *table, size_t count) {
    for (size_t i = 0; i < count; i++) {
        char left[64];
        snprintf(left, sizeof left, "%s%s %s", before, table[i].name, table[i].arguments);
        printf("  munnel %-28s %s\n", left, table[i].help);
    }
}

static int print_help(void) {
    printf("munnel relays TCP connections to services behind firewalls: the server accepts\n"
           "clients, agents connect out to it and on to the destination.\n\n");
    print_commands("", commands, COMMAND_COUNT);
    printf("\nOn the server's machine, who may be an agent:\n");
    print_commands("agent ", agent_commands, AGENT_COMMAND_COUNT);
    printf("\nSERVICE is one argument, \"NAME [GROUP] LISTEN:PORT DEST:PORT\". On two machines:\n"
           "  munnel server 0.0.0.0:10001 \"WinVNC WinVNCGroup 0.0.0.0:5900 localhost:5900\"\n"
           "  munnel agent --ca ca.pem 10.0.0.143:10001 WinVNCGroup\n\n"
           "All take options: munnel help COMMAND. More: man munnel.\n");
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

static int print_version(void) {
    cmdline_print_version(stdout, "munnel");
    return fflush(stdout) == 0 ? 0 : SUBCOMMAND_FAILED;
}

static int run_version(const char *self, int argc, char **argv) {
    (void)self, (void)argc, (void)argv;
    return print_version();
}

/* Above the options of munnel-agent, which this process becomes. */
static int print_agent_commands(void) {
    printf("On the server's machine, who may be an agent:\n");
    print_commands("agent ", agent_commands, AGENT_COMMAND_COUNT);
    printf("\nOn the agent's machine, munnel agent is munnel-agent:\n\n");
    return fflush(stdout);
}

static int run_agent(const char *self, int argc, char **argv) {
    const struct subcommand *found = argc > 1 ? subcommand_find(agent_commands, AGENT_COMMAND_COUNT, argv[1]) : NULL;
    const char *meant = found || argc < 2 || argv[1][0] == '-' || strchr(argv[1], ':')
                            ? NULL
                            : subcommand_nearest(agent_commands, AGENT_COMMAND_COUNT, argv[1]);
    if (meant) {
        fprintf(stderr, "munnel agent: %.40s is no server's address; did you mean munnel agent %s?\n", argv[1], meant);
        return CMDLINE_USAGE_ERROR;
    }
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) && print_agent_commands() != 0)
        return SUBCOMMAND_FAILED;
    return found ? found->run(self, argc - 1, argv + 1) : program_run_agent(self, argc, argv);
}

static int run(const char *self, int argc, char **argv) {
    const struct subcommand *found = subcommand_find(commands, COMMAND_COUNT, argv[0]);
    if (!found)
        return subcommand_complain(commands, COMMAND_COUNT, "munnel", argv[0]);
    return found->run(self, argc, argv);
}

/* "munnel help init" is "munnel init --help"; "munnel help agent add" likewise. */
static int run_help(const char *self, int argc, char **argv) {
    char help[] = "--help", *asked[4] = {NULL};
    int count = 0;
    bool is_itself = argc >= 2 && (strcmp(argv[1], "help") == 0 || strcmp(argv[1], "version") == 0);
    if (argc < 2 || is_itself)
        return print_help();
    for (int i = 1; i < argc && i < 3; i++)
        asked[count++] = argv[i];
    asked[count++] = help;
    return run(self, count, asked);
}

int main(int argc, char **argv) {
    struct error error = {""};

    if (standard_streams_open(&error)) {
        fprintf(stderr, "munnel: %s\n", error.text);
        return SUBCOMMAND_FAILED;
    }
    if (argc < 2) {
        fprintf(stderr, "munnel: a command is missing; see munnel help\n");
        return CMDLINE_USAGE_ERROR;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)
        return print_help();
    if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0)
        return print_version();
    return run(argv[0], argc - 1, argv + 1);
}
