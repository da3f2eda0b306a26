/* SPDX-License-Identifier: GPL-2.0-only */
#include "parse/elf_parse.h"

#include <gelf.h>
#include <libelf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/memory.h"

#ifdef __x86_64__
#define OWN_MACHINE EM_X86_64
#else
#define OWN_MACHINE EM_AARCH64
#endif

/* Larger notes than any linker writes are not looked at. */
#define NOTES_BYTES_MAX (1 << 20)

/* Larger tables are read as they are walked: a file with holes costs its maker nothing. */
#define FETCH_BYTES_MAX (128 << 20)

/* The best symbol so far for a name; the greater rank wins, of equal ones the first. */
struct best_symbol {
	uint64_t rank;
	uint32_t clones; /* with different addresses */
};

struct elf_reading {
	Elf *elf;
	const char *file;
	size_t file_bytes;
	const struct symbol_names *names;
	struct parsed_file *parsed;
	struct best_symbol *best;
	struct name_hit *hits;
};

/* A table of symbols and what belongs to it. */
struct symbol_table {
	const Elf64_Sym *symbols;
	size_t count;
	const char *strings;
	size_t string_bytes;
	const Elf64_Half *versions; /* or NULL */
	size_t version_count;
	bool exported;
};

static enum parse_failure check_header(Elf *elf)
{
	const Elf64_Ehdr *header;

	if (elf_kind(elf) != ELF_K_ELF)
		return PARSE_NOT_ELF;
	if (gelf_getclass(elf) != ELFCLASS64)
		return PARSE_OTHER_CLASS;
	header = elf64_getehdr(elf);
	if (!header)
		return PARSE_DAMAGED;
	if (header->e_ident[EI_DATA] != ELFDATA2LSB || header->e_machine != OWN_MACHINE)
		return PARSE_OTHER_MACHINE;
	return header->e_type == ET_EXEC || header->e_type == ET_DYN ? PARSE_DONE
								     : PARSE_NOT_LOADABLE;
}

static bool add_segment(struct parsed_file *parsed, const Elf64_Phdr *program)
{
	if (parsed->segment_count == ELF_SEGMENTS_MAX)
		return false;
	parsed->segments[parsed->segment_count++] = (struct parsed_segment){
		.file_offset = program->p_offset,
		.address = program->p_vaddr,
		.file_bytes = program->p_filesz,
		.memory_bytes = program->p_memsz,
		.executable = (program->p_flags & PF_X) != 0,
	};
	return true;
}

static void read_notes(struct elf_reading *reading, const Elf64_Phdr *program)
{
	struct parsed_file *parsed = reading->parsed;
	Elf_Data *data;
	GElf_Nhdr note;
	size_t offset = 0, name, description;

	if (program->p_filesz > NOTES_BYTES_MAX || parsed->build_id_bytes)
		return;
	data = elf_getdata_rawchunk(reading->elf, (int64_t)program->p_offset, program->p_filesz,
				    program->p_align == 8 ? ELF_T_NHDR8 : ELF_T_NHDR);
	while (data && (offset = gelf_getnote(data, offset, &note, &name, &description)) > 0) {
		if (note.n_type != NT_GNU_BUILD_ID || note.n_namesz != sizeof(ELF_NOTE_GNU) ||
		    memcmp((char *)data->d_buf + name, ELF_NOTE_GNU, sizeof(ELF_NOTE_GNU)) != 0 ||
		    note.n_descsz > sizeof(parsed->build_id))
			continue;
		parsed->build_id_bytes = note.n_descsz;
		memcpy(parsed->build_id, (char *)data->d_buf + description, note.n_descsz);
		return;
	}
}

static enum parse_failure read_segments(struct elf_reading *reading)
{
	const Elf64_Phdr *programs;
	size_t count;

