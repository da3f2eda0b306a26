/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_RECORDING_JSON_LINES_READER_H
#define MEMSONDE_RECORDING_JSON_LINES_READER_H

struct source;

/*
 * A source over a file of `stat -o json` lines: the objects of one "time" are one
 * look. Unknown names are passed over, so recordings of other versions can be read.
 * 0 and *source, or -errno after a line was logged. A line that is no such object
 * ends the recording with one logged line that names file and line; so does a recording
 * without any look, with one that names the file.
 */
int json_lines_reader__open(struct source **source, const char *path);

#endif
