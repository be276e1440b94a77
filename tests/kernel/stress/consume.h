/* SPDX-License-Identifier: GPL-2.0-only */
/* stress: what a consumer does with the records that it got. */
#ifndef STRESS_CONSUME_H
#define STRESS_CONSUME_H

#include "stress.h"

/* What a sub-buffer says about the events before it. */
struct loss {
	bool told;
	bool counted;
	uint64_t count;
};

/* One consumer of one ring. */
struct consumer {
	struct stress *stress;
	struct role *role;
	struct consumer_result *result;
	struct ring *ring;
	int index;
	enum consumer_kind kind;
	/* The last number of each writer seen in this ring. */
	uint64_t last[MAX_CPUS];
	struct loss loss;
	/* The GET_READER call that the records come from, or came before. */
	uint32_t call;
	/* One record of this look was the consumer's own. */
	bool own_seen;
};

void init_consumer(struct consumer *consumer, struct stress *stress, struct role *role,
		   enum consumer_kind kind, int index);

/* Records of @data up to @to, those from @from on being new. */
void consume(struct consumer *consumer, const uint8_t *data, uint32_t size,
	     uint32_t from, uint32_t to);

struct loss subbuf_loss(const struct subbuf *subbuf, uint32_t subbuf_size);

#endif
