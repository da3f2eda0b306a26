/* SPDX-License-Identifier: GPL-2.0-only */
#include "parse/elf_symbols.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <time.h>
#include <unistd.h>

#include "base/hash_table.h"
#include "base/memory.h"
#include "parse/elf_parse.h"
#include "parse/parser_child.h"
#include "parse/symbol_names.h"

#define FILES_MAX      4096
#define FILE_BYTES_MAX (UINT64_C(4) << 30)
#define DEADLINE_NS    INT64_C(3000000000)

/* After a failure that may pass, the file is not tried again for so long; after a timeout
 * nothing else on its device is, either: who waits for us is not to wait for each file. */
#define RETRY_NS INT64_C(60000000000)

/* Tells a state of a file from all others. */
struct file_key {
	uint64_t device, inode, size_bytes;
	int64_t changed_ns;
};

struct known_file {
	struct file_key key;
	struct elf_file file;
	int64_t retry_ns; /* 0: the answer is final */
	bool timed_out;
};

struct elf_symbols {
	const char **texts; /* of the names */
	size_t name_count, name_capacity;
	/* Made for the first file: */
	struct symbol_names *names;
	struct parser_child *parser;
	struct hash_table table; /* of struct known_file */
	struct known_file **files;
	size_t file_count, file_capacity;
	struct elf_file unknown; /* what has no key */
	struct elf_symbol *no_symbols;
	struct parsed_file *parsed;
	size_t parsed_bytes;
};

static const char *const failure_reasons[] = {
	[PARSE_DONE] = "",
	[PARSE_NOT_ELF] = "not an ELF file",
	[PARSE_DAMAGED] = "damaged ELF file",
	[PARSE_OTHER_CLASS] = "not a 64-bit ELF file",
	[PARSE_OTHER_MACHINE] = "ELF file of another machine",
	[PARSE_NOT_LOADABLE] = "ELF file that is neither a program nor a library",
	[PARSE_MANY_SEGMENTS] = "ELF file with too many segments",
};

static const struct {
	int error;
	bool final;
	const char *reason;
} child_reasons[] = {
	{-EFAULT, true, "damaged ELF file: reading it failed"},
	{-EIO, false, "the file changed or could not be read"},
	{-ETIME, false, "reading the file took too long"},
	{-E2BIG, true, "damaged ELF file: there is no end to it"},
	{-ECHILD, false, "reading the file was cut short"},
	{-ENODEV, true, "the file cannot be mapped"},
	{-EPERM, true, "this kernel does not allow to read files safely"},
	{-EBUSY, false, "not read: other files there took too long"},
};

struct elf_symbols *elf_symbols__new(void)
{
	struct elf_symbols *symbols = xcalloc(1, sizeof(*symbols));

	symbols->parser = parser_child__new();
	return symbols;
}

size_t elf_symbols__add_names(struct elf_symbols *symbols, const char *const *names, size_t count)
{
	size_t first = symbols->name_count;

	for (size_t i = 0; i < count; i++) {
		ARRAY_GROW(symbols->texts, symbols->name_count, symbols->name_capacity);
		symbols->texts[symbols->name_count++] = names[i];
	}
	return first;
}

static void prepare(struct elf_symbols *symbols)
{
	size_t count = symbols->name_count;

	if (symbols->names)
		return;
	symbols->names = symbol_names__new(symbols->texts, count);
	symbols->no_symbols = xcalloc(count + 1, sizeof(*symbols->no_symbols));
	symbols->parsed_bytes =
		sizeof(*symbols->parsed) + count * sizeof(*symbols->parsed->symbols);
	symbols->parsed = xcalloc(1, symbols->parsed_bytes);
}

static void free_file(const struct elf_symbols *symbols, struct known_file *known)
{
	if (known->file.symbols != symbols->no_symbols)
		free(known->file.symbols);
	free(known);
}

static void forget_files(struct elf_symbols *symbols)
{
	for (size_t i = 0; i < symbols->file_count; i++)
		free_file(symbols, symbols->files[i]);
	symbols->file_count = 0;
	hash_table__clear(&symbols->table);
}

void elf_symbols__free(struct elf_symbols *symbols)
{
	if (!symbols)
		return;
	forget_files(symbols);
	hash_table__release(&symbols->table);
	free(symbols->files);
	free(symbols->texts);
	symbol_names__free(symbols->names);
	parser_child__free(symbols->parser);
	free(symbols->no_symbols);
	free(symbols->parsed);
	free(symbols);
}

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Why a file cannot be read at all, or NULL. What the kernel knows of the file is enough:
 * a file system in user space that is asked could let us wait for ever. */
