/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A thread for what may take as long as the disk likes, while another one watches over
 * the recording: files are begun, completed, closed and removed there. One job at a
 * time; what it uses belongs to it until its result is taken.
 */
#ifndef RECORD_FILE_THREAD_H
#define RECORD_FILE_THREAD_H

#include <sys/types.h>

#include "config.h"

struct file_thread;

/*
 * Keeps the privileges that opening files and reading addresses of kernel functions
 * take. Prints its errors; returns an exit code.
 */
int file_thread_start(struct file_thread **ret, const struct config *config);

/* The number of the thread. */
pid_t file_thread_number(const struct file_thread *thread);

/* The result of the last one is taken. */
void file_thread_begin(struct file_thread *thread, int (*job)(void *context),
		       void *context);

/* Readable once the job is done. */
int file_thread_fd(const struct file_thread *thread);

/* Waits for the job; what it returned. */
int file_thread_result(struct file_thread *thread);

/* Waits for a job whose result is not taken. NULL is taken. */
void file_thread_free(struct file_thread *thread);

#endif
