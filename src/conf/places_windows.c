/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * places_windows: see places.h. The system is asked, and not %ProgramData%: a variable that a user sets would lead
 * programs with more rights elsewhere.
 */
#include "config.h"

#include "conf/places.h"
#include "lib/base/file.h"
#include "lib/base/path.h"
#include "lib/base/sid.h"
#include "lib/base/wide.h"

#include <shlobj.h>
#include <stdlib.h>
#include <string.h>

/* `name` in a folder of the system's; NULL: out of memory, or it has none. */
static char *known_folder(int number, const char *name) {
    wchar_t wide[MAX_PATH];
    if (SHGetFolderPathW(NULL, number, NULL, SHGFP_TYPE_CURRENT, wide) != S_OK)
        return NULL;
    char *folder = wide_to_utf8(wide), *path = folder ? file_in(folder, name) : NULL;
    free(folder);
    return path;
}

char *places_configuration(void) {
    char *path = known_folder(CSIDL_COMMON_APPDATA, "Munnel\\munnel.json");
    if (path && file_exists(path))
        return path;
    free(path);
    return NULL;
}

/* Not the folders of services that are below it. */
bool places_is_configuration(const char *folder) {
    char *place = known_folder(CSIDL_COMMON_APPDATA, "Munnel");
    wchar_t *wide = path_to_wide(folder), *wide_place = place ? path_to_wide(place) : NULL;
    size_t length = wide ? wcslen(wide) : 0;
    while (length && wide[length - 1] == L'\\')
        wide[--length] = L'\0';
    bool result = (wide && wide_place && _wcsicmp(wide, wide_place) == 0) || (place && file_is_same(folder, place));
    free(place);
    free(wide);
    free(wide_place);
    return result;
}

/* NULL without error: it names none. */
static char *given_folder(struct error *error) {
    const wchar_t *wide = _wgetenv(L"STATE_DIRECTORY");
    if (!wide || !*wide)
        return NULL;
    char *given = wide_to_utf8(wide);
    if (given && path_is_absolute(given))
        return given;
    error_set(error, "the state folder is not known: STATE_DIRECTORY is \"%.80s\", which is not an absolute path",
              given ? given : "");
    free(given);
    return NULL;
}

char *places_state_folder(struct error *error) {
    struct error detail = {""};
    struct sid_self self;
    char *path = given_folder(&detail);
    if (!path && !detail.text[0])
        path = sid_of_self(&self) && self.is_privileged ? known_folder(CSIDL_COMMON_APPDATA, "Munnel\\munneld")
                                                        : known_folder(CSIDL_LOCAL_APPDATA, "Munnel");
    if (!path)
        error_set(error, "%s",
                  detail.text[0] ? detail.text
                                 : "the state folder is not known: this account has no LocalAppData; set "
                                   "STATE_DIRECTORY to the folder itself");
    return path;
}
