/* SPDX-License-Identifier: GPL-2.0-only */
#include "unit/small_elf.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifdef __x86_64__
#define MACHINE EM_X86_64
#else
#define MACHINE EM_AARCH64
#endif

#define NOTE_OFFSET 0xe0

/* Room in the image; offsets are multiples of 8. */
static void *append(struct small_elf_image *image, size_t bytes)
{
	size_t start = (image->length + 7) & ~(size_t)7;

	if (start + bytes > sizeof(image->bytes))
		abort();
	image->length = start + bytes;
	return image->bytes + start;
}

static void set_section(struct small_elf_image *image, enum small_section index, uint32_t type,
			const void *data, size_t bytes)
{
	image->sections[index].sh_type = type;
	image->sections[index].sh_offset = (uint64_t)((const unsigned char *)data - image->bytes);
	image->sections[index].sh_size = bytes;
}

static size_t count_symbols(const struct small_symbol *list, size_t *text_bytes)
{
	size_t count = 0;

	*text_bytes = 1;
	for (; list[count].name; count++)
		*text_bytes += strlen(list[count].name) + 1;
	return count;
}

static void fill_table(const struct small_symbol *list, size_t count, Elf64_Sym *symbols,
		       char *strings)
{
	size_t at = 1;

	for (size_t i = 0; i < count; i++) {
		symbols[i + 1] = (Elf64_Sym){
			.st_name = (uint32_t)at,
			.st_info = (unsigned char)ELF64_ST_INFO(list[i].binding, list[i].type),
			.st_shndx = list[i].section,
			.st_value = list[i].address,
			.st_size = list[i].size_bytes,
		};
		memcpy(strings + at, list[i].name, strlen(list[i].name) + 1);
		at += strlen(list[i].name) + 1;
	}
}

static void add_table(struct small_elf_image *image, const struct small_symbol *list,
		      enum small_section index, uint32_t type)
{
	size_t text_bytes, count = count_symbols(list, &text_bytes);
	Elf64_Sym *symbols = append(image, (count + 1) * sizeof(*symbols));
	char *strings = append(image, text_bytes);

	fill_table(list, count, symbols, strings);
	set_section(image, index, type, symbols, (count + 1) * sizeof(*symbols));
	set_section(image, index + 1, SHT_STRTAB, strings, text_bytes);
	image->sections[index].sh_link = index + 1;
	image->sections[index].sh_entsize = sizeof(*symbols);
	image->sections[index].sh_info = 1;
}

static void add_versions(struct small_elf_image *image, const struct small_symbol *list)
{
	size_t text_bytes, count = count_symbols(list, &text_bytes);
	Elf64_Half *versions = append(image, (count + 1) * sizeof(*versions));

	for (size_t i = 0; i < count; i++)
		versions[i + 1] = list[i].version;
	set_section(image, SMALL_VERSIONS, SHT_GNU_versym, versions,
		    (count + 1) * sizeof(*versions));
	image->sections[SMALL_VERSIONS].sh_link = SMALL_DYNSYM;
	image->sections[SMALL_VERSIONS].sh_entsize = sizeof(*versions);
}

static void fill_header(struct small_elf_image *image, uint16_t type)
{
	*image->header = (Elf64_Ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB,
			    EV_CURRENT},
		.e_type = type,
		.e_machine = MACHINE,
		.e_version = EV_CURRENT,
		.e_phoff = sizeof(Elf64_Ehdr),
		.e_shoff = (uint64_t)((unsigned char *)image->sections - image->bytes),
		.e_ehsize = sizeof(Elf64_Ehdr),
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
		.e_shentsize = sizeof(Elf64_Shdr),
		.e_shnum = SMALL_SECTIONS,
		.e_shstrndx = SMALL_NAMES,
	};
}

static void fill_segments(struct small_elf_image *image)
{
	image->load[0] = (Elf64_Phdr){
		.p_type = PT_LOAD,
		.p_flags = PF_R | PF_X,
		.p_vaddr = SMALL_ELF_BASE,
		.p_filesz = SMALL_ELF_CODE - SMALL_ELF_BASE + SMALL_ELF_CODE_BYTES,
		.p_memsz = SMALL_ELF_MEMORY_BYTES,
		.p_align = 0x1000,
	};
	image->load[1] = (Elf64_Phdr){
		.p_type = PT_NOTE,
		.p_offset = NOTE_OFFSET,
		.p_vaddr = SMALL_ELF_BASE + NOTE_OFFSET,
		.p_filesz = 24,
		.p_memsz = 24,
		.p_align = 4,
	};
}

void small_elf__make(struct small_elf_image *image, const struct small_elf *elf)
{
	static const uint32_t note[] = {4, 8, NT_GNU_BUILD_ID, 0x554e47, 0xefbeadde, 0x01020304};

	memset(image, 0, sizeof(*image));
	image->header = append(image, sizeof(*image->header));
	image->load = append(image, 2 * sizeof(*image->load));
	image->length = SMALL_ELF_CODE - SMALL_ELF_BASE + SMALL_ELF_CODE_BYTES;
	memcpy(image->bytes + NOTE_OFFSET, note, sizeof(note));
	image->sections = append(image, SMALL_SECTIONS * sizeof(*image->sections));
	set_section(image, SMALL_TEXT, SHT_PROGBITS, image->bytes + SMALL_ELF_CODE - SMALL_ELF_BASE,
		    SMALL_ELF_CODE_BYTES);
	image->sections[SMALL_TEXT].sh_addr = SMALL_ELF_CODE;
	set_section(image, SMALL_NAMES, SHT_STRTAB, append(image, 1), 1);
	if (elf->dynamic) {
		add_table(image, elf->dynamic, SMALL_DYNSYM, SHT_DYNSYM);
		add_versions(image, elf->dynamic);
	}
	if (elf->all)
		add_table(image, elf->all, SMALL_SYMTAB, SHT_SYMTAB);
	fill_header(image, elf->type);
	fill_segments(image);
}

int small_elf__file(const void *bytes, size_t length)
{
	int fd = memfd_create("small_elf", MFD_CLOEXEC);

	if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
		abort();
	return fd;
}
