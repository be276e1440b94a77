// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "common.h"
#include "summary.h"

static void print_loss(const struct tally *tally)
{
	const struct rbmap_account *total = &tally->total;
	size_t gaps = tally->nr_stretches + tally->more_stretches;
	char overrun[COMMON_FORMAT_SIZE], dropped[COMMON_FORMAT_SIZE];
	char commit[COMMON_FORMAT_SIZE];

	/* One of the two is 0: which one depends on the engine. */
	fprintf(stderr, "LOST %s events: %s %s, dropped %s, commit overrun %s",
		common_format_count((char[COMMON_FORMAT_SIZE]){ 0 },
				    rbmap_account_lost(total)),
		tally->observed ? "torn" : "overrun",
		common_format_count(overrun, total->overrun + total->torn),
		common_format_count(dropped, total->dropped),
		common_format_count(commit, total->commit_overrun));
	fprintf(stderr, "; in %zu gap%s; a larger ring (-b) loses less\n", gaps,
		gaps == 1 ? "" : "s");
}

static void print_cpus(const struct tally *tally, bool all)
{
	fprintf(stderr, "%5s %14s %14s %12s %12s %12s\n", "CPU", "written", "delivered",
		tally->observed ? "torn" : "overrun", "dropped", "commit ovr.");
	for (size_t i = 0; i < tally->nr_cpus; i++) {
		const struct rbmap_account *account = &tally->cpus[i].account;

		if (!all && !rbmap_account_lost(account))
			continue;
		fprintf(stderr, "%5d %14lu %14lu %12lu %12lu %12lu\n",
			tally->cpus[i].cpu, (unsigned long)account->written,
			(unsigned long)account->delivered,
			(unsigned long)(account->overrun + account->torn),
			(unsigned long)account->dropped,
			(unsigned long)account->commit_overrun);
	}
}

/*
 * An instance of its own is read until there is no more: what counts as unread then the
 * kernel does not hand out (rbmap(7), LOSS).
 */
static bool is_left_behind(const struct recorder *recorder)
{
	return recorder->result.own_instance && !recorder->tally.incomplete &&
	       recorder->tally.total.unread;
}

/* Events of its own instance that another program took. */
static bool is_robbed(const struct recorder *recorder)
{
	return recorder->result.own_instance && !recorder->tally.incomplete &&
	       recorder->tally.total.others;
}

static size_t count_reset(const struct tally *tally)
{
	size_t nr = 0;

	for (size_t i = 0; i < tally->nr_cpus; i++)
		nr += tally->cpus[i].identity == -ESTALE;
	return nr;
}

static const char *why_not_stored(const struct recorder *recorder)
{
	if (recorder->sink_error == -ECANCELED)
		return "the disk took nothing, and was not waited for";
	if (recorder->sink_error)
		return "the output failed";
	if (recorder->output_removed)
		return "the output was removed";
	if (recorder->tally.incomplete)
		return "the recording failed";
	return "another reader consumed them";
}

static void print_rest(const struct recorder *recorder)
{
	const struct rbmap_account *total = &recorder->tally.total;
	char others[COMMON_FORMAT_SIZE], unread[COMMON_FORMAT_SIZE];
	uint64_t consumed = recorder->tally.consumed;

	if (total->others && !recorder_output_closed(recorder))
		fprintf(stderr, "%s events were not stored: %s\n",
			common_format_count(others, total->others),
			why_not_stored(recorder));
	if (consumed && total->torn)
		fprintf(stderr,
			"another reader consumed %s events, which may be among the "
			"lost ones\n",
			common_format_count(others, consumed));
	if (total->unread)
		fprintf(stderr, "%s events %s\n",
			common_format_count(unread, total->unread),
			is_left_behind(recorder) ?
				"were left behind by the kernel; see LOSS in rbmap(7)" :
				"are still in the ring buffer");
}

/* The rings filled up meanwhile. */
static void print_queue(const struct recorder_result *result)
{
	char time[COMMON_FORMAT_SIZE];

	if (result->sink.queue_full_ns)
		fprintf(stderr,
			"the disk was too slow: queue full for %s; a larger "
			"queue (--queue-size) may help\n",
			common_format_time(time, result->sink.queue_full_ns));
}

/* The rings filled up faster than they could be compressed. */
static void print_compression(const struct recorder_result *result)
{
	char faster[COMMON_FORMAT_SIZE], stored[COMMON_FORMAT_SIZE];

	if (result->sink.faster_bytes || result->sink.stored_bytes)
		fprintf(stderr,
			"compression was reduced to keep up: %s compressed faster, %s "
			"not compressed\n",
			common_format_bytes(faster, result->sink.faster_bytes),
			common_format_bytes(stored, result->sink.stored_bytes));
}