	if (elf_getphdrnum(reading->elf, &count))
		return PARSE_DAMAGED;
	programs = elf64_getphdr(reading->elf);
	if (!programs)
		return PARSE_DAMAGED;
	for (size_t i = 0; i < count; i++) {
		if (programs[i].p_type == PT_NOTE)
			read_notes(reading, &programs[i]);
		else if (programs[i].p_type == PT_LOAD && programs[i].p_memsz &&
			 !add_segment(reading->parsed, &programs[i]))
			return PARSE_MANY_SEGMENTS;
	}
	return reading->parsed->segment_count ? PARSE_DONE : PARSE_NOT_LOADABLE;
}

/* The first section of a type. */
static Elf_Scn *find_section(Elf *elf, uint32_t type, Elf64_Shdr **header)
{
	Elf_Scn *section = NULL;

	while ((section = elf_nextscn(elf, section))) {
		*header = elf64_getshdr(section);
		if (*header && (*header)->sh_type == type)
			return section;
	}
	return NULL;
}

/* The pages are wanted at once, not by a fault each. */
static void fetch(const struct elf_reading *reading, const Elf_Data *data)
{
	uintptr_t page_mask = (uintptr_t)sysconf(_SC_PAGESIZE) - 1;
	uintptr_t start = (uintptr_t)data->d_buf & ~page_mask;
	uintptr_t end = (uintptr_t)data->d_buf + data->d_size;

#ifdef MADV_POPULATE_READ
	if (data->d_size <= FETCH_BYTES_MAX && start >= (uintptr_t)reading->file &&
	    end <= (uintptr_t)reading->file + reading->file_bytes)
		madvise((void *)start, end - start, MADV_POPULATE_READ);
#endif
}

static const Elf_Data *section_data(const struct elf_reading *reading, Elf_Scn *section,
				    Elf_Type type)
{
	const Elf_Data *data = section ? elf_getdata(section, NULL) : NULL;

	if (!data || !data->d_buf || data->d_type != type)
		return NULL;
	fetch(reading, data);
	return data;
}

static bool open_table(const struct elf_reading *reading, Elf_Scn *section,
		       const Elf64_Shdr *header, struct symbol_table *table)
{
	const Elf_Data *symbols = section_data(reading, section, ELF_T_SYM);
	const Elf_Data *strings =
		section_data(reading, elf_getscn(reading->elf, header->sh_link), ELF_T_BYTE);
	const Elf_Data *versions;
	Elf64_Shdr *version_header;

	if (!symbols || !strings)
		return false;
	*table = (struct symbol_table){
		.symbols = symbols->d_buf,
		.count = symbols->d_size / sizeof(*table->symbols),
		.strings = strings->d_buf,
		.string_bytes = strings->d_size,
		.exported = header->sh_type == SHT_DYNSYM,
	};
	if (!table->exported)
		return true;
	versions = section_data(
		reading, find_section(reading->elf, SHT_GNU_versym, &version_header), ELF_T_HALF);
	if (versions) {
		table->versions = versions->d_buf;
		table->version_count = versions->d_size / sizeof(*table->versions);
	}
	return true;
}

/* Defined, at an address that moves with the file. */
static bool is_candidate(const Elf64_Sym *symbol)
{
	unsigned int type = ELF64_ST_TYPE(symbol->st_info);

	return (type == STT_FUNC || type == STT_OBJECT || type == STT_GNU_IFUNC) &&
	       symbol->st_value && symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       symbol->st_shndx != SHN_COMMON;
}

/* Of several versions the default one is what new callers get. */
static bool is_default_version(const struct symbol_table *table, size_t index)
{
	return index >= table->version_count || !(table->versions[index] & 0x8000);
}

static uint64_t rank_of(const struct symbol_table *table, size_t index, const struct name_hit *hit)
{
	uint64_t shortness = UINT32_MAX - (uint64_t)hit->rest_length;
	bool global = ELF64_ST_BIND(table->symbols[index].st_info) != STB_LOCAL;

	return (uint64_t)hit->match << 60 | (uint64_t)is_default_version(table, index) << 59 |
	       shortness << 8 | global;
}

