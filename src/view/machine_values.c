/* SPDX-License-Identifier: GPL-2.0-only */
#include "view/machine_values.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/wait.h>

#include "base/text.h"

#define NS_PER_SECOND ((int64_t)1000000000)

void machine__add_time(struct output *output, int64_t unix_ns, int digits)
{
	char buffer[48];

	output__add_text(output, text__time(buffer, sizeof(buffer), unix_ns, digits));
}

void machine__add_seconds(struct output *output, int64_t ns)
{
	output__printf(output, "%" PRId64 ".%09" PRId64, ns / NS_PER_SECOND, ns % NS_PER_SECOND);
}

static void add_percent(struct output *output, int64_t hundredths)
{
	output__printf(output, "%s%lld.%02lld", hundredths < 0 ? "-" : "", llabs(hundredths) / 100,
		       llabs(hundredths) % 100);
}

void machine__add_figure(struct output *output, enum figure_unit unit, figure_value value)
{
	switch (unit) {
	case UNIT_BYTES:
	case UNIT_COUNT:
	case UNIT_NS:
		output__add_number(output, value);
		break;
	case UNIT_UNIX_NS:
		machine__add_time(output, value, 9);
		break;
	case UNIT_PERCENT_100:
		add_percent(output, value);
		break;
	}
}

figure_value process__exit_signal(const struct process *process)
{
	if (!process->exited || process->exit_status == -1 || !WIFSIGNALED(process->exit_status))
		return FIGURE_UNKNOWN;
	return WTERMSIG(process->exit_status);
}

figure_value process__exit_code(const struct process *process)
{
	figure_value signal = process__exit_signal(process);

	if (figure_known(signal))
		return 128 + signal;
	if (!process->exited || process->exit_status == -1)
		return FIGURE_UNKNOWN;
	return WEXITSTATUS(process->exit_status);
}
