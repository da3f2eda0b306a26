/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs during the build and is not installed: generate-docs man|bash|zsh|fish */
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "generator.h"

static const struct {
	const char *name;
	void (*generate)(FILE *out);
} documents[] = {
	{"man", generate_man_page},
	{"bash", generate_bash_completion},
	{"zsh", generate_zsh_completion},
	{"fish", generate_fish_completion},
};

int main(int argc, char **argv)
{
	for (unsigned int i = 0; argc == 2 && i < ARRAY_SIZE(documents); i++) {
		if (strcmp(argv[1], documents[i].name))
			continue;
		documents[i].generate(stdout);
		if (!ferror(stdout) && !fclose(stdout))
			return 0;
		perror("standard output");
		return 1;
	}
	fprintf(stderr, "usage: generate-docs man|bash|zsh|fish\n");
	return 2;
}
