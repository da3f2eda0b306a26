/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_SYSTEM_CONTAINER_SHAPES_H
#define MEMSONDE_SYSTEM_CONTAINER_SHAPES_H

#include <stdbool.h>
#include <stddef.h>

struct container_lookup;

/* How a runtime names the group of a container. */
struct container_shape {
	const char *runtime;
	const char *parent; /* the element above must be this; NULL: any */
	const char *prefix; /* with ':' at its front: may stand anywhere in the element */
	const char *suffix;
	char *(*take_id)(const char *text, size_t length);   /* NULL if it can be none */
	bool (*read_names)(struct container_lookup *lookup); /* see container_names.h */
	bool needs_state; /* many groups look so: only what keeps state is a container */
};

/* A row a way; the first that fits wins. */
extern const struct container_shape container_shapes[];
extern const size_t container_shape_count;

/* The id in a path element, as new memory; NULL if the row does not fit. above is the
 * element above it, "" if there is none. */
char *container_shape__take_id(const struct container_shape *shape, const char *above,
			       const char *element);

#endif
