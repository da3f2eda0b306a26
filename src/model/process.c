/* SPDX-License-Identifier: GPL-2.0-only */
/* What one process or container has, and its rates; account.c keeps the lists. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"
#include "model/account_private.h"

/* Bounds of what one process can make us keep. */
#define NOTES_MAX      32
#define NOTE_BYTES_MAX 512
#define ANON_NAMES_MAX 64

#define NS_PER_SECOND 1000000000

const char process_single_look_note[] = "faults by cause, mapped, lifecycle: counted from look to "
					"look, and this is a single one (-i)";

void process__clear_look(struct process *process)
{
	for (size_t i = 0; i < process->note_count; i++)
		free(process->notes[i]);
	for (size_t i = 0; i < process->anon_name_count; i++)
		free(process->anon_names[i].name);
	free(process->notes);
	free(process->anon_names);
	for (size_t i = 0; i < process->explanation_count; i++)
		free(process->explanations[i].evidence);
	free(process->explanations);
	free(process->stacks);
	account__set_text(&process->allocator, NULL);
	account__set_text(&process->heap_source, NULL);
	process->notes = NULL;
	process->anon_names = NULL;
	process->explanations = NULL;
	process->stacks = NULL;
	process->note_count = 0;
	process->anon_name_count = 0;
	process->explanation_count = 0;
	process->stack_count = 0;
	process->stacks_left_out = 0;
	process->explained = false;
	process->native_limit = NATIVE_LIMIT_UNKNOWN;
}

void process__free(struct process *process)
{
	if (!process)
		return;
	process__clear_look(process);
	free(process->exe);
	free(process->cgroup);
	free(process->isolates);
	free(process->isolates_gone);
	explain_history__free(process->explain_history);
	free(process);
}

void container__free(struct container *container)
{
	if (!container)
		return;
	free(container->id);
	free(container->name);
	free(container->runtime);
	free(container->cgroup);
	free(container->image);
	free(container->pod);
	free(container);
}

uint64_t process_key__hash(const struct process_key *key)
{
	return hash_number(hash_number(key->start_ns) + key->pid);
}

bool process__has_key(const void *process, const void *key)
{
	const struct process_key *own = &((const struct process *)process)->key;
	const struct process_key *wanted = key;

	return own->pid == wanted->pid && own->start_ns == wanted->start_ns;
}

void account__set_text(char **field, const char *text)
{
	char *old = *field;

	/* the same text comes at each look; what is equal to a sanitised text is one */
	if (old && text && !strcmp(old, text))
		return;
	*field = text ? text__sanitised(text) : NULL;
	free(old);
}

static bool has_note(const struct process *process, const char *note)
{
	for (size_t i = 0; i < process->note_count; i++)
		if (!strcmp(process->notes[i], note))
			return true;
	return false;
}

void process__add_note(struct process *process, const char *format, ...)
{
	char note[NOTE_BYTES_MAX];
	char *clean;
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(note, sizeof(note), format, arguments);
	va_end(arguments);
	if (process->note_count >= NOTES_MAX)
		return;
	clean = text__sanitised(process->note_count + 1 < NOTES_MAX ? note
								    : "more notes were left out");
	if (has_note(process, clean)) {
		free(clean);
		return;
	}
	process->notes =
		xreallocarray(process->notes, process->note_count + 1, sizeof(*process->notes));
	process->notes[process->note_count++] = clean;
}

/* The place of that name, made if there is room or a smaller one to give way; -1 if
 * the new one is the one to be left out. */
static ssize_t anon_name_slot(struct process *process, const char *clean, int64_t bytes)
{
	size_t count = process->anon_name_count;
	struct named_bytes *last;

	for (size_t i = 0; i < count; i++)
		if (!strcmp(process->anon_names[i].name, clean))
			return (ssize_t)i;
	if (count < ANON_NAMES_MAX) {
		process->anon_names =
			xreallocarray(process->anon_names, count + 1, sizeof(*process->anon_names));
		process->anon_name_count = ++count;
	} else {
		process__add_note(process, "anon_names: only the largest %d are kept",
				  ANON_NAMES_MAX);
		if (process->anon_names[count - 1].bytes >= bytes)
			return -1;
		free(process->anon_names[count - 1].name);
	}
	last = &process->anon_names[count - 1];
	*last = (struct named_bytes){.name = xstrdup(clean)};
	return (ssize_t)count - 1;
}

void process__add_anon_name(struct process *process, const char *name, int64_t bytes)
{
	char *clean = text__sanitised(name);
	ssize_t slot = anon_name_slot(process, clean, bytes);
	struct named_bytes *names = process->anon_names;

	free(clean);
	if (slot < 0)
		return;
	names[slot].bytes += bytes;
	for (; slot && names[slot - 1].bytes < names[slot].bytes; slot--) {
		struct named_bytes smaller = names[slot - 1];

		names[slot - 1] = names[slot];
		names[slot] = smaller;
	}
}

void process__add_explanation(struct process *process, const struct explanation *explanation)
{
	struct explanation *own;

	process->explanations = xreallocarray(process->explanations, process->explanation_count + 1,
					      sizeof(*process->explanations));
	own = &process->explanations[process->explanation_count++];
	*own = *explanation;
	own->evidence = text__sanitised(explanation->evidence);
	process->explained = true;
}

void process__add_stack(struct process *process, const struct thread_stack *stack)
{
	struct thread_stack *own;

	process->stacks =
		xreallocarray(process->stacks, process->stack_count + 1, sizeof(*process->stacks));
	own = &process->stacks[process->stack_count++];
	*own = *stack;
	text__sanitise(own->name, sizeof(own->name), stack->name,
		       strnlen(stack->name, sizeof(stack->name)));
}

static figure_value rate(figure_value now, figure_value before, enum figure_kind kind,
			 int64_t interval_ns)
{
	__int128 change, rounding;

	if (!figure_known(now) || !figure_known(before) || interval_ns <= 0)
		return FIGURE_UNKNOWN;
	/* a new image counts from zero again */
	if (kind == FIGURE_COUNTER && now < before)
		return FIGURE_UNKNOWN;
	change = ((__int128)now - before) * NS_PER_SECOND;
	rounding = change < 0 ? -(interval_ns / 2) : interval_ns / 2;
	change = (change + rounding) / interval_ns;
	return change == (int64_t)change ? (int64_t)change : FIGURE_UNKNOWN;
}

figure_value process__rate(const struct account *account, const struct process *process,
			   enum process_figure figure)
{
	if (!process->has_previous || process->seen_look != account->look)
		return FIGURE_UNKNOWN;
	return rate(process->figures[figure], process->previous[figure],
		    process_figures[figure].kind, account->interval_ns);
}

figure_value container__rate(const struct account *account, const struct container *container,
			     enum container_figure figure)
{
	if (!container->has_previous)
		return FIGURE_UNKNOWN;
	return rate(container->figures[figure], container->previous[figure],
		    container_figures[figure].kind, account->interval_ns);
}

const char *container__label(const struct container *container, char buffer[16])
{
	if (container->name)
		return container->name;
	text__sanitise(buffer, 12 + 1, container->id, strlen(container->id));
	return buffer;
}
