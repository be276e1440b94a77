// SPDX-License-Identifier: GPL-2.0-only
#include <cap-ng.h>
#include <errno.h>
#include <string.h>
#include <sys/prctl.h>

#include "common.h"
#include "privilege.h"

static const unsigned int needed[] = { CAP_DAC_OVERRIDE, CAP_KILL };

int privilege_drop(void)
{
	bool has[sizeof(needed) / sizeof(needed[0])];

	if (capng_get_caps_process() < 0)
		return common_fail("the capabilities cannot be read: %s",
				   strerror(errno));
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		has[i] = capng_have_capability(CAPNG_PERMITTED, needed[i]);
	capng_clear(CAPNG_SELECT_CAPS);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (has[i])
			capng_update(CAPNG_ADD, CAPNG_EFFECTIVE | CAPNG_PERMITTED,
				     needed[i]);
	if (capng_apply(CAPNG_SELECT_CAPS) < 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return common_fail("the capabilities cannot be given up: %s",
				   strerror(errno));
	return COMMON_OK;
}
