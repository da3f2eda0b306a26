/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/explain.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "model/account.h"
#include "model/explain_history.h"
#include "model/explain_rules.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* Besides the whole watch: a growth that began after hours of rest shows in these. */
static const int64_t shorter_stretches_ns[] = {600 * NS_PER_SECOND, 60 * NS_PER_SECOND};

static void clear(struct process *process)
{
	for (size_t i = 0; i < process->explanation_count; i++)
		free(process->explanations[i].evidence);
	free(process->explanations);
	process->explanations = NULL;
	process->explanation_count = 0;
	process->explained = true;
}

static bool has_cause(const struct process *process, enum explain_cause cause)
{
	for (size_t i = 0; i < process->explanation_count; i++)
		if (process->explanations[i].cause == cause)
			return true;
	return false;
}

/* Takes over the evidence. */
static void add(struct process *process, const struct explanation *found)
{
	process->explanations = xreallocarray(process->explanations, process->explanation_count + 1,
					      sizeof(*process->explanations));
	process->explanations[process->explanation_count++] = *found;
}

/* What the rules say of one stretch. A cause that a longer stretch told is not told
 * again, but it still explains its part of this one; so does one that is told never, as it
 * comes along with another. */
static void explain_stretch(struct process *process, struct explain_case *explained)
{
	struct explanation found[EXPLAIN_CAUSE_COUNT];
	const struct explain_rule *rules[EXPLAIN_CAUSE_COUNT];
	bool asked[EXPLAIN_CAUSE_COUNT] = {false};

	explained->found = found;
	explained->found_count = 0;
	for (size_t i = 0; i < explain_rule_count; i++) {
		const struct explain_rule *rule = &explain_rules[i];
		struct explanation *next = &found[explained->found_count];

		if (asked[rule->cause] || !explain_rule__holds(rule, explained, next))
			continue;
		asked[rule->cause] = true;
		rules[explained->found_count++] = rule;
	}
	for (size_t i = 0; i < explained->found_count; i++) {
		if (has_cause(process, found[i].cause) ||
		    explain_rule__is_byproduct(rules[i], explained, &found[i]))
			free(found[i].evidence);
		else
			add(process, &found[i]);
	}
	explained->found = NULL;
	explained->found_count = 0;
}

/* Heaviest first; of equal weight in the order of the causes. */
static int compare(const void *a, const void *b)
{
	const struct explanation *one = a, *other = b;

	if (one->grew_bytes != other->grew_bytes)
		return one->grew_bytes < other->grew_bytes ? 1 : -1;
	return (int)one->cause - (int)other->cause;
}

static void explain(struct process *process)
{
	int64_t whole_ns = explain_history__length_ns(process->explain_history);
	struct growth growths[SERIES_COUNT] = {{0}};
	struct explain_case explained = {.process = process, .growths = growths};

	if (explain_history__growths(process->explain_history, whole_ns, growths))
		explained.length_ns = whole_ns;
	explain_stretch(process, &explained);
	for (size_t i = 0; i < ARRAY_SIZE(shorter_stretches_ns); i++) {
		explained.length_ns = shorter_stretches_ns[i];
		if (whole_ns > explained.length_ns &&
		    explain_history__growths(process->explain_history, explained.length_ns,
					     growths))
			explain_stretch(process, &explained);
	}
	if (process->explanation_count)
		qsort(process->explanations, process->explanation_count,
		      sizeof(*process->explanations), compare);
}

static bool has_classes(const struct process *process)
{
	for (int i = FIG_CLASS_FIRST; i <= FIG_CLASS_LAST; i++)
		if (figure_known(process->figures[i]))
			return true;
	return false;
}

void explain__look(struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++) {
		struct process *process = account->processes[i];

		if (!has_classes(process))
			continue;
		clear(process);
		explain_history__add(&process->explain_history, process, account->time_unix_ns);
		explain(process);
	}
}

int64_t explain__watched_ns(const struct process *process)
{
	return explain_history__length_ns(process->explain_history);
}

#define CHANGE_LEAST_BYTES   (1 << 20)
#define CHANGE_LEAST_PERCENT 2

bool explain__rss_changed(const struct process *process, figure_value *first, figure_value *last)
{
	int64_t change;

	explain_history__ends(process->explain_history, SERIES_RSS, first, last);
	if (!figure_known(*first) || !figure_known(*last))
		return false;
	change = *last > *first ? *last - *first : *first - *last;
	return change >= CHANGE_LEAST_BYTES && change >= *first / 100 * CHANGE_LEAST_PERCENT;
}