/* What was recorded counts what was removed as well. */
static void print_files(const struct recorder_result *result)
{
	unsigned long removed = result->files_removed;

	if (result->files)
		fprintf(stderr, "%lu file%s", (unsigned long)result->files,
			result->files == 1 ? "" : "s");
	if (removed)
		fprintf(stderr, ", of which the first %lu %s removed", removed,
			removed == 1 ? "was" : "were");
	if (result->files)
		fputc('\n', stderr);
}

static bool is_complete(const struct recorder *recorder)
{
	const struct tally *tally = &recorder->tally;

	return !tally->incomplete && !tally->not_recorded && !tally->total.others &&
	       !tally->nr_unchecked && !count_reset(tally) &&
	       !is_left_behind(recorder) && !recorder->settings.nr_changed;
}

void summary_print(const struct recorder *recorder)
{
	const struct tally *tally = &recorder->tally;
	char events[COMMON_FORMAT_SIZE], bytes[COMMON_FORMAT_SIZE];
	char duration[COMMON_FORMAT_SIZE];

	if (recorder->config->verbosity < 0)
		return;
	fprintf(stderr, "%s: %s events, %s, %s, %zu CPU%s, engine %s, %.2f s CPU\n",
		recorder->name, common_format_count(events, tally_events(tally)),
		common_format_bytes(bytes, recorder->result.sink.bytes),
		common_format_time(duration, recorder->stopped - recorder->started),
		tally->nr_cpus, tally->nr_cpus == 1 ? "" : "s",
		rbmap_engine_name(recorder->result.engine),
		recorder->result.cpu_seconds);
	print_files(&recorder->result);
	print_compression(&recorder->result);
	print_queue(&recorder->result);
	if (rbmap_account_lost(&tally->total))
		print_loss(tally);
	else if (is_complete(recorder))
		fputs("nothing lost\n", stderr);
	print_rest(recorder);
	if (recorder->config->verbosity > 0 || rbmap_account_lost(&tally->total))
		print_cpus(tally, recorder->config->verbosity > 0);
}

static int judge_cpu(const struct tally_cpu *cpu)
{
	if (cpu->corrupt)
		return common_fail(
			"CPU %d: invalid data in a sub-buffer; please report this",
			cpu->cpu);
	if (cpu->identity < 0 && cpu->identity != -ESTALE)
		return common_fail(
			"CPU %d: written %lu does not equal delivered %lu + lost %lu + "
			"unread %lu; please report this",
			cpu->cpu, (unsigned long)cpu->account.written,
			(unsigned long)cpu->account.delivered,
			(unsigned long)rbmap_account_lost(&cpu->account),
			(unsigned long)cpu->account.unread);
	return COMMON_OK;
}

/* What is known before the reset and since. */
static void tell_reset(const struct tally *tally)
{
	char before_text[COMMON_FORMAT_SIZE], delivered_text[COMMON_FORMAT_SIZE];
	char written_text[COMMON_FORMAT_SIZE];
	uint64_t before = 0, delivered = 0, written = 0;

	for (size_t i = 0; i < tally->nr_cpus; i++) {
		const struct tally_cpu *cpu = &tally->cpus[i];

		if (cpu->identity != -ESTALE)
			continue;
		before += cpu->before_reset;
		delivered += cpu->account.delivered - cpu->before_reset;
		written += cpu->account.written - cpu->before_reset;
	}
	common_error("the ring buffer was reset during the recording, on %zu of %zu "
		     "CPUs: %s events were recorded before, and %s of %s since; those "
		     "that were discarded are not counted",
		     count_reset(tally), tally->nr_cpus,
		     common_format_count(before_text, before),
		     common_format_count(delivered_text, delivered),
		     common_format_count(written_text, written));
}

static bool loss_is_not_known(const struct recorder *recorder)
{
	const struct tally *tally = &recorder->tally;

	return count_reset(tally) || tally->nr_unchecked || tally->not_recorded ||
	       is_left_behind(recorder) || is_robbed(recorder) ||
	       recorder->settings.nr_changed;
}

int summary_judge(const struct recorder *recorder)
{
	const struct tally *tally = &recorder->tally;
	int status = COMMON_OK;

	if (count_reset(tally))
		tell_reset(tally);
	for (size_t i = 0; i < tally->nr_cpus; i++)
		status = common_worse(status, judge_cpu(&tally->cpus[i]));
	if (tally->nr_unchecked)
		status = common_worse(status, COMMON_FAILURE);
	if (status == COMMON_OK && recorder->config->fail_on_loss &&
	    (tally_lost(tally) || tally->nr_stretches || loss_is_not_known(recorder)))
		status = COMMON_LOST;
	return status;
}
