/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/alert.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "model/account.h"

#define NS_PER_SECOND INT64_C(1000000000)

/* How far a figure must come back, as a share of the bound. */
#define HYSTERESIS 0.05

#define GROWTH_WINDOW_NS  (60 * NS_PER_SECOND)
#define GROWTH_SPACING_NS NS_PER_SECOND /* of the values kept: a minute has at most 62 */
#define GROWTH_VALUES	  64

/* An isolate that a look has no answer of comes again. */
#define ISOLATE_ABSENT_LOOKS 64

/* So many looks may miss a figure before anybody is told. */
#define BLANK_LOOKS 3

/* Of what a condition is asked. */
struct subject {
	const struct process *process;
	const struct container *container;
	const struct isolate *isolate;
};

struct subject_key {
	const struct alert_condition *condition;
	uint64_t owner;	       /* start of the process, or hash of the container's name */
	uint64_t image;	       /* of the process */
	uint32_t pid, isolate; /* 0: none */
};

struct growth_window {
	size_t count;
	int64_t times_ns[GROWTH_VALUES];
	figure_value values[GROWTH_VALUES];
};

/* What is kept of one condition and subject: of growth always, of others while fired. */
struct watched {
	struct subject_key key;
	uint64_t hash;
	uint64_t seen_look;
	bool fired;
	struct growth_window *growth; /* NULL: the condition is none of growth */
};

struct condition_state {
	bool was_known, was_told;
	uint64_t looks;
};

struct alerts {
	const struct alert_condition *conditions;
	struct condition_state *states;
	size_t condition_count;
	struct hash_table table; /* of struct watched */
	struct watched **watched;
	size_t watched_count, watched_capacity;
	struct alert *fired;
	size_t fired_count, fired_capacity;
};

struct alerts *alerts__new(const struct alert_condition *conditions, size_t count)
{
	struct alerts *alerts = xcalloc(1, sizeof(*alerts));

	alerts->conditions = conditions;
	alerts->condition_count = count;
	alerts->states = xcalloc(count ? count : 1, sizeof(*alerts->states));
	return alerts;
}

static void watched__free(struct watched *watched)
{
	free(watched->growth);
	free(watched);
}

void alerts__free(struct alerts *alerts)
{
	if (!alerts)
		return;
	for (size_t i = 0; i < alerts->watched_count; i++)
		watched__free(alerts->watched[i]);
	hash_table__release(&alerts->table);
	free(alerts->watched);
	free(alerts->states);
	free(alerts->fired);
	free(alerts);
}

/* ---- what is watched ---- */

static struct subject_key key_of(const struct alert_condition *condition,
				 const struct subject *subject)
{
	struct subject_key key = {.condition = condition};

	if (subject->process) {
		key.pid = subject->process->key.pid;
		key.owner = subject->process->key.start_ns;
		key.image = subject->process->image;
	} else {
		key.owner = hash_text(hash_text(0, subject->container->runtime),
				      subject->container->id);
	}
	if (subject->isolate)
		key.isolate = subject->isolate->id;
	return key;
}

static uint64_t hash_key(const struct subject_key *key)
{
	uint64_t hash = hash_number((uintptr_t)key->condition);

	hash = hash_number(hash + key->owner);
	hash = hash_number(hash + key->image);
	return hash_number(hash + ((uint64_t)key->pid << 32 | key->isolate));
}

static bool has_key(const void *item, const void *wanted)
{
	const struct subject_key *own = &((const struct watched *)item)->key, *key = wanted;

	return own->condition == key->condition && own->owner == key->owner &&
	       own->image == key->image && own->pid == key->pid && own->isolate == key->isolate;
}

static struct watched *find_watched(const struct alerts *alerts, const struct subject_key *key)
{
	return hash_table__find(&alerts->table, hash_key(key), has_key, key);
}

static struct watched *add_watched(struct alerts *alerts, const struct subject_key *key)
{
	struct watched *watched = xcalloc(1, sizeof(*watched));

	watched->key = *key;
	watched->hash = hash_key(key);
	if (key->condition->is_growth)
		watched->growth = xcalloc(1, sizeof(*watched->growth));
	hash_table__add(&alerts->table, watched->hash, watched);
	ARRAY_GROW(alerts->watched, alerts->watched_count, alerts->watched_capacity);
	alerts->watched[alerts->watched_count++] = watched;
	return watched;
}

static bool is_there(const struct watched *watched, uint64_t look)
{
	return look - watched->seen_look <= (watched->key.isolate ? ISOLATE_ABSENT_LOOKS : 0);
}

