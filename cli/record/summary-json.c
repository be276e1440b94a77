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
	struct json_object *cpus = common_json_array();

	for (size_t i = 0; i < tally->nr_cpus; i++) {
		struct json_object *cpu = common_json_object();
		bool reset = tally->cpus[i].identity == -ESTALE;

		common_json_signed(cpu, "cpu", tally->cpus[i].cpu);
		add_account(cpu, &tally->cpus[i].account);
		common_json_bool(cpu, "reset", reset);
		common_json_number_if(cpu, "before_reset", reset,
				      tally->cpus[i].before_reset);
		common_json_bool(cpu, "unchecked", tally->cpus[i].unchecked);
		common_json_append(cpus, cpu);
	}
	return cpus;
}

static struct json_object *stretches_json(const struct tally *tally)
{
	struct json_object *list = common_json_array();

	for (size_t i = 0; i < tally->nr_stretches; i++) {
		const struct lost_stretch *stretch = &tally->stretches[i];
		struct json_object *one = common_json_object();

		common_json_signed(one, "cpu", stretch->cpu);
		common_json_number_if(one, "after", stretch->after, stretch->after);
		common_json_number(one, "before", stretch->before);
		common_json_number_if(one, "events",
				      stretch->events != RBMAP_LOST_UNKNOWN,
				      stretch->events);
		common_json_append(list, one);
	}
	return list;
}

static struct json_object *changed_json(const struct settings *settings)
{
	struct json_object *list = common_json_array();

	for (size_t i = 0; i < settings->nr_changed; i++)
		common_json_append(list, common_json_string(settings->changed[i]));
	return list;
}

static struct json_object *recorder_json(const struct recorder *recorder)
{
	struct json_object *self = common_json_object();
	const struct rbmap_session_work *session = &recorder->result.session;
	const struct sink_work *sink = &recorder->result.sink;

	common_json_double(self, "cpu_seconds", recorder->result.cpu_seconds);
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
	common_json_double(self, "queue_full_seconds", sink->queue_full_ns * 1e-9);
	common_json_number(self, "faster_bytes", sink->faster_bytes);
	common_json_number(self, "stored_bytes", sink->stored_bytes);
	return self;
}

static struct json_object *document(const struct recorder *recorder)
{
	const struct tally *tally = &recorder->tally;
	struct json_object *root = common_json_object();
	struct json_object *total = common_json_object();
	common_json_text(root, "version", rbmap_version());
	common_json_text(root, "output", recorder->name);
	common_json_text(root, "engine", rbmap_engine_name(recorder->result.engine));
	common_json_text(root, "engine_reason", recorder->result.engine_reason);
	common_json_text(root, "clock", recorder->result.clock);
	common_json_double(root, "duration_seconds",
			   (recorder->stopped - recorder->started) * 1e-9);
	common_json_number(root, "bytes", recorder->result.sink.bytes);
	common_json_number_if(root, "files", recorder->result.files,
			      recorder->result.files);
	common_json_number(root, "files_removed", recorder->result.files_removed);
	add_account(total, &tally->total);
	common_json_number(total, "lost", tally_lost(tally));
	common_json_add(root, "total", total);
	common_json_number(root, "not_recorded", tally->not_recorded);
	common_json_add(root, "changed", changed_json(&recorder->settings));
	common_json_add(root, "cpus", cpus_json(tally));
	common_json_add(root, "lost", stretches_json(tally));
	common_json_number(root, "lost_not_listed", tally->more_stretches);
	common_json_add(root, "recorder", recorder_json(recorder));
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
	common_writer_close(&writer);
	close(stop_fd);
	if (r == -ETIMEDOUT)
		return common_fail("%s: the program reading it has stopped reading",
				   output->path);
	return r < 0 ? common_fail("%s: %s", output->path, strerror(-r)) : COMMON_OK;
}

int summary_write(const struct recorder *recorder, struct output *output)
{
	struct json_object *root = document(recorder);
	const char *text = common_json_format(root, JSON_C_TO_STRING_PRETTY);
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
