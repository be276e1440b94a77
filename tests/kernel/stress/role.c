// SPDX-License-Identifier: GPL-2.0-only
/* stress: what every role needs. */
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "stress.h"

void role_fail(struct role *role, const char *format, ...)
{
	va_list arguments;

	if (role->errors++)
		return;
	va_start(arguments, format);
	vsnprintf(role->first_error, sizeof(role->first_error), format, arguments);
	va_end(arguments);
}

bool is_set(const int *flag)
{
	return __atomic_load_n(flag, __ATOMIC_ACQUIRE);
}

void set_flag(int *flag)
{
	__atomic_store_n(flag, 1, __ATOMIC_RELEASE);
}

void nap_us(unsigned int microseconds)
{
	struct timespec nap = { .tv_sec = microseconds / 1000000,
				.tv_nsec = microseconds % 1000000 * 1000 };

	nanosleep(&nap, NULL);
}

uint64_t monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

/* Of the seed, the phase and the role, so that one role's throws are the same again. */
struct dice role_dice(const struct stress *stress, const struct role *role)
{
	uint64_t state = stress->seed * 0x9e3779b97f4a7c15 + role->index + 1;

	for (const char *c = stress->phase->name; *c; c++)
		state = (state ^ (uint8_t)*c) * 0x100000001b3;
	for (const char *c = role->name; *c; c++)
		state = (state ^ (uint8_t)*c) * 0x100000001b3;
	return (struct dice){ .state = state | 1 };
}

uint32_t throw_dice(struct dice *dice, uint32_t sides)
{
	dice->state ^= dice->state << 13;
	dice->state ^= dice->state >> 7;
	dice->state ^= dice->state << 17;
	return (dice->state >> 32) % sides;
}