/* Forgets what is no more, and what did not fire. */
static void sweep(struct alerts *alerts, uint64_t look)
{
	size_t kept = 0;

	for (size_t i = 0; i < alerts->watched_count; i++) {
		struct watched *watched = alerts->watched[i];

		if (is_there(watched, look) && (watched->fired || watched->growth)) {
			alerts->watched[kept++] = watched;
			continue;
		}
		hash_table__remove(&alerts->table, watched->hash, watched);
		watched__free(watched);
	}
	alerts->watched_count = kept;
}

/* ---- values ---- */

static figure_value value_of(const struct alert_figure *figure, const struct subject *subject)
{
	switch (figure->scope) {
	case ALERT_OF_ISOLATE:
		return subject->isolate ? subject->isolate->figures[figure->index] : FIGURE_UNKNOWN;
	case ALERT_OF_CONTAINER:
		return subject->container ? subject->container->figures[figure->index]
					  : FIGURE_UNKNOWN;
	default:
		return subject->process ? subject->process->figures[figure->index] : FIGURE_UNKNOWN;
	}
}

static figure_value rounded(double value)
{
	return fabs(value) < 0x1p63 ? (figure_value)llround(value) : FIGURE_UNKNOWN;
}

static figure_value bound_of(const struct alert_condition *condition, const struct subject *subject)
{
	figure_value whole;

	if (!condition->is_share)
		return condition->amount;
	whole = value_of(&condition->of, subject);
	return figure_known(whole) ? rounded((double)whole * condition->share) : FIGURE_UNKNOWN;
}

static void drop_oldest(struct growth_window *window)
{
	window->count--;
	memmove(window->times_ns, window->times_ns + 1,
		window->count * sizeof(window->times_ns[0]));
	memmove(window->values, window->values + 1, window->count * sizeof(window->values[0]));
}

static void add_value(struct growth_window *window, figure_value value, int64_t time_ns)
{
	size_t count = window->count;

	/* a clock that was set back */
	if (count && window->times_ns[count - 1] >= time_ns)
		count = window->count = 0;
	/* the last but one is near: the last is replaced */
	if (count > 1 && time_ns - GROWTH_SPACING_NS < window->times_ns[count - 2])
		window->count--;
	if (window->count == GROWTH_VALUES)
		drop_oldest(window);
	window->times_ns[window->count] = time_ns;
	window->values[window->count++] = value;
	while (window->count > ALERT_GROWTH_LOOKS &&
	       window->times_ns[0] < time_ns - GROWTH_WINDOW_NS)
		drop_oldest(window);
}

static figure_value growth_in(const struct growth_window *window, int64_t period_ns)
{
	size_t last = window->count - 1;
	double span, grown;

	if (window->count < ALERT_GROWTH_LOOKS)
		return FIGURE_UNKNOWN;
	span = (double)window->times_ns[last] - (double)window->times_ns[0];
	grown = (double)window->values[last] - (double)window->values[0];
	if (span < (double)ALERT_GROWTH_LEAST_NS)
		return FIGURE_UNKNOWN;
	return rounded(grown / span * (double)period_ns);
}

/* ---- crossing ---- */

static bool is_crossed(enum alert_comparison comparison, figure_value value, figure_value bound)
{
	switch (comparison) {
	case ALERT_ABOVE:
		return value > bound;
	case ALERT_AT_LEAST:
		return value >= bound;
	case ALERT_BELOW:
		return value < bound;
	default:
		return value <= bound;
	}
}

static bool came_back(enum alert_comparison comparison, figure_value value, figure_value bound)
{
	double margin = fabs((double)bound) * HYSTERESIS;

	if (is_crossed(comparison, value, bound))
		return false;
	if (comparison == ALERT_ABOVE || comparison == ALERT_AT_LEAST)
		return (double)value <= (double)bound - margin;
	return (double)value >= (double)bound + margin;
}

static void fire(struct alerts *alerts, const struct alert_condition *condition,
		 const struct subject *subject, figure_value value, figure_value bound)
{
	ARRAY_GROW(alerts->fired, alerts->fired_count, alerts->fired_capacity);
	alerts->fired[alerts->fired_count++] = (struct alert){
		.condition = condition,
		.process = subject->process,
		.container = subject->container,
		.isolate = subject->isolate,
		.value = value,
		.bound = bound,
	};
}

static void ask(struct alerts *alerts, const struct account *account,
		const struct alert_condition *condition, const struct subject *subject)
{
	struct condition_state *state = &alerts->states[condition - alerts->conditions];
	struct subject_key key = key_of(condition, subject);
	struct watched *watched = find_watched(alerts, &key);
	figure_value value = value_of(&condition->left, subject);
	figure_value bound = bound_of(condition, subject);

	if (watched)
		watched->seen_look = account->look;
	if (!figure_known(value) || !figure_known(bound))
		return;
	state->was_known = true;
	if (condition->is_growth) {
		if (!watched)
			watched = add_watched(alerts, &key);
		watched->seen_look = account->look;
		add_value(watched->growth, value, account->time_unix_ns);
		value = growth_in(watched->growth, condition->period_ns);
		if (!figure_known(value))
			return;
	}
	if (watched && watched->fired) {
		watched->fired = !came_back(condition->comparison, value, bound);
		return;
	}
	if (!is_crossed(condition->comparison, value, bound))
		return;
	if (!watched)
		watched = add_watched(alerts, &key);
	watched->seen_look = account->look;
	watched->fired = true;
	fire(alerts, condition, subject, value, bound);
}

