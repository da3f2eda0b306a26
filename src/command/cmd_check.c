/* SPDX-License-Identifier: GPL-2.0-only */
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "collect/kernel_features.h"
#include "collect/programs.h"
#include "command/commands.h"
#include "command/options.h"
#include "memsonde/records.h"

static const char *const state_names[] = {
	[FEATURE_OK] = "ok",
	[FEATURE_DEGRADED] = "degraded",
	[FEATURE_MISSING] = "missing",
};

static void print_line(const char *state, const char *name, const char *detail)
{
	printf("%-9s %-*s%s\n", state, *detail ? 23 : 0, name, detail);
}

/* missing names the basic features that are missing, or nothing. What fails besides may
 * fail for that alone: other advice would be wrong. */
static enum feature_state print_feature(const struct feature *feature, const char *missing)
{
	char detail[256] = "";
	enum feature_state state = feature->probe(detail, sizeof(detail));

	if (state != FEATURE_OK && *missing && !feature->basic) {
		snprintf(detail, sizeof(detail), "cannot be tried without %s", missing);
		print_line("unknown", feature->name, detail);
		return state;
	}
	print_line(state_names[state], feature->name, detail);
	if (state == FEATURE_DEGRADED)
		printf("%34slost: %s (%s)\n", "", feature->lost, feature->remedy);
	if (state == FEATURE_MISSING)
		printf("%34slost: %s\n%34sto do: %s\n", "", feature->lost, "", feature->remedy);
	return state;
}

static void print_bounds(void)
{
	char ring[16];

	printf("\nBounds of memory\n"
	       "          ends of processes      %s in the kernel for those not yet read\n"
	       "          counters               %zu bytes in the kernel per process\n"
	       "          exited processes       %d a look (--max-exits)\n",
	       text__bytes(ring, sizeof(ring), (int64_t)programs__ring_bytes()),
	       sizeof(struct process_counters), DEFAULT_MAX_EXITS);
}

int command_check(const struct options *options)
{
	char missing[128] = "";
	bool works = true;

	(void)options;
	for (size_t i = 0; i < kernel_feature_count; i++) {
		const struct feature *feature = &kernel_features[i];
		size_t length = strlen(missing);

		if (print_feature(feature, missing) == FEATURE_MISSING) {
			works = works && !feature->required;
			if (feature->basic)
				snprintf(missing + length, sizeof(missing) - length, "%s%s",
					 length ? ", " : "", feature->name);
		}
		fflush(stdout);
	}
	print_bounds();
	if (!works)
		log_error("nothing can be measured here: see what is missing above");
	return works ? EXIT_STATUS_DONE : EXIT_STATUS_FAILED;
}
