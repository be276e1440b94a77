// SPDX-License-Identifier: GPL-2.0-only
#include <cap-ng.h>
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "common.h"

/* More than any command has use for. */
#define MOST_KEPT 8
/* Source: setpriority(2). */
#define HIGHEST_PRIORITY -20

int common_drop_privileges(const int *keep, size_t nr)
{
	bool has[MOST_KEPT] = { false };

	if (capng_get_caps_process() < 0)
		return common_fail("the capabilities could not be read: %s",
				   strerror(errno));
	for (size_t i = 0; i < nr && i < MOST_KEPT; i++)
		has[i] = capng_have_capability(CAPNG_PERMITTED, keep[i]);
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < nr && i < MOST_KEPT; i++)
		if (has[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     keep[i]);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return common_fail("the capabilities could not be dropped: %s",
				   strerror(errno));
	return COMMON_OK;
}

void common_raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < limit.rlim_max) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

void common_raise_priority(void)
{
	errno = 0;
	if (getpriority(PRIO_PROCESS, 0) == 0 && errno == 0)
		setpriority(PRIO_PROCESS, 0, HIGHEST_PRIORITY);
}

/* Only doas has a name. */
static bool find_uid(uid_t *ret, const char *text, bool is_name)
{
	const struct passwd *user = is_name ? getpwnam(text) : NULL;
	uint64_t number;

	if (user)
		*ret = user->pw_uid;
	/* The largest number means "no user" to the kernel. */
	if (is_name || common_parse_number(&number, text) < 0 || number >= UINT32_MAX)
		return user;
	*ret = number;
	return true;
}

void common_find_caller(struct common_caller *ret)
{
	static const char *const variables[] = { "SUDO_UID", "PKEXEC_UID",
						 "DOAS_USER" };

	*ret = (struct common_caller){ .variable = NULL };
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++) {
		const char *text = getenv(variables[i]);
		uid_t before = ret->uid;
		bool first = !ret->variable;

		if (!text || ret->problem)
			continue;
		ret->variable = variables[i];
		ret->text = text;
		if (!find_uid(&ret->uid, text, !strcmp(variables[i], "DOAS_USER")))
			ret->problem = "no such user";
		/* One of them is left from an earlier call; which one cannot be seen.
		 */
		else if (!first && ret->uid != before)
			ret->problem = "SUDO_UID, PKEXEC_UID and DOAS_USER disagree";
	}
}