static const char *find_key(int fd, struct file_key *key)
{
	const unsigned int wanted = STATX_TYPE | STATX_INO | STATX_SIZE | STATX_CTIME;
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC, wanted, &status) ||
	    (status.stx_mask & wanted) != wanted)
		return "the file cannot be read";
	if (!S_ISREG(status.stx_mode))
		return "not a regular file";
	if (status.stx_size == 0)
		return "empty file";
	if (status.stx_size > FILE_BYTES_MAX)
		return "larger than 4 GiB";
	*key = (struct file_key){
		.device = makedev(status.stx_dev_major, status.stx_dev_minor),
		.inode = status.stx_ino,
		.size_bytes = status.stx_size,
		.changed_ns =
			status.stx_ctime.tv_sec * INT64_C(1000000000) + status.stx_ctime.tv_nsec,
	};
	return NULL;
}

static uint64_t hash_key(const struct file_key *key)
{
	return hash_number(hash_number(key->device ^ hash_number(key->inode)) ^ key->size_bytes ^
			   hash_number((uint64_t)key->changed_ns));
}

static bool has_key(const void *item, const void *wanted)
{
	return memcmp(&((const struct known_file *)item)->key, wanted, sizeof(struct file_key)) ==
	       0;
}

static void set_reason(struct elf_symbols *symbols, struct elf_file *file, const char *reason)
{
	memset(file, 0, sizeof(*file));
	file->symbols = symbols->no_symbols;
	snprintf(file->reason, sizeof(file->reason), "%s", reason);
}

static bool is_sane_segment(const struct parsed_segment *segment)
{
	uint64_t end;

	return segment->file_bytes <= segment->memory_bytes &&
	       !__builtin_add_overflow(segment->file_offset, segment->file_bytes, &end) &&
	       !__builtin_add_overflow(segment->address, segment->memory_bytes, &end);
}

/* What the kernel would not load is left out. */
static void take_segments(struct elf_file *file, const struct parsed_file *parsed)
{
	for (size_t i = 0; i < parsed->segment_count && i < ELF_SEGMENTS_MAX; i++) {
		const struct parsed_segment *segment = &parsed->segments[i];

		if (is_sane_segment(segment))
			file->segments[file->segment_count++] = (struct elf_segment){
				.file_offset = segment->file_offset,
				.address = segment->address,
				.file_bytes = segment->file_bytes,
				.memory_bytes = segment->memory_bytes,
				.executable = segment->executable != 0,
			};
	}
}

/* A symbol counts when it lies in a segment, and no further than that reaches. */
static struct elf_symbol take_symbol(const struct elf_file *file,
				     const struct parsed_symbol *parsed)
{
	for (size_t i = 0; i < file->segment_count; i++) {
		const struct elf_segment *segment = &file->segments[i];
		uint64_t offset = parsed->address - segment->address;
		uint64_t left = segment->memory_bytes - offset;

		if (!parsed->address || parsed->address < segment->address ||
		    offset >= segment->memory_bytes)
			continue;
		return (struct elf_symbol){
			.address = parsed->address,
			.file_offset =
				offset < segment->file_bytes ? segment->file_offset + offset : 0,
			.size_bytes = parsed->size_bytes < left ? parsed->size_bytes : left,
			.exported = parsed->exported != 0,
		};
	}
	return (struct elf_symbol){0};
}

static void take_build_id(struct elf_file *file, const struct parsed_file *parsed)
{
	for (size_t i = 0; i < parsed->build_id_bytes && i < BUILD_ID_BYTES_MAX; i++)
		snprintf(file->build_id + 2 * i, 3, "%02x", parsed->build_id[i]);
}

/* Nothing that the child says is believed where it could do harm. */
static void take_answer(struct elf_symbols *symbols, struct elf_file *file)
{
	const struct parsed_file *parsed = symbols->parsed;
	bool known_failure = parsed->failure < ARRAY_SIZE(failure_reasons);

	if (parsed->failure != PARSE_DONE) {
		set_reason(symbols, file,
			   failure_reasons[known_failure ? parsed->failure : PARSE_DAMAGED]);
		return;
	}
	memset(file, 0, sizeof(*file));
	take_segments(file, parsed);
	take_build_id(file, parsed);
	file->has_symtab = parsed->has_symtab != 0;
	file->position_dependent = parsed->position_dependent != 0;
	file->symbols = xcalloc(symbols->name_count + 1, sizeof(*file->symbols));
	for (size_t i = 0; i < symbols->name_count; i++)
		file->symbols[i] = take_symbol(file, &parsed->symbols[i]);
}

