/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * terminal_windows: see terminal.h.
 * Ctrl-C ends the process by a thread of the system's while the question waits: a handler of ours gives the console its
 * echo back before. It has no context, so what it needs is the process's.
 */
#include "config.h"

#include "lib/os/terminal.h"

#include <io.h>
#include <stdio.h>
#include <string.h>
#include <windows.h>

enum { LINE_MOST = 1024 };

static struct {
    HANDLE input;
    DWORD mode;
} asking;

static bool is_console(HANDLE stream) {
    DWORD mode;

    return GetConsoleMode(stream, &mode);
}

bool terminal_is_there(void) {
    return is_console(GetStdHandle(STD_INPUT_HANDLE)) && is_console(GetStdHandle(STD_ERROR_HANDLE));
}

unsigned terminal_width(int fd) {
    CONSOLE_SCREEN_BUFFER_INFO screen;
    HANDLE stream = (HANDLE)_get_osfhandle(fd);

    if (!GetConsoleScreenBufferInfo(stream, &screen))
        return 0;
    return (unsigned)(screen.srWindow.Right - screen.srWindow.Left + 1);
}

static BOOL WINAPI on_interrupt(DWORD event) {
    (void)event;
    SetConsoleMode(asking.input, asking.mode);
    return FALSE; /* the next handler ends the process */
}

static bool read_line(char *text, size_t size) {
    wchar_t wide[LINE_MOST];
    DWORD count = 0;
    int length;

    if (!ReadConsoleW(asking.input, wide, LINE_MOST, &count, NULL) || count == 0)
        return false;
    length = WideCharToMultiByte(CP_UTF8, 0, wide, (int)count, text, (int)size - 1, NULL, NULL);
    SecureZeroMemory(wide, sizeof wide);
    if (length <= 0)
        return false;
    text[length] = '\0';
    text[strcspn(text, "\r\n")] = '\0';
    return true;
}

bool terminal_ask_secret(const char *question, char *text, size_t size) {
    asking.input = GetStdHandle(STD_INPUT_HANDLE);
    if (!GetConsoleMode(asking.input, &asking.mode))
        return false;
    SetConsoleCtrlHandler(on_interrupt, TRUE);
    bool is_silent = SetConsoleMode(asking.input, asking.mode & ~(DWORD)ENABLE_ECHO_INPUT);
    fputs(question, stderr);
    bool is_answered = is_silent && read_line(text, size);
    SetConsoleMode(asking.input, asking.mode);
    SetConsoleCtrlHandler(on_interrupt, FALSE);
    fputc('\n', stderr);
    return is_answered;
}
