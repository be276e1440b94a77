/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes that wait in a queue before the file. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "base/internal.h"
#include "held-disk.h"

START_TEST(without_a_thread_a_push_writes)
{
	struct write_queue *queue = make_queue(_i ? 1000 : 0, NEVER);
	static const uint64_t word = 0x6363636363636363;
	uint64_t done;

	ck_assert_int_eq(push_copy(queue, write_at(0), 'a', 10), 0);
	ck_assert_int_eq(disk.nr_calls, 1);
	ck_assert_int_eq(push_owned(queue, data_of(1, 10, 0, 3), 'b', 10), 0);
	ck_assert_int_eq(disk.nr_calls, 2);
	ck_assert_int_eq(push_in_place(queue, write_at(20), &word, 8, &done), 0);
	ck_assert_uint_eq(done, 8);
	ck_assert_ptr_eq(disk.calls[2].from, &word);
	assert_filled(0, 10, 'a');
	assert_filled(10, 10, 'b');
	assert_filled(20, 8, 'c');
	ck_assert_uint_eq(progress_of(queue, 1).spans, 3);
	ck_assert_uint_eq(work_of(queue).calls, 3);
	ck_assert_uint_eq(work_of(queue).high, 0);
	/* A failure is one of this push only. */
	let_fail(0, 0, ENOSPC);
	ck_assert_int_eq(push_copy(queue, write_at(0), 'd', 10), -ENOSPC);
	let_fail(-1, 0, 0);
	ck_assert_int_eq(push_copy(queue, write_at(0), 'd', 10), 0);
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	rbmap_write_queue_close(queue);
}
END_TEST

START_TEST(who_may_run)
{
	struct write_queue *queue = make_queue(0, NEVER);
	pthread_t thread;

	/* There is nothing to do for it. */
	ck_assert_int_eq(rbmap_write_queue_run(queue), 0);
	rbmap_write_queue_close(queue);
	queue = make_queue(1, NEVER);
	start_queue(&thread, queue);
	ck_assert_int_eq(rbmap_write_queue_run(queue), -EBUSY);
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	join_thread(thread);
	/* One that comes too late. */
	ck_assert_int_eq(rbmap_write_queue_run(queue), 0);
	rbmap_write_queue_close(queue);
	rbmap_write_queue_close(NULL);
}
END_TEST

static void note_call(void *context, uint64_t offset, uint64_t size)
{
	pthread_mutex_lock(&disk.lock);
	disk.calls[disk.nr_calls++] =
		(struct call){ .offset = offset, .size = size, .from = context };
	pthread_mutex_unlock(&disk.lock);
}

/* Held up, so that the queue has all of them when it is closed. */
START_TEST(close_writes_what_is_left_in_order)
{
	struct write_queue *queue = make_queue(100000, NEVER);
	pthread_t thread;

	hold_disk();
	start_queue(&thread, queue);
	for (int i = 0; i < 100; i++) {
		ck_assert_int_eq(push_copy(queue, write_at(i), 'a', 10), 0);
		ck_assert_int_eq(push_owned(queue, write_at(i + 5), 'b', 10), 0);
		ck_assert_int_eq(rbmap_write_queue_push_call(queue, note_call, &disk, i,
							     77),
				 0);
	}
	ck_assert_uint_eq(work_of(queue).high, 2000);
	release_disk();
	rbmap_write_queue_close(queue);
	join_thread(thread);
	ck_assert_int_eq(disk.nr_calls, 300);
	for (int i = 0; i < 100; i++) {
		ck_assert_uint_eq(disk.calls[3 * i].offset, i);
		ck_assert_uint_eq(disk.calls[3 * i + 1].offset, i + 5);
		ck_assert_uint_eq(disk.calls[3 * i + 2].offset, i);
		ck_assert_ptr_eq(disk.calls[3 * i + 2].from, &disk);
	}
	assert_filled(0, 100, 'a');
	assert_filled(104, 10, 'b');
}
END_TEST

