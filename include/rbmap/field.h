/* SPDX-License-Identifier: LGPL-2.1-only */
/*
 * Threads: a field does not change, so any number of threads can use it at the same
 * time, on records of their own. The events are used by rbmap_field_open() only.
 */
#ifndef RBMAP_FIELD_H
#define RBMAP_FIELD_H

#include <stddef.h>
#include <stdint.h>

#include <rbmap/events.h>
#include <rbmap/record.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct rbmap_field - a field of an event
 *
 * Made by rbmap_field_open(); its members are private to the library, which has more of
 * them than are shown here. These are what an optimized program reads numbers with:
 * rbmap_field_u64() and rbmap_field_s64() are then inline.
 *
 * Since: 0.1
 */
struct rbmap_field {
	int (*read)(const struct rbmap_field *field, const struct rbmap_record *record,
		    uint64_t *ret);
	uint64_t end;
	uint64_t sign;
	uint32_t at;
	uint16_t id;
	uint16_t id_mask;
	uint32_t spare;
};

/**
 * rbmap_field_open - find a field of an event by name
 *
 * @ret: the field on success, untouched on failure; free it with rbmap_field_close()
 * @events: the events, borrowed during the call: the field outlives them
 * @system: the event system, such as "sched"; NULL searches all systems
 * @event: the event, such as "sched_switch"; NULL selects a common field, which the
 *	records of every event have
 * @name: the field, such as "next_pid", or a common field, such as "common_pid"
 *
 * Read the field only from records of the formats of @events: those of the running
 * kernel, or those of one file. Another file may have the same number for another event.
 *
 * The strings are borrowed during the call. A field does not change: any number of
 * threads can use it at the same time, on records of their own.
 *
 * Returns 0, -ENOENT if there is no such event or it has no such field, -EINVAL if
 * @system is set without @event, or -ENOMEM.
 *
 * Since: 0.1
 */
int rbmap_field_open(struct rbmap_field **ret, const struct rbmap_events *events,
		     const char *system, const char *event, const char *name);

/**
 * rbmap_field_close - free a field
 *
 * @field: may be NULL
 *
 * Since: 0.1
 */
void rbmap_field_close(struct rbmap_field *field);

/**
 * rbmap_field_u64 - read a field that is a number
 *
 * @field: the field
 * @record: borrowed
 * @ret: the number on success, untouched on failure; a negative number is converted as
 *	in C
 *
 * The byte order is that of the events, which for a file may not be that of this
 * machine.
 *
 * Returns 0, -EINVAL if the record is of another event, -ENOTSUP if the field is not a
 * number of 1, 2, 4 or 8 bytes, or -EBADMSG if it is not within the record.
 *
 * Since: 0.1
 */
int rbmap_field_u64(const struct rbmap_field *field, const struct rbmap_record *record,
		    uint64_t *ret);

/**
 * rbmap_field_s64 - read a field that is a signed number
 *
 * @field: the field
 * @record: borrowed
 * @ret: the number on success, untouched on failure
 *
 * As rbmap_field_u64(), with another type for the result.
 *
 * Returns 0, -EINVAL, -ENOTSUP or -EBADMSG.
 *
 * Since: 0.1
 */
int rbmap_field_s64(const struct rbmap_field *field, const struct rbmap_record *record,
		    int64_t *ret);

/**
 * rbmap_field_bytes - get the bytes of a field
 *
 * @field: the field
 * @record: borrowed
 * @ret: the bytes on success, untouched on failure; they are in the record's data and
 *	valid as long as that
 * @ret_size: their number
 *
 * Of a dynamic array (__data_loc, __rel_loc), these are the elements, not the word that
 * gives their place. An array without a size, such as the text of a marker, ends with
 * the record, whose size the kernel rounds up to a multiple of 4.
 *
 * Returns 0, -EINVAL if the record is of another event, or -EBADMSG if the bytes are
 * not within the record.
 *
 * Since: 0.1
 */
int rbmap_field_bytes(const struct rbmap_field *field,
		      const struct rbmap_record *record, const void **ret,
		      size_t *ret_size);

/**
 * rbmap_field_text - get a field that is a string
 *
 * @field: the field
 * @record: borrowed
 * @ret: the text on success, untouched on failure; it is in the record's data, valid as
 *	long as that, and not always terminated: print it with "%.*s"
 * @ret_length: its bytes, up to the first that is 0
 *
 * Returns 0, -EINVAL if the record is of another event, -ENOTSUP if the field is not an
 * array, or -EBADMSG if the text is not within the record.
 *
 * Since: 0.1
 */
int rbmap_field_text(const struct rbmap_field *field, const struct rbmap_record *record,
		     const char **ret, size_t *ret_length);

#if defined(__GNUC__) && defined(__OPTIMIZE__)
/*
 * A call costs several times what a load does. One comparison with the end of the
 * record and one of the event are left; the rest was decided by rbmap_field_open(). The
 * number is the last of the eight bytes at @at, which end where it does. What this does
 * not fit, read() is for.
 */
extern __inline __attribute__((__gnu_inline__)) int
rbmap_field_u64(const struct rbmap_field *field, const struct rbmap_record *record,
		uint64_t *ret)
{
	const unsigned char *data = (const unsigned char *)record->data;
	uint64_t eight;
	uint16_t id;

	if (__builtin_expect(field->end > record->size, 0))
		return field->read(field, record, ret);
	__builtin_memcpy(&id, data, sizeof(id));
	if (__builtin_expect((id ^ field->id) & field->id_mask, 0))
		return field->read(field, record, ret);
	__builtin_memcpy(&eight, data + field->at, sizeof(eight));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
	eight <<= field->spare;
#endif
	*ret = ((eight >> field->spare) ^ field->sign) - field->sign;
	return 0;
}

extern __inline __attribute__((__gnu_inline__)) int
rbmap_field_s64(const struct rbmap_field *field, const struct rbmap_record *record,
		int64_t *ret)
{
	return rbmap_field_u64(field, record, (uint64_t *)ret);
}
#endif

#ifdef __cplusplus
}
#endif

#endif
