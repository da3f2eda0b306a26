/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_DOCS_GENERATOR_H
#define MEMSONDE_DOCS_GENERATOR_H

#include <stdio.h>

/* Each prints one document, made from the tables of commands, options and figures. */
void generate_man_page(FILE *out);
void generate_bash_completion(FILE *out);
void generate_zsh_completion(FILE *out);
void generate_fish_completion(FILE *out);

#endif
