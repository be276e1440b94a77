/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdlib.h>
#include <string.h>

#include "ring.h"

#define RELAXED __ATOMIC_RELAXED
#define MISSED (-(INT64_C(1) << 31))
#define STORED (INT64_C(1) << 30)
#define SIZE_MASK ((UINT32_C(1) << 27) - 1)

static unsigned char *page(const struct ring *ring, uint32_t id)
{
	return ring->data + (size_t)id * ring->layout.subbuf_size;
}

static uint32_t capacity(const struct ring *ring)
{
	return ring->layout.subbuf_size - ring->layout.data_offset;
}

static void store_commit(struct ring *ring, uint32_t id, uint64_t value)
{
	void *word = page(ring, id) + ring->layout.commit_offset;

	if (ring->layout.commit_size == 8)
		__atomic_store_n((uint64_t *)word, value, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint32_t *)word, value, __ATOMIC_RELEASE);
}

static void store_time_stamp(struct ring *ring, uint32_t id, uint64_t value)
{
	__atomic_store_n((uint64_t *)page(ring, id), value, __ATOMIC_RELEASE);
}

/* Of the draft to where an observer may be reading. */
static void publish(struct ring *ring, uint32_t from, uint32_t to)
{
	uint32_t offset = ring->layout.data_offset;
	unsigned char *data = page(ring, ring->tail) + offset;
	uint32_t word;

	for (; from < to; from += sizeof(word)) {
		memcpy(&word, ring->draft + offset + from, sizeof(word));
		__atomic_store_n((uint32_t *)(data + from), word, __ATOMIC_RELEASE);
	}
}

static uint64_t load_commit(const struct ring *ring, uint32_t id)
{
	const void *word = page(ring, id) + ring->layout.commit_offset;

	if (ring->layout.commit_size == 8)
		return __atomic_load_n((const uint64_t *)word, __ATOMIC_ACQUIRE);
	return __atomic_load_n((const uint32_t *)word, __ATOMIC_ACQUIRE);
}

static uint32_t page_size(const struct ring *ring, uint32_t id)
{
	return load_commit(ring, id) & SIZE_MASK;
}

/* rb_update_meta_page() */
static void update_meta(struct ring *ring)
{
	struct trace_buffer_meta *meta = &ring->meta;

	__atomic_store_n(&meta->reader.id, ring->reader, RELAXED);
	__atomic_store_n(&meta->reader.read, ring->pages[ring->reader].read, RELAXED);
	__atomic_store_n(&meta->entries, __atomic_load_n(&ring->entries, RELAXED),
			 RELAXED);
	__atomic_store_n(&meta->overrun, __atomic_load_n(&ring->overrun, RELAXED),
			 RELAXED);
	__atomic_store_n(&meta->read, ring->read, RELAXED);
}

void ring_open(struct ring *ring, const struct rbmap_layout *layout,
	       uint32_t nr_subbufs)
{
	*ring = (struct ring){
		.layout = *layout,
		.meta = {
			.meta_page_size = layout->subbuf_size,
			.meta_struct_len = sizeof(ring->meta),
			.subbuf_size = layout->subbuf_size,
			.nr_subbufs = nr_subbufs,
		},
		.data_size = (size_t)nr_subbufs * layout->subbuf_size,
		.nr_subbufs = nr_subbufs,
		.nr_slots = nr_subbufs - 1,
		.overwrite = true,
		.tail = 1,
		.now = UINT64_C(1) << 40,
	};
	ring->data = aligned_alloc(layout->subbuf_size, ring->data_size);
	ring->slots = calloc(ring->nr_slots, sizeof(*ring->slots));
	ring->pages = calloc(nr_subbufs, sizeof(*ring->pages));
	/* No event is larger than a sub-buffer. */
	ring->event = calloc(1, layout->subbuf_size);
	ring->draft = calloc(1, layout->subbuf_size);
	if (!ring->event || !ring->draft)
		abort();
	if (!ring->data || !ring->slots || !ring->pages)
		abort();
	memset(ring->data, 0, ring->data_size);
	for (uint32_t i = 0; i < ring->nr_slots; i++)
		ring->slots[i] = i + 1;
	pthread_mutex_init(&ring->lock, NULL);
	update_meta(ring);
}

void ring_close(struct ring *ring)
{
	pthread_mutex_destroy(&ring->lock);
	free(ring->data);
	free(ring->slots);
	free(ring->pages);
	free(ring->event);
	free(ring->draft);
}

