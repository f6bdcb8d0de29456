/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * program_service: this process as a service of Windows, and what its service manager is told. Only files of Windows
 * include it.
 *
 * The service manager asks to stop, also before the machine shuts down, to reload ("sc control NAME paramchange") and
 * to open the log file again ("sc control NAME 128"): program_requests.h. Exit code 1 is reported as a failure, after
 * which it starts the service anew, like after a crash. Others than 0 and 1 tell of what another start does not mend.
 * What is printed goes to the Event Log, from where nobody has to be at a screen.
 * Runs on: program_service_report on any thread; the rest at start. Owns: the process's status as a service.
 */
#ifndef MUNNEL_LIB_OS_PROGRAM_SERVICE_H
#define MUNNEL_LIB_OS_PROGRAM_SERVICE_H

#include "lib/os/program.h"

enum program_service_state { PROGRAM_SERVICE_STARTING, PROGRAM_SERVICE_RUNNING, PROGRAM_SERVICE_STOPPING };

/* Its first argument is --service, or --service=FOLDER: that sets STATE_DIRECTORY, as systemd does. */
bool program_service_is_asked(int argc, char **argv);
/* Runs the program without that argument on a thread of the service manager's, and returns its exit code. */
int program_service_run(const struct program *program, int argc, char **argv);

bool program_service_is_one(void);
/* No-ops when the process is no service. STARTING and STOPPING again: it goes on, and has not got stuck. */
void program_service_report(enum program_service_state state);

#endif
