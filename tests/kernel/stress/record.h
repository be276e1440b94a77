/* SPDX-License-Identifier: GPL-2.0-only */
/* stress: what a sub-buffer and a record look like, and what the writers put in. */
#ifndef STRESS_RECORD_H
#define STRESS_RECORD_H

#include <stdbool.h>
#include <stdint.h>

#define SUBBUF_HEADER 16
#define COMMIT_MASK ((1u << 27) - 1)
#define LOST_EVENTS (1u << 31)
#define LOST_STORED (1u << 30)

#define MARK_ID 0x53545245
#define MARK_BODY 560

struct subbuf {
	uint64_t time_stamp;
	uint64_t commit;
	uint8_t data[];
};

/* As given to trace_marker_raw: the first four bytes are the id of the kernel's. */
struct mark {
	uint32_t id;
	uint16_t writer;
	uint16_t size;
	uint64_t seq;
	uint32_t sum;
	uint8_t body[MARK_BODY];
} __attribute__((packed));

#define MARK_HEAD (sizeof(struct mark) - MARK_BODY)

struct record {
	uint32_t at;
	uint32_t end;
	const uint8_t *data;
	uint32_t size;
};

/* 1: a record of data; 0: the end; -1: no record can look like that. */
int next_record(const uint8_t *data, uint32_t size, uint32_t at, struct record *ret);

void make_mark(struct mark *mark, uint32_t writer, uint64_t seq, uint32_t body);

/* The mark in a record, or NULL where it is not what a writer wrote. */
const struct mark *record_mark(const struct record *record);

#endif