static void take_error(struct elf_symbols *symbols, struct known_file *known, int error)
{
	bool final = false;
	char reason[sizeof(known->file.reason)];

	snprintf(reason, sizeof(reason), "cannot start a reader: %s", strerror(-error));
	for (size_t i = 0; i < ARRAY_SIZE(child_reasons); i++) {
		if (child_reasons[i].error == error) {
			snprintf(reason, sizeof(reason), "%s", child_reasons[i].reason);
			final = child_reasons[i].final;
		}
	}
	set_reason(symbols, &known->file, reason);
	known->file.may_pass = !final;
	known->retry_ns = final ? 0 : now_ns() + RETRY_NS;
	known->timed_out = error == -ETIME;
}

static void parse_in_child(const void *context, const void *file, size_t file_bytes, void *result)
{
	elf_parse(context, file, file_bytes, result);
}

static bool device_hangs(const struct elf_symbols *symbols, uint64_t device)
{
	int64_t now = now_ns();

	for (size_t i = 0; i < symbols->file_count; i++) {
		const struct known_file *known = symbols->files[i];

		if (known->timed_out && known->key.device == device && known->retry_ns > now)
			return true;
	}
	return false;
}

static void parse(struct elf_symbols *symbols, struct known_file *known, int fd)
{
	struct parser_job job = {
		.fd = fd,
		.size_bytes = known->key.size_bytes,
		.parse = parse_in_child,
		.context = symbols->names,
		.result_bytes = symbols->parsed_bytes,
		.deadline_ns = DEADLINE_NS,
	};
	int error = -EBUSY;

	known->retry_ns = 0;
	known->timed_out = false;
	if (!device_hangs(symbols, known->key.device))
		error = parser_child__run(symbols->parser, &job, symbols->parsed);
	if (error)
		take_error(symbols, known, error);
	else
		take_answer(symbols, &known->file);
}

static struct known_file *add_file(struct elf_symbols *symbols, const struct file_key *key)
{
	struct known_file *known = xcalloc(1, sizeof(*known));

	if (symbols->file_count == FILES_MAX)
		forget_files(symbols);
	known->key = *key;
	hash_table__add(&symbols->table, hash_key(key), known);
	ARRAY_GROW(symbols->files, symbols->file_count, symbols->file_capacity);
	symbols->files[symbols->file_count++] = known;
	return known;
}

const struct elf_file *elf_symbols__read(struct elf_symbols *symbols, int fd)
{
	struct file_key key;
	const char *reason = find_key(fd, &key);
	struct known_file *known;

	prepare(symbols);
	if (reason) {
		set_reason(symbols, &symbols->unknown, reason);
		return &symbols->unknown;
	}
	known = hash_table__find(&symbols->table, hash_key(&key), has_key, &key);
	if (!known)
		parse(symbols, known = add_file(symbols, &key), fd);
	else if (known->retry_ns && known->retry_ns <= now_ns())
		parse(symbols, known, fd);
	return &known->file;
}

/* What to add for the mapping to be of that segment. */
static bool bias_in(const struct elf_file *file, const struct elf_segment *segment, uint64_t start,
		    uint64_t offset, uint64_t *bias)
{
	uint64_t page_mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;
	uint64_t first = segment->file_offset & ~page_mask;

	/* offset may lie before file_offset: the sum wraps and comes back */
	*bias = start - (segment->address + (offset - segment->file_offset));
	return offset >= first && offset < segment->file_offset + segment->file_bytes &&
	       !(*bias & page_mask) && (*bias == 0 || !file->position_dependent);
}

bool elf_file__bias(const struct elf_file *file, uint64_t mapping_start, uint64_t mapping_offset,
		    uint64_t *bias)
{
	uint64_t page_mask = (uint64_t)sysconf(_SC_PAGESIZE) - 1;

	/* Two segments can share a page of the file: it belongs to the one that begins in it,
	 * as a mapping begins where its segment does, unless it was split. */
	for (size_t i = 0; i < file->segment_count; i++)
		if ((file->segments[i].file_offset & ~page_mask) == mapping_offset &&
		    bias_in(file, &file->segments[i], mapping_start, mapping_offset, bias))
			return true;
	for (size_t i = 0; i < file->segment_count; i++)
		if (bias_in(file, &file->segments[i], mapping_start, mapping_offset, bias))
			return true;
	return false;
}
