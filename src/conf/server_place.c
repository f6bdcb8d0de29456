/* SPDX-License-Identifier: MIT */
/* SPDX-FileCopyrightText: 2026 The Munnel authors */
/*
 * server_place: where in its files a part of a configuration was written, for errors about it; see server_config.h.
 * Runs on: any thread. Owns: nothing.
 */
#include "config.h"

#include "conf/server_config.h"

#include <stdio.h>

struct option_place server_config_top(const struct server_config *conf, struct option_fault *fault,
                                      struct error *error) {
    return (struct option_place){.file = conf->path, .beside = conf->path, .error = error, .fault = fault};
}

struct option_place server_config_place(const struct server_config *conf, size_t service, char name[CONFIG_PLACE_NAME],
                                        const struct option_place *top) {
    struct option_place place = {.file = name, .error = top->error, .fault = top->fault};
    for (size_t i = 0; i < conf->file_count; i++) {
        const struct config_file *file = &conf->files[i];
        if (service < file->first || service >= file->first + file->count)
            continue;
        place.file = place.beside = file->path;
        if (file->is_service)
            return place;
        place = option_member(&place, "services");
        return option_element(&place, service - file->first);
    }
    snprintf(name, CONFIG_PLACE_NAME, "service \"%.80s\"", conf->services[service].name);
    return place;
}

struct option_place server_config_option_place(const struct server_config *conf, size_t service, const char *key,
                                               char name[CONFIG_PLACE_NAME], const struct option_place *top) {
    const struct option_place place = server_config_place(conf, service, name, top);
    return option_member(&place, key);
}
