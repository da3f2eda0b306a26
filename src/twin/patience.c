/* SPDX-License-Identifier: GPL-2.0-only */
#include "twin/patience.h"

#include "system/machine.h"

/* So much time is enough for a call, and for a walk over a page that is there, until it needs
 * another page. */
#define CIRCLE_NS	   INT64_C(1000000)
#define STARTS_OF_A_CIRCLE 2 /* or so often what the twin's start took, on a slow machine */
#define CIRCLE_NS_PER_PAGE INT64_C(20000)
/* Once a call has come back, so often what it took is enough; after each circle, twice that. */
#define WALKS_OF_A_CIRCLE   4
#define CIRCLES_BEFORE_MOST 4

void patience__begin(struct patience *self, pid_t pid)
{
	int64_t start_ns = process_cpu_ns(pid) * STARTS_OF_A_CIRCLE;

	self->least_ns = start_ns > CIRCLE_NS ? start_ns : CIRCLE_NS;
}

void patience__call(struct patience *self, pid_t pid, uint64_t faults)
{
	self->cpu_ns = process_cpu_ns(pid);
	self->cpu_faults = faults;
	self->this_walk_ns = 0;
}

void patience__came_back(struct patience *self)
{
	if (self->this_walk_ns > self->walk_ns)
		self->walk_ns = self->this_walk_ns;
	self->circles = 0;
}

void patience__waited(struct patience *self, int64_t wait_ns)
{
	if (wait_ns > self->this_walk_ns)
		self->this_walk_ns = wait_ns;
}

int64_t patience__ns(const struct patience *self, size_t known_pages)
{
	int64_t most_ns = self->least_ns + CIRCLE_NS_PER_PAGE * (int64_t)known_pages;
	int64_t usual_ns = self->walk_ns * WALKS_OF_A_CIRCLE << self->circles;

	if (!self->walk_ns || self->circles == CIRCLES_BEFORE_MOST || usual_ns > most_ns)
		return most_ns;
	return usual_ns > self->least_ns ? usual_ns : self->least_ns;
}

bool patience__is_over(struct patience *self, pid_t pid, uint64_t faults, int64_t patience_ns)
{
	/* on a busy machine that is less than the time that passed */
	int64_t cpu_ns = process_cpu_ns(pid);

	if (self->cpu_faults == faults && cpu_ns - self->cpu_ns >= patience_ns / 4) {
		if (self->circles < CIRCLES_BEFORE_MOST)
			self->circles++;
		return true;
	}
	if (self->cpu_faults != faults)
		self->cpu_ns = cpu_ns;
	self->cpu_faults = faults;
	return false;
}
