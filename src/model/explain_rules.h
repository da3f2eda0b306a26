/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_EXPLAIN_RULES_H
#define MEMSONDE_MODEL_EXPLAIN_RULES_H

#include <stddef.h>

#include "base/output.h"
#include "model/explain.h"
#include "model/explain_history.h"

/*
 * What explanations are made of: rows of explain_rules[]. A row names the series that
 * decides and what else must hold; its words become the evidence:
 *
 *	SUBJECT grew from A to B in T (+R/min)NUMBERS: MEANS.
 *
 * What no series decides (how near a limit is, what is left over) is worked out by a
 * function of the row, which writes all of the numbers.
 */

/* A process over one stretch of time. */
struct explain_case {
	const struct process *process;
	int64_t length_ns;		 /* of the stretch; 0: too little is known for growth */
	const struct growth *growths;	 /* SERIES_COUNT; none is known where length_ns is 0 */
	const struct explanation *found; /* in this stretch, by the rows before */
	size_t found_count;
};

struct explain_rule {
	enum explain_cause cause;
	enum explain_series deciding;	  /* must have grown */
	enum explain_series knows_better; /* where it is known the row is not asked */
	enum explain_series with;	  /* must have grown by a quarter as much, if known */
	enum explain_series against;	  /* must have grown by more than that comes and goes */
	/* Only seems a cause of its own where it is less than this part of objects that are held;
	 * 0: never. Of Buffers that are held it is less than half of that. */
	int objects_part_least;
	bool collected; /* holds garbage: low points count only where one was seen */
	int classes[2]; /* that it may lie in: the one that grew most is named */
	const char *subject;
	void (*add_numbers)(struct output *text, const struct explain_case *explained);
	/* In place of all above: sets class, growth and text; false if it does not hold. */
	bool (*find)(const struct explain_case *explained, struct explanation *found,
		     struct output *text);
	const char *means; /* what it usually means, what to try */
	const char *(*means_here)(const struct explain_case *explained, int class);
};

#define SERIES_NONE SERIES_COUNT

extern const struct explain_rule explain_rules[];
extern const size_t explain_rule_count;

/* Fills found if the rule holds; evidence is then the caller's to free. */
bool explain_rule__holds(const struct explain_rule *rule, const struct explain_case *explained,
			 struct explanation *found);

/* Whether what was found only comes along with what another row found in this stretch. */
bool explain_rule__is_byproduct(const struct explain_rule *rule,
				const struct explain_case *explained,
				const struct explanation *found);

/* For the functions of rows. */
void explain_text__add_bytes(struct output *text, int64_t bytes);
void explain_text__add_growth(struct output *text, const char *subject,
			      const struct growth *growth);
/* Of what holds garbage: whether a collection was seen, and whether by that the growth is
 * of what is held, and not of the garbage, of which looks see now more and now less. */
bool growth__is_held(const struct explain_case *explained, enum explain_series series);
bool growth__is_settled(const struct explain_case *explained, enum explain_series series);
/* Whether garbage of a managed heap never grows by so much. */
bool growth__exceeds_garbage(int64_t bytes, figure_value from);
const struct growth *explain_case__class(const struct explain_case *explained, int class);

bool explain_find__python_objects(const struct explain_case *explained, struct explanation *found,
				  struct output *text);
bool explain_find__slack_of_peaks(const struct explain_case *explained, struct explanation *found,
				  struct output *text);
bool explain_find__slack_share(const struct explain_case *explained, struct explanation *found,
			       struct output *text);
bool explain_find__near_heap_limit(const struct explain_case *explained, struct explanation *found,
				   struct output *text);
bool explain_find__near_container_limit(const struct explain_case *explained,
					struct explanation *found, struct output *text);
bool explain_find__unexplained(const struct explain_case *explained, struct explanation *found,
			       struct output *text);

#endif
