/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TAIL_SYSTEMS_H
#define TAIL_SYSTEMS_H

#include "config.h"

struct tracefs_instance;

/*
 * The systems that an -e names events of, ended by NULL; to be freed with
 * tracefs_list_free(). Prints its errors and returns an exit code.
 */
int systems_find(char ***ret, const struct config *config,
		 struct tracefs_instance *instance);

#endif
