/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef RECORD_PRIVILEGE_H
#define RECORD_PRIVILEGE_H

/*
 * All is open: gives up the capabilities that a recording does not need. What is left
 * lets it put tracing files back whoever owns them (CAP_DAC_OVERRIDE) and signal a
 * command that runs as another user (CAP_KILL). Prints its errors; an exit code.
 */
int privilege_drop(void);

#endif