START_TEST(a_full_queue_blocks)
{
	struct write_queue *queue = make_queue(100, NEVER);
	struct pusher pusher = { .queue = queue, .request = write_at(60), .size = 60 };
	struct write_queue_work work;
	pthread_t thread;

	hold_disk();
	start_queue(&thread, queue);
	ck_assert_int_eq(push_copy(queue, write_at(0), 'a', 60), 0);
	start_push(&pusher);
	wait_until_full(queue, 1);
	/* A small one still fits. */
	ck_assert_int_eq(push_copy(queue, write_at(200), 'b', 40), 0);
	release_disk();
	join_thread(pusher.thread);
	ck_assert_int_eq(pusher.r, 0);
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	join_thread(thread);
	assert_filled(0, 60, 'a');
	assert_filled(60, 60, 'p');
	work = work_of(queue);
	ck_assert_uint_eq(work.high, 100);
	ck_assert_uint_eq(work.full_nr, 1);
	ck_assert_uint_gt(work.full_ns, 0);
	rbmap_write_queue_close(queue);
}
END_TEST

START_TEST(one_alone_may_be_larger)
{
	struct write_queue *queue = make_queue(10, NEVER);
	pthread_t thread;

	start_queue(&thread, queue);
	for (int i = 0; i < 10; i++) {
		ck_assert_int_eq(push_owned(queue, write_at(100 * i), 'a', 100), 0);
		ck_assert_int_eq(push_copy(queue, write_at(100 * i + 50), 'b', 50), 0);
	}
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	join_thread(thread);
	for (int i = 0; i < 10; i++) {
		assert_filled(100 * i, 50, 'a');
		assert_filled(100 * i + 50, 50, 'b');
	}
	ck_assert_uint_eq(work_of(queue).high, 100);
	rbmap_write_queue_close(queue);
}
END_TEST

START_TEST(a_failure_ends_it)
{
	struct write_queue *queue = make_queue(1000, NEVER);
	struct write_request request;
	pthread_t thread;

	/* Of the four units of the third, two and a half can be written. */
	let_fail(2, 25, ENOSPC);
	hold_disk();
	start_queue(&thread, queue);
	ck_assert_int_eq(push_copy(queue, data_of(1, 1000, 10, 2), 'a', 20), 0);
	ck_assert_int_eq(push_copy(queue, data_of(2, 2000, 0, 5), 'b', 30), 0);
	ck_assert_int_eq(push_copy(queue, data_of(1, 1020, 10, 4), 'c', 40), 0);
	ck_assert_int_eq(push_copy(queue, data_of(2, 2030, 0, 5), 'd', 30), 0);
	ck_assert_int_eq(push_copy(queue, write_at(500), 'e', 30), 0);
	ck_assert_int_eq(rbmap_write_queue_push_call(queue, note_call, NULL, 0, 0), 0);
	request = data_of(1, 1030, 0, 0);
	request.kind = WRITE_CORRECTION;
	ck_assert_int_eq(push_copy(queue, request, 'f', 4), 0);
	request.offset = 1040;
	ck_assert_int_eq(push_copy(queue, request, 'g', 4), 0);
	release_disk();
	pthread_mutex_lock(&queue->lock);
	while (!queue->error)
		pthread_cond_wait(&queue->progressed, &queue->lock);
	pthread_mutex_unlock(&queue->lock);
	ck_assert_int_eq(push_copy(queue, write_at(500), 'h', 30), -ENOSPC);
	ck_assert_int_eq(push_owned(queue, write_at(500), 'h', 30), -ENOSPC);
	ck_assert_int_eq(rbmap_write_queue_end(queue), -ENOSPC);
	join_thread(thread);
	/* The correction could not be written, so that its data do not count. */
	ck_assert_uint_eq(progress_of(queue, 1).spans, 2);
	ck_assert_uint_eq(progress_of(queue, 1).bytes, 20);
	ck_assert_uint_eq(progress_of(queue, 1).writes, 1);
	ck_assert_uint_eq(progress_of(queue, 1).end, 1020);
	ck_assert_uint_eq(progress_of(queue, 2).spans, 5);
	ck_assert_uint_eq(progress_of(queue, 2).bytes, 30);
	ck_assert_uint_eq(progress_of(queue, 2).end, 2030);
	ck_assert_uint_eq(progress_of(queue, 0).spans, 0);
	assert_filled(2030, 30, 0);
	assert_filled(500, 30, 0);
	for (int i = 0; i < disk.nr_calls; i++)
		ck_assert_uint_ne(disk.calls[i].offset, 1040);
	/* The end of the file is written at once. */
	let_fail(-1, 0, 0);
	ck_assert_int_eq(push_copy(queue, write_at(0), 'i', 30), 0);
	assert_filled(0, 30, 'i');
	ck_assert_int_eq(rbmap_write_queue_end(queue), 0);
	rbmap_write_queue_close(queue);
}
END_TEST

