/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * csin: the command line. No locale is set: csin's output is the same everywhere. */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

const char *argp_program_version = "csin " CSIN_VERSION;

static const struct {
    const char *name, *what;
    int (*run)(int argc, char **argv);
} commands[] = {
    {"topo", "show, analyse and draw a fabric", csin_command_topo},
    {"sim", "simulate a scenario", csin_command_sim},
    {"plan", "plan what to change of a scenario", csin_command_plan},
    {"sweep", "simulate a scenario at many points", csin_command_sweep},
    {"compare", "say what got worse between two results or fabrics", csin_command_compare},
    {"check", "say what is wrong with fabric and scenario files", csin_command_check},
};
#define N_COMMANDS (sizeof commands / sizeof *commands)

static void print_usage(FILE *out)
{
    fputs("Usage: csin COMMAND [OPTION...] ...\n"
          "Simulates and plans computation-storage integrated networks.\n\n",
          out);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(out, "  csin %-7s %s\n", commands[i].name, commands[i].what);
    fputs("\nTry 'csin COMMAND --help', or man csin. Examples:\n"
          "  csin topo 'leaf:4 spine:2 host:16 200Gb/s'\n"
          "  csin sim scenarios/first-steps/scenario.yaml\n",
          out);
}

int main(int argc, char **argv)
{
    /* A pipe without a reader or a file over its limit is an error of a write, told like any other.
     */
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN);
    if (argc < 2) {
        print_usage(stderr);
        return CSIN_E_USAGE;
    }
    const char *name = argv[1];
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0 || strcmp(name, "help") == 0) {
        print_usage(stdout);
        return csin_finish_stdout();
    }
    if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0) {
        puts(argp_program_version);
        return csin_finish_stdout();
    }
    const char *names[N_COMMANDS];
    for (size_t i = 0; i < N_COMMANDS; i++) {
        names[i] = commands[i].name;
        if (strcmp(name, commands[i].name) != 0)
            continue;
        char title[32];
        snprintf(title, sizeof title, "csin %s", name);
        argv[1] = title;
        return commands[i].run(argc - 1, argv + 1);
    }
    const char *near = csin_nearest(name, names, N_COMMANDS);
    if (near)
        fprintf(stderr, "csin: unknown command '%s'; did you mean '%s'?\n", name, near);
    else
        fprintf(stderr, "csin: unknown command '%s'; try 'csin --help'\n", name);
    return CSIN_E_USAGE;
}