static void offer(struct elf_reading *reading, const struct symbol_table *table, size_t index,
		  const struct name_hit *hit)
{
	const Elf64_Sym *symbol = &table->symbols[index];
	struct parsed_symbol *parsed = &reading->parsed->symbols[hit->index];
	struct best_symbol *best = &reading->best[hit->index];
	uint64_t rank = rank_of(table, index, hit);

	if (parsed->exported && !table->exported)
		return;
	if (hit->match == NAME_CLONE && (!best->clones || parsed->address != symbol->st_value))
		best->clones++;
	if (rank <= best->rank)
		return;
	best->rank = rank;
	*parsed = (struct parsed_symbol){
		.address = symbol->st_value,
		.size_bytes = symbol->st_size,
		.exported = table->exported,
	};
}

static void look_up_all(struct elf_reading *reading, const struct symbol_table *table)
{
	for (size_t i = 0; i < table->count; i++) {
		uint32_t start = table->symbols[i].st_name;
		const char *name = table->strings + start;
		size_t left, length, hits;

		if (!is_candidate(&table->symbols[i]) || start >= table->string_bytes)
			continue;
		left = table->string_bytes - start;
		if (left >= SYMBOL_HEAD_BYTES && !symbol_names__may_match(reading->names, name))
			continue;
		length = strnlen(name, left);
		if (length == left)
			continue;
		hits = symbol_names__match(reading->names, name, length, reading->hits);
		for (size_t hit = 0; hit < hits; hit++)
			offer(reading, table, i, &reading->hits[hit]);
	}
}

static bool all_found(const struct elf_reading *reading)
{
	for (size_t i = 0; i < symbol_names__count(reading->names); i++)
		if (!reading->parsed->symbols[i].address)
			return false;
	return true;
}

/* Which of several variants is meant cannot be known. */
static void drop_ambiguous(struct elf_reading *reading)
{
	for (size_t i = 0; i < symbol_names__count(reading->names); i++)
		if (reading->best[i].rank >> 60 == NAME_CLONE && reading->best[i].clones > 1)
			memset(&reading->parsed->symbols[i], 0, sizeof(struct parsed_symbol));
}

static void read_symbols(struct elf_reading *reading)
{
	static const uint32_t types[] = {SHT_DYNSYM, SHT_SYMTAB};
	size_t count = symbol_names__count(reading->names);
	struct symbol_table table;

	reading->best = xcalloc(count + 1, sizeof(*reading->best));
	reading->hits = xcalloc(count + 1, sizeof(*reading->hits));
	for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
		Elf64_Shdr *header;
		Elf_Scn *section = find_section(reading->elf, types[i], &header);

		if (!section)
			continue;
		reading->parsed->has_symtab |= types[i] == SHT_SYMTAB;
		if (!all_found(reading) && open_table(reading, section, header, &table))
			look_up_all(reading, &table);
	}
	drop_ambiguous(reading);
	free(reading->best);
	free(reading->hits);
}

static enum parse_failure parse_file(struct elf_reading *reading)
{
	enum parse_failure failure = check_header(reading->elf);

	if (!failure)
		failure = read_segments(reading);
	if (failure)
		return failure;
	reading->parsed->position_dependent = elf64_getehdr(reading->elf)->e_type == ET_EXEC;
	read_symbols(reading);
	return PARSE_DONE;
}

void elf_parse(const struct symbol_names *names, const void *file, size_t file_bytes,
	       struct parsed_file *parsed)
{
	struct elf_reading reading = {
		.file = file,
		.file_bytes = file_bytes,
		.names = names,
		.parsed = parsed,
	};

	elf_version(EV_CURRENT);
	reading.elf = elf_memory((char *)file, file_bytes);
	parsed->failure = reading.elf ? parse_file(&reading) : PARSE_NOT_ELF;
	elf_end(reading.elf);
}
