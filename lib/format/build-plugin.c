// SPDX-License-Identifier: LGPL-2.1-only
/*
 * What libtraceevent's plugins print for events that come in millions, as a plan. Other
 * versions of a plugin may print something else: a plan is only used if the plugin
 * prints the same for a few records. It is tried in a handle of our own, and a handler
 * that a program has registered is not: it gets no records that are made up.
 */
#include <ctype.h>
#include <stdlib.h>

#include "base/internal.h"
#include "format/build.h"
#include "format/plugins.h"
#include "format/run.h"
#include "names/names.h"

#define STATES 16
#define TRIALS 8
#define TRIAL_SIZE 512

struct known_plugin {
	const char *system, *event;
	bool (*build)(struct format_build *build);
	/* With the print format. */
	bool goes_on;
};

static const struct tep_format_field *find(struct format_build *build, const char *name)
{
	struct tep_event *event = (struct tep_event *)build->plan->event;
	const struct tep_format_field *field = tep_find_field(event, name);

	if (field && field->size && rbmap_build_covers(build, field))
		return field;
	rbmap_build_refuse(build, "a plugin prints it");
	return NULL;
}

static bool add_literal(struct format_build *build, const char *string)
{
	return rbmap_build_literal(build, string, strlen(string));
}

static bool load(struct format_build *build, const char *name, uint16_t *ret)
{
	const struct tep_format_field *field = find(build, name);
	struct format_value value = { .kind = VALUE_LOAD };

	if (!field)
		return false;
	value.offset = field->offset;
	value.size = field->size;
	*ret = rbmap_build_value(build, &value);
	return *ret != FORMAT_NONE;
}

static bool add_value(struct format_build *build, enum format_step_kind kind,
		      const char *name)
{
	struct format_step step = { .kind = kind,
				    .bytes = sizeof(uint64_t),
				    .star = FORMAT_NONE };

	return load(build, name, &step.value) && rbmap_build_step(build, &step);
}

static bool add_int(struct format_build *build, const char *name)
{
	struct format_step step = { .kind = STEP_DECIMAL,
				    .bytes = sizeof(int32_t),
				    .is_signed = true,
				    .star = FORMAT_NONE };

	return load(build, name, &step.value) && rbmap_build_step(build, &step);
}

static bool add_address(struct format_build *build, const char *name)
{
	return add_literal(build, "0x") && add_value(build, STEP_HEXADECIMAL, name);
}

/* "COMM:PID", which the plugin also remembers. */
static bool add_comm(struct format_build *build, const char *comm, const char *pid)
{
	const struct tep_format_field *field = find(build, comm);
	struct format_step step = { .kind = STEP_TEXT_FIELD,
				    .star = FORMAT_NONE,
				    .style.precision = -1 };

	if (!field)
		return false;
	step.offset = field->offset;
	step.size = field->size;
	if (!rbmap_build_step(build, &step) || !add_literal(build, ":") ||
	    !add_value(build, STEP_DECIMAL, pid))
		return false;
	step.kind = STEP_LEARN_COMM;
	return load(build, pid, &step.value) && rbmap_build_step(build, &step);
}

/*
 * Has the plugin print bytes as if they were a record. Pids are 0, of which no name is
 * learnt, and dynamic arrays are empty. False where it wants something else than we do
 * to follow: the print format, or nothing.
 */
static bool try_record(struct format_build *build, bool goes_on, unsigned char *data,
		       struct trace_seq *out)
{
	struct tep_event *own = build->own;
	const struct tep_format_field *field;
	const uint16_t id = build->plan->swap ? __builtin_bswap16(own->id) : own->id;
	struct tep_record record = {
		.data = data,
		.size = build->plan->min_size,
		.record_size = build->plan->min_size,
	};
	bool wants_more;

	for (field = own->format.fields; field; field = field->next)
		if (strstr(field->name, "pid") || field->flags & TEP_FIELD_IS_DYNAMIC)
			memset(data + field->offset, 0, field->size);
	memcpy(data, &id, sizeof(id));
	trace_seq_reset(out);
	memory_watch();
	wants_more = own->handler(out, &record, own, own->context);
	trace_seq_terminate(out);
	if (memory_is_short() || out->state != TRACE_SEQ__GOOD)
		return rbmap_build_out_of_memory(build);
	return wants_more == goes_on;
}

