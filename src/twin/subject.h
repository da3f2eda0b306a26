/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_TWIN_SUBJECT_H
#define MEMSONDE_TWIN_SUBJECT_H

#include "parse/elf_symbols.h"
#include "twin/evaluator.h"

/* What is kept of one process from look to look: its twin, and which sources it has. */

/* The answer of one source. */
struct answer {
	struct source_figures figures;
	int error;
	bool unclaimed; /* which memory is its own is not known */
	char reason[192];
};

/* A source in one file that the process has mapped. */
struct candidate {
	const struct figure_source *source;
	uint64_t bias;
	uint64_t *addresses; /* of the source's symbols in the target; 0 where there is none */
	/* What is known of it from look to look. */
	struct candidate_history {
		void *state;		      /* the source's */
		struct answer last;	      /* with its error */
		struct regions claims;	      /* the last, answered since or not */
		int64_t last_ns, cost_ns;     /* when, and how long it took; 0: there was none */
		bool needs_patience;	      /* the usual limits were not enough */
		unsigned int absences;	      /* answers running that it is not in use */
		uint64_t restless_until_look; /* it had to be asked more than once */
	} history;
};

/* Files that are looked into, and sources that are asked, of one process: more has none that
 * means well. */
#define SUBJECT_FILES_MAX      512
#define SUBJECT_CANDIDATES_MAX 32

struct subject {
	struct process_key key;
	uint64_t image;
	uint64_t seen_look;
	uint64_t files;	   /* a number that changes with the executable files that are mapped */
	char unread[96];   /* why one of them could not be looked into for now; "" where all were */
	int64_t unread_ns; /* since when */
	struct twin *twin;
	struct candidate *candidates;
	size_t candidate_count;
};

struct subject *subject__new(const struct process_key *key, uint64_t image);
void subject__free(struct subject *subject);

/* Adds the names of the sources' symbols, in their order; returns the index of the first. */
size_t source_symbols__add(struct elf_symbols *symbols);

/* Finds the candidates anew where the mapped files have changed. */
void subject__find_candidates(struct subject *subject, struct elf_symbols *symbols,
			      size_t first_symbol, pid_t tid, const struct mapping *mappings,
			      size_t mapping_count);

#endif
