/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory of the ring's before a disk that stalls: written as it is, or copied in time.
 */
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/internal.h"
#include "held-disk.h"

START_TEST(a_quick_disk_is_given_the_memory_itself)
{
	struct write_queue *queue = make_queue(4096, NEVER);
	uint64_t words[8], done;
	pthread_t thread;

	fill_words(words, 8, 1);
	start_queue(&thread, queue);
	ck_assert_int_eq(push_in_place(queue, data_of(0, 8, 16, 4), words, 64, &done),
			 0);
	/* It is written by the time that the caller may let go of it. */
	ck_assert_uint_eq(done, 64);
	ck_assert_int_eq(disk.nr_calls, 1);
	ck_assert_ptr_eq(disk.calls[0].from, words);
	ck_assert_uint_eq(progress_of(queue, 0).spans, 4);
	ck_assert_uint_eq(work_of(queue).copied, 0);
	/* Its failure is told at once. */
	let_fail(0, 40, ENOSPC);
	ck_assert_int_eq(push_in_place(queue, data_of(0, 72, 16, 4), words, 64, &done),
			 -ENOSPC);
	ck_assert_uint_eq(done, 40);
	ck_assert_uint_eq(progress_of(queue, 0).spans, 6);
	ck_assert_int_eq(push_in_place(queue, data_of(0, 72, 16, 4), words, 64, &done),
			 -ENOSPC);
	ck_assert_uint_eq(done, 0);
	ck_assert_int_eq(rbmap_write_queue_end(queue), -ENOSPC);
	join_thread(thread);
	rbmap_write_queue_close(queue);
}
END_TEST

/* _i: the memory is even gone. */
START_TEST(a_copy_wins_over_what_was_torn)
{
	static uint64_t words[8];
	bool torn = false;

	/* Mostly at the first attempt: the copy was not made before the write began. */
	while (!torn) {
		struct write_queue *queue = make_queue(4096, 1000000);
		uint64_t done;
		pthread_t thread;

		disk.nr_calls = 0;
		hold_disk();
		start_queue(&thread, queue);
		fill_words(words, 8, 1);
		ck_assert_int_eq(push_in_place(queue, data_of(0, 64, 16, 4), words, 64,
					       &done),
				 0);
		ck_assert_uint_eq(done, 64);
		ck_assert_uint_eq(work_of(queue).copied, 64);
		ck_assert_uint_eq(work_of(queue).high, 64);
		ck_assert_uint_eq(progress_of(queue, 0).spans, 0);
		torn = is_inside();
		fill_words(words, 8, 2);
		if (_i && torn)
			let_fail(0, 0, EFAULT);
		disk.once = true;
		ck_assert_int_eq(push_copy(queue, write_at(1000), 'a', 10), 0);
		release_disk();
		ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
		join_thread(thread);
		for (int i = 0; i < 8; i++)
			ck_assert_uint_eq(word_on_disk(64 + 8 * i), 1);
		assert_filled(1000, 10, 'a');
		ck_assert_uint_eq(progress_of(queue, 0).spans, 4);
		ck_assert_uint_eq(progress_of(queue, 0).writes, 1);
		if (torn) {
			ck_assert_int_eq(disk.nr_calls, 3);
			ck_assert_ptr_eq(disk.calls[0].from, words);
			ck_assert_ptr_ne(disk.calls[1].from, words);
			ck_assert_uint_eq(disk.calls[2].offset, 1000);
		}
		rbmap_write_queue_close(queue);
	}
}
END_TEST

START_TEST(behind_a_copy_there_is_no_waiting)
{
	struct write_queue *queue = make_queue(128, 1);
	struct pusher pusher = { .queue = queue, .request = write_at(128), .size = 64 };
	static uint64_t words[8];
	uint64_t done;
	pthread_t thread;

	hold_disk();
	start_queue(&thread, queue);
	fill_words(words, 8, 1);
	ck_assert_int_eq(push_in_place(queue, write_at(0), words, 64, &done), 0);
	pthread_mutex_lock(&queue->lock);
	queue->options.stall_ns = NEVER;
	pthread_mutex_unlock(&queue->lock);
	fill_words(words, 8, 2);
	ck_assert_int_eq(push_in_place(queue, write_at(64), words, 64, &done), 0);
	ck_assert_uint_eq(work_of(queue).copied, 128);
	/* The third finds it full, and is then written as it is or copied. */
	fill_words(words, 8, 3);
	pusher.bytes = words;
	start_push(&pusher);
	wait_until_full(queue, 1);
	release_disk();
	join_thread(pusher.thread);
	ck_assert_int_eq(pusher.r, 0);
	ck_assert_uint_eq(pusher.done, 64);
	fill_words(words, 8, 4);
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	join_thread(thread);
	for (int i = 0; i < 24; i++)
		ck_assert_uint_eq(word_on_disk(8 * i), 1 + i / 8);
	ck_assert_uint_eq(work_of(queue).high, 128);
	rbmap_write_queue_close(queue);
}
END_TEST

START_TEST(what_is_larger_than_the_queue_is_waited_for)
{
	struct write_queue *queue = make_queue(32, 1);
	struct pusher pusher = { .queue = queue, .request = write_at(0), .size = 64 };
	static uint64_t words[8];
	pthread_t thread;

	pusher.bytes = words;
	fill_words(words, 8, 1);
	hold_disk();
	start_queue(&thread, queue);
	start_push(&pusher);
	wait_until_full(queue, 1);
	release_disk();
	join_thread(pusher.thread);
	ck_assert_int_eq(pusher.r, 0);
	ck_assert_ptr_eq(disk.calls[0].from, words);
	ck_assert_uint_eq(work_of(queue).copied, 0);
	ck_assert_uint_eq(work_of(queue).high, 0);
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	join_thread(thread);
	rbmap_write_queue_close(queue);
}
END_TEST