/* Which letter stands for a state is up to the version of the plugin. */
static char state_letter(struct format_build *build,
			 const struct tep_format_field *state, unsigned int bit)
{
	unsigned char data[TRIAL_SIZE] = { 0 };
	uint64_t value = UINT64_C(1) << bit;
	struct trace_seq out;
	const char *at;
	char letter = '\0';

	if (build->plan->swap)
		value = __builtin_bswap64(value);
	memcpy(data + state->offset, &value, sizeof(value));
	trace_seq_init(&out);
	if (out.state != TRACE_SEQ__GOOD) {
		rbmap_build_out_of_memory(build);
		return '\0';
	}
	at = try_record(build, false, data, &out) ? strstr(out.buffer, "] ") : NULL;
	if (at && isalpha((unsigned char)at[2]) && at[3] == ' ')
		letter = at[2];
	trace_seq_destroy(&out);
	return letter;
}

static bool add_state(struct format_build *build, const char *name)
{
	const struct tep_format_field *field = find(build, name);
	struct format_step unless = { .kind = STEP_UNLESS },
			   jump = { .kind = STEP_JUMP };
	struct format_step flags = { .kind = STEP_FLAGS,
				     .star = FORMAT_NONE,
				     .length = 1,
				     .style.precision = -1 };
	struct format_value mask = { .kind = VALUE_MASK };
	size_t at = build->plan->nr_steps;
	char letter[2] = "";

	if (!field || field->size != sizeof(uint64_t))
		return rbmap_build_refuse(build, "a plugin prints it");
	flags.first_row = build->plan->nr_rows;
	for (unsigned int bit = 0; bit < STATES; bit++) {
		letter[0] = state_letter(build, field, bit);
		if (!letter[0] || letter[0] == 'R')
			continue;
		if (!rbmap_build_row(build, UINT64_C(1) << bit, letter))
			return false;
		mask.constant |= UINT64_C(1) << bit;
	}
	flags.nr_rows = build->plan->nr_rows - flags.first_row;
	if (!load(build, name, &mask.left))
		return false;
	unless.value = rbmap_build_value(build, &mask);
	flags.value = unless.value;
	if (unless.value == FORMAT_NONE ||
	    !rbmap_build_string(build, "|", 1, &flags.string) ||
	    !rbmap_build_step(build, &unless) || !rbmap_build_step(build, &flags) ||
	    !rbmap_build_step(build, &jump) || !add_literal(build, "R"))
		return false;
	build->plan->steps[at].to = at + 3;
	build->plan->steps[at + 2].to = at + 4;
	return true;
}

static bool build_switch(struct format_build *build)
{
	return add_comm(build, "prev_comm", "prev_pid") && add_literal(build, " [") &&
	       add_int(build, "prev_prio") && add_literal(build, "] ") &&
	       add_state(build, "prev_state") && add_literal(build, " ==> ") &&
	       add_comm(build, "next_comm", "next_pid") && add_literal(build, " [") &&
	       add_int(build, "next_prio") && add_literal(build, "]");
}

static bool build_wakeup(struct format_build *build)
{
	struct format_step cpu = {
		.kind = STEP_NUMBER,
		.bytes = sizeof(uint64_t),
		.star = FORMAT_NONE,
		.style = { .base = 10, .zeros = true, .width = 3, .precision = -1 },
	};

	return add_comm(build, "comm", "pid") && add_literal(build, " [") &&
	       add_value(build, STEP_DECIMAL, "prio") && add_literal(build, "] CPU:") &&
	       load(build, "target_cpu", &cpu.value) && rbmap_build_step(build, &cpu);
}

static bool build_call_site(struct format_build *build)
{
	return add_value(build, STEP_CALL_SITE, "call_site");
}

