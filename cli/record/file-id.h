/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The file that a name stood for. Whoever may write to one of its directories can make
 * it stand for another one, which a privileged recorder must not remove.
 */
#ifndef RECORD_FILE_ID_H
#define RECORD_FILE_ID_H

#include <sys/types.h>

struct file_id {
	dev_t device;
	ino_t inode;
};

/* Of an open file. */
struct file_id file_id_of(int fd);

/*
 * Removes @path. Returns 0 or a negative errno; -ESTALE: it stands for another file,
 * which is still there.
 */
int file_id_remove(const struct file_id *id, const char *path);

#endif