/* rb_move_tail(): false where the next sub-buffer is not to be overwritten. */
static bool move_tail(struct ring *ring)
{
	uint32_t next = ring->tail_is_reader ? ring->head :
					       (ring->tail_slot + 1) % ring->nr_slots;
	uint32_t old = ring->tail, end = ring->build.size;

	if (!ring->tail_is_reader && next == ring->head) {
		if (!ring->overwrite)
			return false;
		__atomic_fetch_add(&ring->overrun,
				   ring->pages[ring->slots[next]].entries, RELAXED);
		ring->head = (ring->head + 1) % ring->nr_slots;
	}
	ring->pages[old].real_end = build_room(&ring->build) ? ring->build.size : 0;
	build_end(&ring->build);
	publish(ring, end, end + 8 < capacity(ring) ? end + 8 : capacity(ring));
	ring->tail_slot = next;
	ring->tail_is_reader = false;
	ring->tail = ring->slots[next];
	store_commit(ring, ring->tail, 0);
	ring->pages[ring->tail].entries = 0;
	ring->pages[ring->tail].real_end = 0;
	store_commit(ring, old, capacity(ring));
	ring->started = false;
	return true;
}

static bool make_room(struct ring *ring, uint32_t bytes)
{
	bool moved;

	if (!ring->started || build_room(&ring->build) >= bytes)
		return true;
	pthread_mutex_lock(&ring->lock);
	moved = move_tail(ring);
	pthread_mutex_unlock(&ring->lock);
	return moved;
}

/*
 * As __rb_reserve_next() and its caller: the head of the first record, the time stamp,
 * the rest.
 */
static void publish_record(struct ring *ring, bool first, uint32_t from)
{
	if (first) {
		publish(ring, from, from + 4);
		store_time_stamp(ring, ring->tail, ring->now);
		from += 4;
	}
	publish(ring, from, ring->build.size);
}

bool ring_reserve(struct ring *ring, uint32_t size, uint64_t delta)
{
	struct ring_event head;
	uint32_t bytes = build_record_bytes(size), begin;
	bool first, done;

	ring->now += delta;
	head = (struct ring_event){ ring->numbers++, ring->now };
	memcpy(ring->event, &head, sizeof(head));
	if (ring->started)
		delta = ring->now - ring->build.time;
	if (!make_room(ring, bytes + (delta > BUILD_MAX_DELTA ? 8 : 0))) {
		ring->dropped++;
		return false;
	}
	first = !ring->started;
	if (first) {
		build_begin(&ring->build, &ring->layout, ring->draft, ring->now);
		ring->started = true;
		delta = 0;
	}
	begin = ring->build.size;
	if (delta > BUILD_MAX_DELTA) {
		build_extend(&ring->build, delta);
		delta = 0;
	}
	ring->pages[ring->tail].entries++;
	done = build_data(&ring->build, delta, ring->event, size);
	publish_record(ring, first, begin);
	return done;
}

void ring_commit(struct ring *ring)
{
	__atomic_fetch_add(&ring->entries, 1, RELAXED);
	store_commit(ring, ring->tail, ring->build.size);
}

bool ring_write(struct ring *ring, uint32_t size, uint64_t delta)
{
	if (!ring_reserve(ring, size, delta))
		return false;
	ring_commit(ring);
	return true;
}

void ring_write_many(struct ring *ring, uint32_t size, unsigned int nr)
{
	while (nr--)
		ring_write(ring, size, 7);
}

uint32_t ring_room(const struct ring *ring)
{
	return ring->started ? build_room(&ring->build) : capacity(ring);
}

static uint32_t word_at(const struct ring *ring, uint32_t id, uint32_t at)
{
	uint32_t word;

	memcpy(&word, page(ring, id) + ring->layout.data_offset + at, sizeof(word));
	return word;
}

/* rb_advance_reader() until everything up to size is consumed */
static void advance(struct ring *ring, uint32_t size)
{
	struct ring_page *reader = &ring->pages[ring->reader];

	while (reader->read < size) {
		uint32_t head = word_at(ring, ring->reader, reader->read);
		uint32_t type = head & 31, delta = head >> 5, more = 0;
		bool has_more = type == 0 || (type == 29 && delta) || type > 29;

		if (has_more)
			more = word_at(ring, ring->reader, reader->read + 4);
		if (type <= 28) {
			ring->read++;
			ring->read_stamp += delta;
			reader->read += 4 + (type ? type * 4 : more);
		} else if (type == 29) {
			reader->read = delta ? reader->read + 4 + more : size;
		} else {
			ring->read_stamp += ((uint64_t)more << 27) + delta;
			reader->read += 8;
		}
	}
}

/* rb_per_cpu_empty() */
static bool is_empty(const struct ring *ring)
{
	if (ring->pages[ring->reader].read != page_size(ring, ring->reader))
		return false;
	if (ring->tail_is_reader)
		return true;
	if (ring->tail_slot != ring->head)
		return false;
	return page_size(ring, ring->tail) == 0;
}