START_TEST(corrections_go_on_after_a_failure)
{
	struct write_queue *queue = make_queue(1000, NEVER);
	struct write_request request = data_of(1, 1010, 0, 0);
	pthread_t thread;

	let_fail(1, 0, EIO);
	disk.once = true;
	request.kind = WRITE_CORRECTION;
	hold_disk();
	start_queue(&thread, queue);
	ck_assert_int_eq(push_copy(queue, data_of(1, 1000, 0, 1), 'a', 20), 0);
	ck_assert_int_eq(push_copy(queue, data_of(0, 0, 0, 1), 'b', 30), 0);
	ck_assert_int_eq(push_copy(queue, data_of(1, 1020, 0, 1), 'c', 20), 0);
	ck_assert_int_eq(push_copy(queue, request, 'd', 5), 0);
	request.offset = 1025;
	ck_assert_int_eq(push_copy(queue, request, 'e', 5), 0);
	release_disk();
	ck_assert_int_eq(rbmap_write_queue_end(queue), -EIO);
	join_thread(thread);
	assert_filled(1000, 10, 'a');
	assert_filled(1010, 5, 'd');
	assert_filled(1015, 5, 'a');
	/* What was never written needs no correction. */
	assert_filled(1020, 20, 0);
	ck_assert_uint_eq(progress_of(queue, 1).spans, 1);
	ck_assert_uint_eq(progress_of(queue, 0).spans, 0);
	rbmap_write_queue_close(queue);
}
END_TEST

START_TEST(spans_without_bytes_count_in_their_turn)
{
	struct write_queue *queue = make_queue(1000, NEVER);
	pthread_t thread;

	let_fail(1, 0, EIO);
	hold_disk();
	start_queue(&thread, queue);
	ck_assert_int_eq(push_copy(queue, data_of(3, 0, 0, 1), 'a', 20), 0);
	ck_assert_int_eq(push_copy(queue, data_of(3, 0, 0, 7), 'a', 0), 0);
	ck_assert_int_eq(push_copy(queue, data_of(3, 20, 0, 1), 'a', 20), 0);
	ck_assert_int_eq(push_copy(queue, data_of(3, 0, 0, 7), 'a', 0), 0);
	ck_assert_uint_eq(progress_of(queue, 3).spans, 0);
	release_disk();
	ck_assert_int_eq(rbmap_write_queue_end(queue), -EIO);
	join_thread(thread);
	ck_assert_uint_eq(progress_of(queue, 3).spans, 8);
	ck_assert_uint_eq(progress_of(queue, 3).writes, 1);
	ck_assert_uint_eq(progress_of(queue, 3).end, 20);
	rbmap_write_queue_close(queue);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("queue");
	TCase *tests = tcase_create("queue");
	SRunner *runner;
	int failed;

	/* Sanitizers and a busy machine make the usual 4 seconds too few. */
	tcase_set_timeout(tests, 240);
	tcase_add_loop_test(tests, without_a_thread_a_push_writes, 0, 2);
	tcase_add_test(tests, who_may_run);
	tcase_add_test(tests, close_writes_what_is_left_in_order);
	tcase_add_test(tests, a_full_queue_blocks);
	tcase_add_test(tests, one_alone_may_be_larger);
	tcase_add_test(tests, a_failure_ends_it);
	tcase_add_test(tests, corrections_go_on_after_a_failure);
	tcase_add_test(tests, spans_without_bytes_count_in_their_turn);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
