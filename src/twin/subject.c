/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/subject.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "system/machine.h"
#include "twin/target_pages.h"

struct subject *subject__new(const struct process_key *key, uint64_t image)
{
	struct subject *self = xcalloc(1, sizeof(*self));

	self->key = *key;
	self->image = image;
	self->twin = twin__new();
	return self;
}

static void release_candidate(struct candidate *candidate)
{
	if (candidate->source->free_state && candidate->history.state)
		candidate->source->free_state(candidate->history.state);
	regions__release(&candidate->history.claims);
	free(candidate->addresses);
}

void subject__free(struct subject *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->candidate_count; i++)
		release_candidate(&self->candidates[i]);
	free(self->candidates);
	twin__free(self->twin);
	free(self);
}

static size_t symbol_count(const struct figure_source *source)
{
	size_t count = 0;

	while (source->symbols[count])
		count++;
	return count;
}

size_t source_symbols__add(struct elf_symbols *symbols)
{
	size_t first = 0;

	for (size_t i = 0; i < figure_source_count; i++) {
		const struct figure_source *source = figure_sources[i];
		size_t index =
			elf_symbols__add_names(symbols, source->symbols, symbol_count(source));

		first = i ? first : index;
	}
	return first;
}

/* One file of the process while its candidates are looked for. */
struct mapped_file {
	const struct elf_symbol *symbols; /* the sources' */
	uint64_t bias;
};

static bool has_required(const struct figure_source *source, const struct elf_symbol *symbols)
{
	for (size_t i = 0; i < source->required; i++)
		if (!symbols[i].address)
			return false;
	return true;
}

static struct candidate new_candidate(const struct figure_source *source,
				      const struct elf_symbol *symbols,
				      const struct mapped_file *file)
{
	size_t count = symbol_count(source);
	struct candidate candidate = {
		.source = source,
		.bias = file->bias,
		.addresses = xcalloc(count + 1, sizeof(*candidate.addresses)),
	};

	for (size_t i = 0; i < count; i++)
		if (symbols[i].address)
			candidate.addresses[i] = symbols[i].address + file->bias;
	return candidate;
}

/* A file can be mapped executable in several pieces. */
static bool has_candidate(const struct candidate *candidates, size_t count,
			  const struct candidate *wanted)
{
	for (size_t i = 0; i < count; i++)
		if (candidates[i].source == wanted->source && candidates[i].bias == wanted->bias &&
		    candidates[i].addresses[0] == wanted->addresses[0])
			return true;
	return false;
}

/* What a process has is unknown as long as one of its files is. */
static void set_unread(struct subject *self, const char *reason)
{
	snprintf(self->unread, sizeof(self->unread), "%s", reason);
	self->unread_ns = clock_ns(CLOCK_MONOTONIC);
}

static void add_candidate(struct subject *self, const struct figure_source *source,
			  const struct elf_symbol *symbols, const struct mapped_file *file)
{
	struct candidate candidate = new_candidate(source, symbols, file);

	if (has_candidate(self->candidates, self->candidate_count, &candidate)) {
		release_candidate(&candidate);
		return;
	}
	if (self->candidate_count == SUBJECT_CANDIDATES_MAX) {
		release_candidate(&candidate);
		set_unread(self, "more sources of figures than any program has");
		return;
	}
	self->candidates = xreallocarray(self->candidates, self->candidate_count + 1,
					 sizeof(*self->candidates));
	self->candidates[self->candidate_count++] = candidate;
}

static void add_candidates(struct subject *self, const struct mapped_file *file)
{
	const struct elf_symbol *symbols = file->symbols;

	for (size_t i = 0; i < figure_source_count; i++) {
		if (has_required(figure_sources[i], symbols))
			add_candidate(self, figure_sources[i], symbols, file);
		symbols += symbol_count(figure_sources[i]);
	}
}

/* What was known of a source is known still. */
static void hand_over_history(struct subject *self, struct candidate *old, size_t old_count)
{
	static const struct candidate_history none;

	for (size_t i = 0; i < self->candidate_count; i++) {
		for (size_t j = 0; j < old_count; j++) {
			if (!has_candidate(&old[j], 1, &self->candidates[i]))
				continue;
			self->candidates[i].history = old[j].history;
			old[j].history = none;
			break;
		}
	}
	for (size_t j = 0; j < old_count; j++)
		release_candidate(&old[j]);
	free(old);
}

static bool is_code(const struct mapping *mapping)
{
	return mapping->executable && mapping->has_file && !mapping->device;
}

static uint64_t mapped_files(const struct mapping *mappings, size_t count)
{
	uint64_t number = 1;

	for (size_t i = 0; i < count; i++)
		if (is_code(&mappings[i]))
			number = hash_number(number + mappings[i].start) +
				 hash_number(mappings[i].end ^ mappings[i].file_offset);
	return number;
}

/* Who tells exactly which memory is its own comes first: allocators know whole mappings. */
static void put_exact_first(struct subject *self)
{
	size_t first = 0;

	for (size_t i = 0; i < self->candidate_count; i++) {
		struct candidate candidate = self->candidates[i];

		if (!candidate.source->tells_classes)
			continue;
		memmove(&self->candidates[first + 1], &self->candidates[first],
			(i - first) * sizeof(candidate));
		self->candidates[first++] = candidate;
	}
}

static void look_into(struct subject *self, struct elf_symbols *symbols, size_t first_symbol,
		      pid_t tid, const struct mapping *mapping)
{
	const struct elf_file *elf;
	struct mapped_file file;
	int fd = target_pages__open_file(tid, mapping);

	/* -ESRCH: not mapped any more; -ENODATA: not a file to be opened */
	if (fd < 0) {
		if (fd != -ESRCH && fd != -ENODATA)
			set_unread(self, strerror(-fd));
		return;
	}
	elf = elf_symbols__read(symbols, fd);
	close(fd);
	if (elf->may_pass)
		set_unread(self, elf->reason);
	file.symbols = elf->symbols + first_symbol;
	if (!elf->reason[0] &&
	    elf_file__bias(elf, mapping->start, mapping->file_offset, &file.bias))
		add_candidates(self, &file);
}

#define UNREAD_RETRY_NS INT64_C(10000000000)

/* What was read is remembered: a further attempt gets further. */
#define READING_NS INT64_C(5000000000)

static bool is_up_to_date(const struct subject *self, uint64_t files)
{
	return files == self->files &&
	       (!self->unread[0] || clock_ns(CLOCK_MONOTONIC) - self->unread_ns < UNREAD_RETRY_NS);
}

void subject__find_candidates(struct subject *self, struct elf_symbols *symbols,
			      size_t first_symbol, pid_t tid, const struct mapping *mappings,
			      size_t mapping_count)
{
	uint64_t files = mapped_files(mappings, mapping_count);
	int64_t deadline_ns = clock_ns(CLOCK_MONOTONIC) + READING_NS;
	struct candidate *old = self->candidates;
	size_t old_count = self->candidate_count, read = 0;

	if (is_up_to_date(self, files))
		return;
	self->files = files;
	self->unread[0] = '\0';
	self->candidates = NULL;
	self->candidate_count = 0;
	for (size_t i = 0; i < mapping_count; i++) {
		if (!is_code(&mappings[i]))
			continue;
		if (read++ == SUBJECT_FILES_MAX || clock_ns(CLOCK_MONOTONIC) > deadline_ns) {
			set_unread(self, "to look into all of them takes too long");
			break;
		}
		look_into(self, symbols, first_symbol, tid, &mappings[i]);
	}
	put_exact_first(self);
	hand_over_history(self, old, old_count);
}