/* ---- a look ---- */

static bool names(const struct alert_condition *condition, enum alert_scope scope)
{
	return condition->left.scope == scope ||
	       (condition->is_share && condition->of.scope == scope);
}

static bool is_of_containers(const struct alert_condition *condition)
{
	return condition->left.scope == ALERT_OF_CONTAINER &&
	       (!condition->is_share || condition->of.scope == ALERT_OF_CONTAINER);
}

static void ask_process(struct alerts *alerts, const struct account *account,
			const struct alert_condition *condition, const struct process *process)
{
	struct subject subject = {.process = process, .container = process->container};

	if (!names(condition, ALERT_OF_ISOLATE)) {
		ask(alerts, account, condition, &subject);
		return;
	}
	for (size_t i = 0; i < process->isolate_count; i++) {
		subject.isolate = &process->isolates[i];
		ask(alerts, account, condition, &subject);
	}
}

/* A container fires as such, in the name of the largest process that it has. */
static void name_largest(struct alert *alert, const struct account *account)
{
	for (size_t i = 0; i < account->process_count; i++) {
		const struct process *process = account->processes[i];

		if (process->container == alert->container &&
		    (!alert->process ||
		     process->figures[FIG_RSS] > alert->process->figures[FIG_RSS]))
			alert->process = process;
	}
}

static void ask_containers(struct alerts *alerts, const struct account *account,
			   const struct alert_condition *condition)
{
	size_t first = alerts->fired_count;

	for (size_t i = 0; i < account->container_count; i++) {
		struct subject subject = {.container = account->containers[i]};

		ask(alerts, account, condition, &subject);
	}
	for (size_t i = first; i < alerts->fired_count; i++)
		name_largest(&alerts->fired[i], account);
}

size_t alerts__look(struct alerts *alerts, const struct account *account,
		    const struct alert **fired)
{
	alerts->fired_count = 0;
	for (size_t i = 0; i < alerts->condition_count; i++) {
		const struct alert_condition *condition = &alerts->conditions[i];

		alerts->states[i].looks++;
		if (is_of_containers(condition)) {
			ask_containers(alerts, account, condition);
			continue;
		}
		for (size_t j = 0; j < account->process_count; j++)
			ask_process(alerts, account, condition, account->processes[j]);
	}
	sweep(alerts, account->look);
	*fired = alerts->fired;
	return alerts->fired_count;
}

/* ---- what is not known ---- */

/* A note of the figure itself ("heap.allocated_bytes to ...: why"), or of all that begin as it
 * does ("v8: why", "heap, v8: why"). */
static const char *find_reason(const struct process *process, const char *name)
{
	for (size_t length = strlen(name); length; length--) {
		if (name[length] && name[length] != '.')
			continue;
		for (size_t i = 0; i < process->note_count; i++) {
			const char *note = process->notes[i];

			if (!strncmp(note, name, length) &&
			    strchr(name[length] ? ":," : ":, ", note[length]))
				return note;
		}
	}
	return NULL;
}

static const struct alert_figure *figure_missing(const struct alert_condition *condition,
						 const struct process *process)
{
	struct subject subject = {.process = process, .container = process->container};

	if (process->isolate_count)
		subject.isolate = &process->isolates[0];
	if (condition->is_share && figure_known(value_of(&condition->left, &subject)))
		return &condition->of;
	return &condition->left;
}

bool alerts__next_blank(struct alerts *alerts, const struct account *account, bool is_end,
			struct alert_blank *blank)
{
	for (size_t i = 0; i < alerts->condition_count; i++) {
		const struct alert_condition *condition = &alerts->conditions[i];
		struct condition_state *state = &alerts->states[i];
		char name[96];

		if (state->was_known || state->was_told ||
		    (state->looks < BLANK_LOOKS && !(is_end && state->looks)))
			continue;
		state->was_told = true;
		*blank = (struct alert_blank){.condition = condition,
					      .figure = &condition->left,
					      .process_count = account->process_count};
		if (account->process_count != 1)
			return true;
		blank->process = account->processes[0];
		blank->figure = figure_missing(condition, blank->process);
		blank->reason = find_reason(blank->process,
					    alert_figure__name(blank->figure, name, sizeof(name)));
		return true;
	}
	return false;
}
