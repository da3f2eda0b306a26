/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_COMMAND_OPTION_VALUES_H
#define MEMSONDE_COMMAND_OPTION_VALUES_H

#include "command/option_table.h"

/* The kinds of values that rows of the option table have. Each refuses what it does not
 * understand entirely: no white space, no sign, no trailing text. */
option_parse option_parse_flag;	     /* bool */
option_parse option_parse_text;	     /* const char *, not empty */
option_parse option_parse_integer;   /* int64_t, in the row's range */
option_parse option_parse_seconds;   /* int64_t ns, from decimals */
option_parse option_parse_choice;    /* int: position among the row's choices */
option_parse option_parse_breakdown; /* int64_t, or "all", "none" */
option_parse option_parse_figure;    /* const char *: path of a process figure */
option_parse option_parse_alert;     /* struct alert_condition, added to the others */
option_parse option_parse_pids;
option_parse option_parse_container;
option_parse option_parse_cgroup;
option_parse option_parse_everything;
option_parse option_parse_help;
option_parse option_parse_version;

/* Makes kind the kind of target; refuses a second kind. 0 or -EINVAL after a line. */
int option_use__choose_target(struct option_use *use, int kind);

#endif
