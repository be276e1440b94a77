/* SPDX-License-Identifier: LGPL-2.1-only */
#ifndef RBMAP_ERROR_H
#define RBMAP_ERROR_H

#ifdef __cplusplus
extern "C" {
#endif

/**
 * rbmap_strerror - what an error of this library means, in words
 *
 * @error: a negative errno as returned by any call of this library (a positive
 *	errno is taken as well)
 *
 * Returns one line without a full stop, static, never NULL. For the errors that
 * the ring-buffer mapping gives a meaning of its own (EBUSY, ENODEV, ENOTTY,
 * EBADMSG, ...) it says that meaning, else what strerror(3) of the C locale
 * says.
 *
 * Since: 0.1
 */
const char *rbmap_strerror(int error);

#ifdef __cplusplus
}
#endif

#endif
