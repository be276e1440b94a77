/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: any number of threads can call this function at the same time.
 */
#ifndef RBMAP_VERSION_H
#define RBMAP_VERSION_H

#ifdef __cplusplus
extern "C" {
#endif

#define RBMAP_VERSION_MAJOR 0
#define RBMAP_VERSION_MINOR 1
#define RBMAP_VERSION_PATCH 0

/**
 * rbmap_version - the version of the library in use
 *
 * Returns "MAJOR.MINOR.PATCH"; the string is static. Compare it with the
 * RBMAP_VERSION_* macros to find out whether the program was built against a different
 * version.
 *
 * Since: 0.1
 */
const char *rbmap_version(void);

#ifdef __cplusplus
}
#endif

#endif