/* Whatever the disk holds up: those that wait for it return, and nothing follows. */
START_TEST(cancelled_it_is_not_waited_for)
{
	struct write_queue *queue = make_queue(64, NEVER);
	struct write_request table = { .kind = WRITE_TABLE, .offset = 0 };
	struct pusher copied = { .queue = queue,
				 .request = data_of(0, 128, 0, 1),
				 .size = 128 };
	static uint64_t words[8];
	struct pusher in_place = { .queue = queue,
				   .request = data_of(1, 256, 16, 4),
				   .bytes = words,
				   .size = 64,
				   .done = 1 };
	struct write_progress covered;
	pthread_t thread;

	start_queue(&thread, queue);
	ck_assert_int_eq(push_copy(queue, data_of(0, 64, 0, 1), 'a', 16), 0);
	ck_assert_int_eq(push_copy(queue, table, 't', 8), 0);
	do
		rbmap_write_queue_covered(queue, 0, &covered);
	while (covered.spans == 0);
	hold_disk();
	ck_assert_int_eq(push_copy(queue, data_of(0, 80, 0, 1), 'b', 16), 0);
	while (!is_inside())
		sched_yield();
	start_push(&in_place);
	start_push(&copied);
	wait_until_full(queue, 1);
	rbmap_write_queue_cancel(queue);
	join_thread(copied.thread);
	ck_assert_int_eq(copied.r, -ECANCELED);
	join_thread(in_place.thread);
	ck_assert_int_eq(in_place.r, -ECANCELED);
	ck_assert_uint_eq(in_place.done, 0);
	ck_assert_int_eq(push_copy(queue, table, 't', 8), -ECANCELED);
	ck_assert_int_eq(rbmap_write_queue_end(queue), -ECANCELED);
	release_disk();
	join_thread(thread);
	/* Nor by those that push. */
	ck_assert_int_eq(push_copy(queue, table, 't', 8), -ECANCELED);
	ck_assert_int_eq(disk.nr_calls, 3);
	rbmap_write_queue_covered(queue, 0, &covered);
	ck_assert_uint_eq(covered.spans, 1);
	rbmap_write_queue_close(queue);
}
END_TEST

#define NR_PUSHES 300
#define SIZE 48

/* An owner of the third part of the disk, written over and over, and its memory too. */
static void *push_many(void *context)
{
	/* It outlives the thread: what a copy has overtaken may still be read. */
	static uint64_t memory[NR_OWNERS][SIZE / 8];
	struct pusher *pusher = context;
	uint64_t *words = memory[pusher->request.owner], done;
	int r = 0;

	for (uint64_t i = 0; r == 0 && i < NR_PUSHES; i++) {
		uint64_t offset = pusher->request.owner * NR_PUSHES * SIZE + i * SIZE;
		struct write_request request =
			data_of(pusher->request.owner, offset, 0, 1);
		struct iovec part = { .iov_base = words, .iov_len = SIZE };

		fill_words(words, SIZE / 8, i + 1);
		if (i % 3 == 0) {
			void *bytes = malloc(SIZE);

			memcpy(bytes, words, SIZE);
			r = rbmap_write_queue_push_owned(pusher->queue, &request, bytes,
							 SIZE);
		} else if (i % 3 == 1) {
			r = rbmap_write_queue_push_copy(pusher->queue, &request, &part,
							1);
		} else {
			r = push_in_place(pusher->queue, request, words, SIZE, &done);
		}
	}
	pusher->r = r;
	return NULL;
}

START_TEST(several_threads_push)
{
	struct write_queue *queue = make_queue(4 * SIZE, _i);
	struct pusher pushers[NR_OWNERS];
	pthread_t thread;

	start_queue(&thread, queue);
	for (int i = 0; i < NR_OWNERS; i++) {
		pushers[i] = (struct pusher){ .queue = queue, .request.owner = i };
		ck_assert_int_eq(pthread_create(&pushers[i].thread, NULL, push_many,
						&pushers[i]),
				 0);
	}
	for (int i = 0; i < NR_OWNERS; i++) {
		join_thread(pushers[i].thread);
		ck_assert_int_eq(pushers[i].r, 0);
	}
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	join_thread(thread);
	for (int i = 0; i < NR_OWNERS * NR_PUSHES * SIZE / 8; i++)
		ck_assert_uint_eq(word_on_disk(8 * i), 1 + i / (SIZE / 8) % NR_PUSHES);
	for (int i = 0; i < NR_OWNERS; i++) {
		ck_assert_uint_eq(progress_of(queue, i).spans, NR_PUSHES);
		ck_assert_uint_eq(progress_of(queue, i).bytes, NR_PUSHES * SIZE);
	}
	ck_assert_uint_le(work_of(queue).high, 4 * SIZE);
	rbmap_write_queue_close(queue);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue-stall");
	TCase *tests = tcase_create("queue-stall");
	SRunner *runner;
	int failed;

	/* Sanitizers and a busy machine make the usual 4 seconds too few. */
	tcase_set_timeout(tests, 240);
	tcase_add_test(tests, a_quick_disk_is_given_the_memory_itself);
	tcase_add_loop_test(tests, a_copy_wins_over_what_was_torn, 0, 2);
	tcase_add_test(tests, behind_a_copy_there_is_no_waiting);
	tcase_add_test(tests, what_is_larger_than_the_queue_is_waited_for);
	tcase_add_test(tests, cancelled_it_is_not_waited_for);
	tcase_add_loop_test(tests, several_threads_push, 0, 2);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
