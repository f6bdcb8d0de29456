/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * file: small files, read and written whole; secrets with the care they need.
 * Runs on: the control thread or a tool, never a relay thread. Owns: nothing.
 */
#ifndef MUNNEL_LIB_BASE_FILE_H
#define MUNNEL_LIB_BASE_FILE_H

#include "lib/base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Reads at most `limit` bytes; a longer file is an error. malloc'ed and terminated; NULL with `error` that
 * names path and cause. */
char *file_read(const char *path, size_t limit, size_t *length, struct error *error);

/* The same for a secret: an error too if others may read it (mode & 007) or it belongs to another user; the error names
 * the remedy. */
char *file_read_secret(const char *path, size_t limit, size_t *length, struct error *error);
/* The same for what a program is steered by: an error if it is no regular file, so that reading cannot block, if others
 * may change it (mode & 002), or if it belongs to another user. */
char *file_read_trusted(const char *path, size_t limit, size_t *length, struct error *error);
/* The same, and whether it is root who reads what another user owns or whose group may change: such a text must not
 * make root read or do what only root may. */
char *file_read_included(const char *path, size_t limit, size_t *length, bool *is_foreign, struct error *error);

/* Writes a temporary file beside `path`, syncs, renames it over: whole or not at all. It keeps the old file's owner and
 * group; a new one of root's is given to the owner of a folder that is not root's. 0, or -1 with `error` and errno. */
int file_write(const char *path, const char *data, size_t length, unsigned mode, struct error *error);

/* The name under which a file is written until it is complete, beside its place; mkstemp(3) fills it in. */
#define FILE_STAGED ".munnel-XXXXXX"
/* Removes such files of this user from the folder of `path` that are an hour old: their writer was killed. */
void file_sweep_staged(const char *path);

/*
 * The same in steps, of which the first and the last may wait long for the disk, for a caller that does those on
 * another thread. Links are not followed. errno tells the cause of a failure, too.
 *
 * file_stage: a complete file beside `path`, synced; its name is malloc'ed. NULL with `error`. It sweeps the folder.
 * file_publish: gives it its name: at once and whole. is_new: an error (EEXIST) if there is a file of that name, which
 * stays as it is. 0; or -1 with `error`, and the staged file is left: file_unstage.
 */
char *file_stage(const char *path, const char *data, size_t length, unsigned mode, struct error *error);
int file_publish(const char *staged, const char *path, bool is_new, struct error *error);
void file_unstage(char *staged); /* removes it if it is still there, and frees its name; NULL is fine */
void file_sync_folder(const char *path);
int file_remove(const char *path, struct error *error); /* 0 or -1 */

enum file_kind { FILE_ABSENT, FILE_REGULAR, FILE_FOLDER, FILE_OTHER /* a link, a pipe, a device */ };
enum file_kind file_kind(const char *path); /* of the name itself, not of what it links to; FILE_ABSENT with errno */
/* At most `size` bytes from the beginning, without waiting; none of what is no regular file (a pipe gives its bytes
 * only once). How many, or -1 with errno; what the name leads to. */
ssize_t file_peek(const char *path, void *bytes, size_t size, enum file_kind *kind);

bool file_exists(const char *path);
char *file_real_path(const char *path);                 /* absolute, with no link in it; malloc'ed, NULL with errno */
bool file_is_same(const char *path, const char *other); /* both are there, and are one file */

/* The files that a pattern matches (glob(7); none is no error, but a name without wildcards must be there), added in
 * the order of their bytes; `limit` is how many there may be in `paths`. An error if others may write a folder that
 * they are in: they could add more. 0 or -1 with `error` */
struct strlist;
int file_glob(const char *pattern, size_t limit, struct strlist *paths, struct error *error);
int file_check_folder(const char *path, struct error *error); /* only that check, of the folder of `path` */
int file_make_folder(const char *path, unsigned mode, struct error *error); /* parents too; 0 also if it is there */
/* Puts into `remedy` the command by which an administrator makes the folder of `path` one that `user` may write; NULL:
 * the one that this program runs as. */
void file_folder_remedy(const char *path, const char *user, struct error *remedy);

/* path_join() and path_beside(): malloc'ed; NULL when out of memory. */
char *file_in(const char *folder, const char *name);
char *file_beside(const char *path, const char *name);

#endif
