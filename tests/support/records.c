/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>

#include "records.h"

struct rbmap_span records_span(const struct build *build)
{
	return (struct rbmap_span){
		.subbuf = build->memory,
		.subbuf_size = build->layout.subbuf_size,
		.to = build->size,
		.seq = 1,
		.time_stamp = STAMP,
		.cpu = 2,
	};
}

void records_begin(struct build *build, const struct rbmap_layout *layout)
{
	build_begin(build, layout, calloc(1, layout->subbuf_size), STAMP);
}

static bool add_random(struct build *build, struct random *random)
{
	unsigned char data[600] = { 0xee };
	uint32_t delta = random_below(random, 4) ?
				 random_below(random, 1000) :
				 random_below(random, BUILD_MAX_DELTA);

	switch (random_below(random, 10)) {
	case 0:
		return build_long_data(build, delta, data, random_below(random, 600));
	case 1:
		return build_discarded(build, delta, random_below(random, 200));
	case 2:
		return build_extend(build, random_next(random) >> 8);
	case 3:
		/* Forwards, and within the 59 bits: the rest is tested apart. */
		return build_absolute(build, (build->time & ~(UINT64_MAX >> 5)) |
						     ((build->time + delta) &
						      UINT64_MAX >> 5));
	default:
		return build_data(build, delta, data, random_below(random, 113));
	}
}

void records_random(struct build *build, struct random *random)
{
	static const uint32_t words[] = { 4, 8 };
	struct rbmap_layout layout =
		build_layout(4096u << random_below(random, 5),
			     words[random_below(random, 2)], random_below(random, 2));
	uint32_t most = random_below(random, 3) ? 1000000 : random_below(random, 30);

	records_begin(build, &layout);
	while (most-- && add_random(build, random))
		;
	if (random_below(random, 2))
		build_end(build);
	build_commit(build, build->size, random_below(random, 2) * 5);
}
