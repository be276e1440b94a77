/* SPDX-License-Identifier: GPL-2.0-only */
#include <rbmap/rbmap.h>
#include <stdio.h>
#include <time.h>
#include <tracefs.h>

int main(void)
{
	struct rbmap_session_options options = { .size = sizeof(options) };
	struct rbmap_session *session = NULL;
	time_t end = time(NULL) + 2;
	unsigned long events = 0;
	struct rbmap_span span;
	int r;

	options.instance = tracefs_instance_create("rbmap-example");
	if (!options.instance)
		return perror("instances/rbmap-example"), 1;
	r = rbmap_session_open(&session, &options);
	tracefs_event_enable(options.instance, "sched", "sched_switch");
	while (r >= 0 && time(NULL) < end) {
		r = rbmap_session_wait(session, 100);
		while (r >= 0 && (r = rbmap_session_take(session, &span, 1)) > 0) {
			struct rbmap_walk walk = { .data = NULL };
			struct rbmap_tally tally = { .records = 0 };

			rbmap_walk_span(&walk, rbmap_session_layout(session), &span);
			rbmap_walk_tally(&walk, &tally);
			if (rbmap_session_settle(session, &span, 1) == 0) /* not torn */
				events += tally.records;
		}
	}
	rbmap_session_close(session); /* A mapped instance cannot be removed. */
	tracefs_instance_destroy(options.instance);
	if (r < 0)
		return fprintf(stderr, "example: %s\n", rbmap_strerror(r)), 1;
	printf("%lu events\n", events);
	return 0;
}