/* rb_get_reader_page() */
static void swap_reader(struct ring *ring)
{
	uint32_t old = ring->reader, new = ring->slots[ring->head];
	uint64_t overrun = __atomic_load_n(&ring->overrun, RELAXED);

	/* What is on it stays until the writer comes to it. */
	ring->pages[old] = (struct ring_page){ 0 };
	ring->slots[ring->head] = old;
	ring->anchor = (ring->head + ring->nr_slots - 1) % ring->nr_slots;
	if (ring->tail_slot == ring->head && !ring->tail_is_reader)
		ring->tail_is_reader = true;
	ring->head = (ring->head + 1) % ring->nr_slots;
	ring->reader = new;
	ring->pages[new].read = 0;
	memcpy(&ring->read_stamp, page(ring, new), sizeof(ring->read_stamp));
	if (overrun != ring->last_overrun)
		ring->lost = overrun - ring->last_overrun;
	ring->last_overrun = overrun;
}

static void store_lost(struct ring *ring, uint32_t offset, uint64_t lost)
{
	unsigned char *to =
		page(ring, ring->reader) + ring->layout.data_offset + offset;

	for (uint32_t i = 0; i < ring->layout.commit_size; i += 4)
		__atomic_store_n((uint32_t *)(to + i),
				 __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ?
					 (uint32_t)(lost >> (8 * i)) :
					 (uint32_t)(lost >> (8 * (4 - i))),
				 __ATOMIC_RELEASE);
}

/* ring_buffer_map_get_reader(), where it has swapped */
static void store_loss(struct ring *ring)
{
	const struct ring_page *reader = &ring->pages[ring->reader];
	int64_t commit = page_size(ring, ring->reader);
	uint64_t lost = ring->lost;

	ring->lost = 0;
	if (!lost || ring->tail_is_reader)
		return;
	if (reader->real_end)
		commit = reader->real_end;
	if (capacity(ring) - commit >= ring->layout.commit_size) {
		store_commit(ring, ring->reader, commit);
		store_lost(ring, commit, lost);
		commit += STORED;
	}
	store_commit(ring, ring->reader, commit + MISSED);
}

static void get_reader_locked(struct ring *ring)
{
	while (!is_empty(ring)) {
		uint32_t size = page_size(ring, ring->reader);

		if (ring->pages[ring->reader].read < size) {
			advance(ring, size);
			break;
		}
		swap_reader(ring);
		store_loss(ring);
	}
	update_meta(ring);
}

int ring_get_reader(void *context)
{
	struct ring *ring = context;

	ring->calls++;
	if (ring->error)
		return ring->error;
	if (ring->before)
		ring->before(ring);
	pthread_mutex_lock(&ring->lock);
	get_reader_locked(ring);
	pthread_mutex_unlock(&ring->lock);
	if (ring->after)
		ring->after(ring);
	return 0;
}

/* The copying way of ring_buffer_read_page(), the only one while a ring is mapped. */
static size_t read_locked(struct ring *ring, unsigned char *to)
{
	struct ring_page *reader;
	uint32_t from, size;
	struct build copy;

	if (ring->pages[ring->reader].read == page_size(ring, ring->reader)) {
		if (is_empty(ring))
			return 0;
		swap_reader(ring);
	}
	reader = &ring->pages[ring->reader];
	from = reader->read;
	size = page_size(ring, ring->reader);
	if (from == 0 && reader->real_end)
		size = reader->real_end;
	build_begin(&copy, &ring->layout, to, ring->read_stamp);
	memcpy(to + ring->layout.data_offset,
	       page(ring, ring->reader) + ring->layout.data_offset + from, size - from);
	build_commit(&copy, size - from, ring->lost);
	ring->lost = 0;
	advance(ring, size);
	/* What is left is the padding at the end. */
	reader->read = page_size(ring, ring->reader);
	return ring->layout.subbuf_size;
}

size_t ring_read(struct ring *ring, void *to)
{
	size_t got;

	memset(to, 0, ring->layout.subbuf_size);
	pthread_mutex_lock(&ring->lock);
	got = read_locked(ring, to);
	pthread_mutex_unlock(&ring->lock);
	return got;
}

void ring_reset(struct ring *ring)
{
	pthread_mutex_lock(&ring->lock);
	for (uint32_t id = 0; id < ring->nr_subbufs; id++) {
		ring->pages[id] = (struct ring_page){ 0 };
		store_commit(ring, id, 0);
	}
	ring->head = ring->tail_slot = ring->anchor;
	ring->tail = ring->slots[ring->head];
	ring->tail_is_reader = false;
	ring->started = false;
	ring->entries = ring->overrun = ring->last_overrun = 0;
	ring->lost = ring->read = ring->dropped = 0;
	update_meta(ring);
	pthread_mutex_unlock(&ring->lock);
}
