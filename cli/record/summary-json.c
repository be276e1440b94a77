// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <string.h>
#include <sys/eventfd.h>
#include <tracefs.h>
#include <unistd.h>

#include <rbmap/version.h>

#include "common-json.h"
#include "common.h"
#include "summary.h"

static void add_account(struct json_object *to, const struct rbmap_account *account)
{
	common_json_number(to, "written", account->written);
	common_json_number(to, "delivered", account->delivered);
	common_json_number(to, "overrun", account->overrun);
	common_json_number(to, "dropped", account->dropped);
	common_json_number(to, "commit_overrun", account->commit_overrun);
	common_json_number(to, "torn", account->torn);
	common_json_number(to, "others", account->others);
	common_json_number(to, "unread", account->unread);
}

static struct json_object *cpus_json(const struct tally *tally)
{
	struct json_object *cpus = json_object_new_array();

	for (size_t i = 0; i < tally->nr_cpus; i++) {
		struct json_object *cpu = json_object_new_object();
		bool reset = tally->cpus[i].identity == -ESTALE;

		json_object_object_add(cpu, "cpu",
				       json_object_new_int(tally->cpus[i].cpu));
		add_account(cpu, &tally->cpus[i].account);
		json_object_object_add(cpu, "reset", json_object_new_boolean(reset));
		common_json_number_if(cpu, "before_reset", reset,
				      tally->cpus[i].before_reset);
		json_object_object_add(cpu, "unchecked",
				       json_object_new_boolean(tally->cpus[i]
								       .unchecked));
		json_object_array_add(cpus, cpu);
	}
	return cpus;
}

static struct json_object *stretches_json(const struct tally *tally)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < tally->nr_stretches; i++) {
		const struct lost_stretch *stretch = &tally->stretches[i];
		struct json_object *one = json_object_new_object();

		json_object_object_add(one, "cpu", json_object_new_int(stretch->cpu));
		common_json_number_if(one, "after", stretch->after, stretch->after);
		common_json_number(one, "before", stretch->before);
		common_json_number_if(one, "events",
				      stretch->events != RBMAP_LOST_UNKNOWN,
				      stretch->events);
		json_object_array_add(list, one);
	}
	return list;
}

static struct json_object *changed_json(const struct settings *settings)
{
	struct json_object *list = json_object_new_array();

	for (size_t i = 0; i < settings->nr_changed; i++)
		json_object_array_add(list, common_json_string(settings->changed[i]));
	return list;
}

static struct json_object *recorder_json(const struct recorder *recorder)
{
	struct json_object *self = json_object_new_object();
	const struct rbmap_session_work *session = &recorder->result.session;
	const struct sink_work *sink = &recorder->result.sink;

	json_object_object_add(self, "cpu_seconds",
			       json_object_new_double(recorder->result.cpu_seconds));
	common_json_number(self, "threads", recorder->result.threads);
	common_json_number(self, "syscalls",
			   recorder->result.polls + session->waits +
				   session->get_readers + session->reads +
				   sink->writes);
	common_json_number(self, "polls", recorder->result.polls);
	common_json_number(self, "waits", session->waits);
	common_json_number(self, "get_readers", session->get_readers);
	common_json_number(self, "reads", session->reads);
	common_json_number(self, "writes", sink->writes);
	json_object_object_add(self, "queue_full_seconds",
			       json_object_new_double(sink->queue_full_ns * 1e-9));
	common_json_number(self, "faster_bytes", sink->faster_bytes);
	common_json_number(self, "stored_bytes", sink->stored_bytes);
	return self;
}

static struct json_object *document(const struct recorder *recorder)
{
	const struct tally *tally = &recorder->tally;
	struct json_object *root = json_object_new_object();
	struct json_object *total = json_object_new_object();
	common_json_text(root, "version", rbmap_version());
	common_json_text(root, "output", recorder->name);
	common_json_text(root, "engine", rbmap_engine_name(recorder->result.engine));
	common_json_text(root, "engine_reason", recorder->result.engine_reason);
	common_json_text(root, "clock", recorder->result.clock);
	json_object_object_add(root, "duration_seconds",
			       json_object_new_double((recorder->stopped -
						       recorder->started) *
						      1e-9));
	common_json_number(root, "bytes", recorder->result.sink.bytes);
	common_json_number_if(root, "files", recorder->result.files,
			      recorder->result.files);
	common_json_number(root, "files_removed", recorder->result.files_removed);
	add_account(total, &tally->total);
	common_json_number(total, "lost", tally_lost(tally));
	json_object_object_add(root, "total", total);
	common_json_number(root, "not_recorded", tally->not_recorded);
	json_object_object_add(root, "changed", changed_json(&recorder->settings));
	json_object_object_add(root, "cpus", cpus_json(tally));
	json_object_object_add(root, "lost", stretches_json(tally));
	common_json_number(root, "lost_not_listed", tally->more_stretches);
	json_object_object_add(root, "recorder", recorder_json(recorder));
	return root;
}

/* It may be a pipe whose reader takes nothing. */
static int write_all(const struct output *output, const char *text)
{
	int stop_fd = eventfd(1, EFD_CLOEXEC), r;
	struct common_writer writer;

	if (stop_fd < 0)
		return common_fail("eventfd: %s", strerror(errno));
	common_writer_init(&writer, output->fd, stop_fd);
	r = common_writer_write(&writer, text, strlen(text));
	close(stop_fd);
	if (r == -ETIMEDOUT)
		return common_fail("%s: the program reading it has stopped reading",
				   output->path);
	return r < 0 ? common_fail("%s: %s", output->path, strerror(-r)) : COMMON_OK;
}

int summary_write(const struct recorder *recorder, struct output *output)
{
	struct json_object *root = document(recorder);
	const char *text =
		json_object_to_json_string_ext(root, JSON_C_TO_STRING_PRETTY);
	int status = COMMON_OK;

	if (!text)
		status = common_fail("%s: %s", output->path, strerror(ENOMEM));
	if (status == COMMON_OK)
		status = output_begin(output);
	if (status == COMMON_OK)
		status = write_all(output, text);
	if (status == COMMON_OK)
		status = write_all(output, "\n");
	json_object_put(root);
	return status;
}