static bool build_timer_start(struct format_build *build)
{
	return add_literal(build, "hrtimer=") && add_address(build, "hrtimer") &&
	       add_literal(build, " function=") &&
	       add_value(build, STEP_TIMER_FUNCTION, "function") &&
	       add_literal(build, " expires=") &&
	       add_value(build, STEP_DECIMAL, "expires") &&
	       add_literal(build, " softexpires=") &&
	       add_value(build, STEP_DECIMAL, "softexpires");
}

static bool build_timer_expire(struct format_build *build)
{
	return add_literal(build, "hrtimer=") && add_address(build, "hrtimer") &&
	       add_literal(build, " now=") && add_value(build, STEP_DECIMAL, "now") &&
	       add_literal(build, " function=") &&
	       add_value(build, STEP_TIMER_FUNCTION, "function");
}

static const struct known_plugin plugins[] = {
	{ "sched", "sched_switch", build_switch, false },
	{ "sched", "sched_wakeup", build_wakeup, false },
	{ "sched", "sched_wakeup_new", build_wakeup, false },
	{ "kmem", "kmalloc", build_call_site, true },
	{ "kmem", "kfree", build_call_site, true },
	{ "kmem", "kmem_cache_alloc", build_call_site, true },
	{ "kmem", "kmem_cache_free", build_call_site, true },
	{ "timer", "hrtimer_start", build_timer_start, false },
	{ "timer", "hrtimer_expire_entry", build_timer_expire, false },
};

static bool agrees(struct format_build *build, bool goes_on)
{
	unsigned char data[TRIAL_SIZE];
	struct trace_seq theirs;
	struct text ours = { 0 };
	uint64_t noise = 1;
	bool same = true;

	trace_seq_init(&theirs);
	if (theirs.state != TRACE_SEQ__GOOD)
		return rbmap_build_out_of_memory(build);
	rbmap_names_try_functions(build->names, true);
	for (int i = 0; same && i < TRIALS; i++) {
		for (size_t at = 0; at < sizeof(data); at++) {
			noise = noise * UINT64_C(6364136223846793005) + 1;
			data[at] = i ? noise >> 56 : 0;
		}
		ours.used = 0;
		same = try_record(build, goes_on, data, &theirs) &&
		       rbmap_format_text(build->plan, build->names, data,
					 build->plan->min_size, &ours) &&
		       ours.used == theirs.len &&
		       !memcmp(ours.buffer, theirs.buffer, ours.used);
	}
	rbmap_names_try_functions(build->names, false);
	trace_seq_destroy(&theirs);
	free(ours.buffer);
	return ours.failed ? rbmap_build_out_of_memory(build) : same;
}

static const struct known_plugin *find_known(const struct tep_event *event)
{
	for (size_t i = 0; i < sizeof(plugins) / sizeof(*plugins); i++)
		if (!strcmp(event->system, plugins[i].system) &&
		    !strcmp(event->name, plugins[i].event))
			return &plugins[i];
	return NULL;
}

bool rbmap_format_wants_plugins(const struct tep_event *event)
{
	return event->handler && find_known(event);
}

/* A plugin finds the handle that it learns names for by way of the fields. */
static void give_fields(const struct tep_event *event, struct tep_event *owner)
{
	struct tep_format_field *field;

	for (field = event->format.common_fields; field; field = field->next)
		field->event = owner;
	for (field = event->format.fields; field; field = field->next)
		field->event = owner;
}

static bool build_known(struct format_build *build, const struct known_plugin *known)
{
	struct tep_event *event = (struct tep_event *)build->plan->event, own;
	bool same;

	if (!build->plugins || build->plan->min_size > TRIAL_SIZE)
		return false;
	memory_watch();
	if (!rbmap_plugins_own_event(build->plugins, event, &own))
		return memory_is_short() ? rbmap_build_out_of_memory(build) : false;
	build->own = &own;
	give_fields(event, &own);
	same = known->build(build) && agrees(build, known->goes_on);
	give_fields(event, event);
	build->own = NULL;
	return same && (!known->goes_on || rbmap_build_print_format(build));
}

bool rbmap_build_plugin(struct format_build *build)
{
	const struct known_plugin *known = find_known(build->plan->event);

	return (known && build_known(build, known)) ||
	       rbmap_build_refuse(build, "a plugin prints it");
}
