/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Errors: a call that fails returns the negative of a number of <errno.h>, for example
 * -EINVAL. Include <errno.h> to compare it. The variable errno is not part of the
 * interface.
 *
 * Threads: any number of threads can call this function at the same time.
 */
#ifndef RBMAP_ERROR_H
#define RBMAP_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * rbmap_strerror - describe an error of this library
 *
 * @error: a negative errno returned by a call of this library; the positive errno is
 *	accepted as well
 *
 * Returns one line without a full stop; the string is static and never NULL. Errors
 * with a special meaning for the ring-buffer mapping (EBUSY, ENODEV, ENOTTY, EBADMSG,
 * ...) get a description of that meaning. All others get the text of strerror(3) in the
 * C locale.
 *
 * Since: 0.1
 */
const char *rbmap_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif
