/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_PARSE_PARSER_CHILD_H
#define MEMSONDE_PARSE_PARSER_CHILD_H

#include <stddef.h>
#include <stdint.h>

/*
 * Parses a file that may have been made to attack its reader: in a child process that has
 * no rights, no descriptors and no system calls but for its own memory, and that is ended
 * when it takes too long.
 */
struct parser_child;

struct parser_child *parser_child__new(void);
void parser_child__free(struct parser_child *parser);

struct parser_job {
	int fd;		     /* of a regular file; borrowed */
	uint64_t size_bytes; /* of the file; not 0 */
	/* Runs in the child. The file may change, and what lies behind its end kills the
	 * child. The result comes zeroed. */
	void (*parse)(const void *context, const void *file, size_t file_bytes, void *result);
	const void *context;
	size_t result_bytes;
	int64_t deadline_ns; /* from the start */
};

/*
 * Runs the job and copies its result, which is the word of hostile code. 0, or -errno:
 *	-ETIME    the deadline passed
 *	-E2BIG    it computed for all of that time but a second, where that is two or more
 *	-EIO      the file became shorter meanwhile, or cannot be read
 *	-EFAULT   the parser crashed or broke a rule
 *	-ECHILD   it was killed by somebody else, or there is no telling why it ended
 *	-ENODEV   the file cannot be mapped
 *	-EPERM    this kernel does not let the child be locked up
 *	-EBUSY    earlier children do not even end when killed: their file systems hang
 *	others    the child could not be made
 */
int parser_child__run(struct parser_child *parser, const struct parser_job *job, void *result);

#endif
