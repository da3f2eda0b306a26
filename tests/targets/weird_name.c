/* SPDX-License-Identifier: GPL-2.0-only */
/* Argument: the bytes of its name in hexadecimal, any bytes but 00. Takes that name;
 * no output of any command may pass on its control characters or invalid UTF-8. */
#include "target.h"

static struct report report;

int main(int argc, char **argv)
{
	const char *hex = argc > 1 ? argv[1] : "1b5b33316d";
	char name[16] = {0};

	for (size_t i = 0; i < sizeof(name) - 1 && hex[2 * i] && hex[2 * i + 1]; i++) {
		char digits[3] = {hex[2 * i], hex[2 * i + 1], 0};

		name[i] = (char)strtol(digits, NULL, 16);
	}
	prctl(PR_SET_NAME, name);
	report__begin(&report);
	report__send(&report);
	target__idle();
	return 0;
}
