# SPDX-License-Identifier: GPL-2.0-only
#
# make help lists the targets. Variables that may be given:
#
#   V=1              show the commands
#   CC=clang         the compiler of the user space part (gcc and clang both work)
#   WERROR=1         warnings are errors, as in make check
#   SANITIZE=LIST    build with -fsanitize=LIST
#   BUILD=DIR        where the user space part is built; the BPF part is always in build/
#   PREFIX, DESTDIR  for install and uninstall
#   FULL=1           make check: with what weighs a lot (Docker engine, guest kernels)

CC := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG ?= clang
BPFTOOL ?= $(or $(shell command -v bpftool 2>/dev/null),/usr/sbin/bpftool)
PKG_CONFIG ?= pkg-config
CLANG_FORMAT ?= clang-format

PREFIX ?= /usr/local
bindir := $(PREFIX)/bin
mandir := $(PREFIX)/share/man/man8
docdir := $(PREFIX)/share/doc/memsonde
bash_dir := $(PREFIX)/share/bash-completion/completions
# zsh of Debian looks below /usr in vendor-completions, everywhere else in site-functions.
zsh_dir := $(PREFIX)/share/zsh/$(if $(filter /usr,$(PREFIX)),vendor-completions,site-functions)
fish_dir := $(PREFIX)/share/fish/vendor_completions.d

BUILD ?= build
ARCH ?= $(patsubst aarch64,arm64,$(shell uname -m))
V ?= 0
WERROR ?= 0
FULL ?= 0
SANITIZE ?=

ifeq ($(V),1)
Q :=
say = @:
else
Q := @
say = @printf '  %-8s %s\n'
MAKEFLAGS += --no-print-directory
endif

# ---- what there is to build ------------------------------------------------

# Sorted, so that the order of a directory changes nothing.
find_c = $(sort $(shell find $(1) -name '*.c' 2>/dev/null))

# What runs inside a twin is linked for itself.
STUB_SOURCES := $(sort $(wildcard src/twin/stub/*.c))
SOURCES := $(filter-out $(STUB_SOURCES),$(call find_c,src))
BPF_SOURCES := $(sort $(wildcard bpf/*.bpf.c))
GENERATOR_SOURCES := $(call find_c,docs/generator)
UNIT_SOURCES := $(sort $(wildcard tests/unit/*.c))
UNIT_TESTS := $(filter tests/unit/test_%,$(UNIT_SOURCES))
TARGET_SOURCES := $(sort $(wildcard tests/targets/*.c))
# The same program with one allocator each, of those that are installed: FLAGS,FILE THAT IT
# NEEDS.
library_dir := $(shell gcc -print-multiarch 2>/dev/null)
static_library = $(wildcard /usr/lib/$(library_dir)/lib$(1).a /usr/lib64/lib$(1).a /usr/lib/lib$(1).a)
has_header = $(wildcard /usr/include/$(1))
has_command = $(shell command -v $(1) 2>/dev/null)
HEAP_VARIANTS := \
	$(if $(call has_header,jemalloc/jemalloc.h),jemalloc) \
	$(if $(call static_library,jemalloc),jemalloc_static jemalloc_prefix) \
	$(if $(call has_header,gperftools/tcmalloc.h),tcmalloc tcmalloc_debug) \
	$(if $(call static_library,tcmalloc_minimal),tcmalloc_static) \
	$(if $(call has_header,mimalloc.h),mimalloc) \
	$(if $(call has_command,musl-gcc),musl)
HEAP_PROGRAMS := $(HEAP_VARIANTS:%=build/targets/heap_%)
BENCH_SOURCES := $(sort $(wildcard bench/*.c))
LIVE_SOURCES := $(sort $(wildcard tests/live/*.c))

OBJ := $(BUILD)/obj
OBJECTS := $(SOURCES:%.c=$(OBJ)/%.o)
# All but main(): what tests, benchmarks and the generator of documents link.
LIBRARY_OBJECTS := $(filter-out $(OBJ)/src/main.o,$(OBJECTS))
COLLECT_OBJECTS := $(filter $(OBJ)/src/collect/%,$(OBJECTS))
GENERATOR_OBJECTS := $(GENERATOR_SOURCES:%.c=$(OBJ)/%.o)
UNIT_HELPERS := $(patsubst %.c,$(OBJ)/%.o,$(filter-out $(UNIT_TESTS),$(UNIT_SOURCES)))
UNIT_PROGRAMS := $(UNIT_TESTS:tests/unit/%.c=$(BUILD)/unit/%)
TARGET_PROGRAMS := $(TARGET_SOURCES:tests/targets/%.c=build/targets/%) $(HEAP_PROGRAMS)
BENCH_PROGRAMS := $(BENCH_SOURCES:bench/%.c=$(BUILD)/bench/%)
LIVE_PROGRAMS := $(LIVE_SOURCES:tests/live/%.c=$(BUILD)/live/%)

BPF_OBJECTS := $(BPF_SOURCES:bpf/%.bpf.c=build/bpf/%.bpf.o)
SKELETON := $(if $(BPF_SOURCES),build/include/memsonde.skel.h)

MAN_PAGE := $(BUILD)/docs/memsonde.8
COMPLETIONS := $(addprefix $(BUILD)/completions/,memsonde.bash _memsonde memsonde.fish)

# ---- flags -----------------------------------------------------------------

PACKAGES := libbpf libelf zlib jansson ncursesw libcap libxxhash
MISSING := $(shell $(PKG_CONFIG) --version >/dev/null 2>&1 || echo $(PKG_CONFIG); \
	for p in $(PACKAGES); do $(PKG_CONFIG) --exists $$p 2>/dev/null || echo $$p; done; \
	for t in $(CC) $(CLANG) $(BPFTOOL); do command -v $$t >/dev/null 2>&1 || echo $$t; done)

CFLAGS ?= -O2 -g
all_cflags := -std=c11 -D_GNU_SOURCE -Wall -Wextra $(CFLAGS) -pthread \
	$(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
		-fno-sanitize-recover=undefined) \
	-Isrc -Iinclude $(CPPFLAGS) $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
all_ldflags := -pthread $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)
all_libs := $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lm $(LIBS)

# Not in the stamp: it does not change the objects.
werror := $(if $(filter 1,$(WERROR)),-Werror)

bpf_arch = $(patsubst x86_64,x86,$(1))
# The kernel's types are a system header: clang finds fault with their declarations.
bpf_flags = -target bpf -O2 -g -mcpu=v3 -Wall -Wextra -Wno-unused-parameter -Werror \
	-D__TARGET_ARCH_$(call bpf_arch,$(1)) -isystem vmlinux/$(1) -Iinclude -Ibpf

# ---- the program -----------------------------------------------------------

.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
.PHONY: all deps run check unit cli live kernels bench lint format asan vmlinux install \
	uninstall clean help program programs bpf bpf-arm64 bpf-x86_64 targets docs FORCE

all: program docs

program: $(BUILD)/memsonde

docs: $(MAN_PAGE) $(COMPLETIONS)

$(BUILD)/memsonde: $(OBJECTS) $(BUILD)/stamp/link
	$(say) LINK $@
	$(Q)$(CC) $(all_ldflags) -o $@ $(OBJECTS) $(all_libs)

# A stamp changes only when its text does: what depends on it is rebuilt when a
# flag or the list of files changes, and not otherwise. $(call stamp,TEXT)
define stamp
@mkdir -p $(@D)
@printf '%s\n' '$(subst ','\'',$(strip $(1)))' | cmp -s - $@ || \
	printf '%s\n' '$(subst ','\'',$(strip $(1)))' >$@
endef

$(BUILD)/stamp/compile: FORCE
	@$(if $(strip $(MISSING)),echo "missing: $(strip $(MISSING)): run 'make deps' as root" >&2; exit 1,:)
	$(call stamp,$(CC) $(all_cflags))
$(BUILD)/stamp/link: FORCE
	$(call stamp,$(CC) $(all_ldflags) $(all_libs) $(OBJECTS) $(UNIT_HELPERS) $(GENERATOR_OBJECTS))
build/stamp/bpf: FORCE
	@$(if $(strip $(MISSING)),echo "missing: $(strip $(MISSING)): run 'make deps' as root" >&2; exit 1,:)
	$(call stamp,$(CLANG) $(call bpf_flags,$(ARCH)) $(BPFTOOL) $(BPF_OBJECTS))

$(OBJ)/%.o: %.c $(BUILD)/stamp/compile
	$(say) CC $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(all_cflags) $(werror) $(extra_cflags) -MMD -MP -c -o $@ $<

# Nothing else may see the skeleton: only collect/ knows BPF.
$(COLLECT_OBJECTS): extra_cflags := -Ibuild/include
$(COLLECT_OBJECTS): | $(SKELETON)
$(OBJ)/tests/%.o: extra_cflags := -Itests

# ---- the code inside a twin ------------------------------------------------

# The same whatever flags the program is built with: no library, no instrumentation, only
# general registers, so that nothing but a stack is needed where it runs.
stub_flags := -std=c11 -D_GNU_SOURCE -O2 -Wall -Wextra -Werror -ffreestanding -fPIC \
	-fno-stack-protector -fno-asynchronous-unwind-tables -fno-jump-tables \
	-fvisibility=hidden -mgeneral-regs-only $(if $(filter x86_64,$(ARCH)),-fcf-protection=none) \
	-Isrc -Iinclude

STUB_OBJECTS := $(STUB_SOURCES:src/twin/stub/%.c=build/twin/%.o)

build/twin/%.o: src/twin/stub/%.c
	$(say) STUB $@
	@mkdir -p $(@D)
	$(Q)gcc $(stub_flags) -MMD -MP -c -o $@ $<

build/twin/stub.bin: $(STUB_OBJECTS) src/twin/stub/stub.ld
	$(say) STUB $@
	$(Q)ld -nostdlib --no-warn-rwx-segments -T src/twin/stub/stub.ld -o build/twin/stub.elf $(STUB_OBJECTS)
	$(Q)objcopy -O binary -j .all build/twin/stub.elf $@

$(OBJ)/src/twin/stub_code.o: build/twin/stub.bin

# ---- BPF -------------------------------------------------------------------

bpf: $(SKELETON)

build/bpf/memsonde.bpf.o: $(BPF_OBJECTS) build/stamp/bpf
	$(say) BPFLINK $@
	$(Q)$(BPFTOOL) gen object $@ $(BPF_OBJECTS)

build/include/memsonde.skel.h: build/bpf/memsonde.bpf.o
	$(say) SKELETON $@
	@mkdir -p $(@D)
	$(Q)$(BPFTOOL) gen skeleton $< name memsonde_bpf >$@

# $(call bpf_rules,ARCH,DIR,STAMP): the machine's own objects and, to see that they
# compile, those of the other architecture.
define bpf_rules
$(2)/%.bpf.o: bpf/%.bpf.c $(3)
	$$(say) BPF $$@
	@mkdir -p $$(@D)
	$$(Q)$$(CLANG) $$(call bpf_flags,$(1)) -MD -MP -c -o $$@ $$<
endef
$(eval $(call bpf_rules,$(ARCH),build/bpf,build/stamp/bpf))
$(eval $(call bpf_rules,arm64,build/bpf-arm64,build/stamp/bpf))
$(eval $(call bpf_rules,x86_64,build/bpf-x86_64,build/stamp/bpf))

bpf-arm64: $(BPF_SOURCES:bpf/%.bpf.c=build/bpf-arm64/%.bpf.o)
bpf-x86_64: $(BPF_SOURCES:bpf/%.bpf.c=build/bpf-x86_64/%.bpf.o)

vmlinux:
	$(Q)scripts/vmlinux.sh

# ---- documents from the tables of commands and options ---------------------

$(BUILD)/generate-docs: $(LIBRARY_OBJECTS) $(GENERATOR_OBJECTS) $(BUILD)/stamp/link
	$(say) LINK $@
	$(Q)$(CC) $(all_ldflags) -o $@ $(LIBRARY_OBJECTS) $(GENERATOR_OBJECTS) $(all_libs)

define generate
$(say) GEN $@
@mkdir -p $(@D)
$(Q)$< $(1) >$@
endef

$(MAN_PAGE): $(BUILD)/generate-docs
	$(call generate,man)
$(BUILD)/completions/memsonde.bash: $(BUILD)/generate-docs
	$(call generate,bash)
$(BUILD)/completions/_memsonde: $(BUILD)/generate-docs
	$(call generate,zsh)
$(BUILD)/completions/memsonde.fish: $(BUILD)/generate-docs
	$(call generate,fish)

# ---- tests and tools -------------------------------------------------------

programs: $(UNIT_PROGRAMS)

targets: $(TARGET_PROGRAMS) $(LIVE_PROGRAMS)

$(BUILD)/unit/%: $(OBJ)/tests/unit/%.o $(UNIT_HELPERS) $(LIBRARY_OBJECTS) $(BUILD)/stamp/link
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(all_ldflags) -o $@ $< $(UNIT_HELPERS) $(LIBRARY_OBJECTS) -lcmocka $(all_libs)

# Programs to be watched: built plainly, so that their behaviour is what is written.
build/targets/%: tests/targets/%.c
	$(say) TARGET $@
	@mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -D_GNU_SOURCE -O2 -g -pthread -MMD -MP -MF $@.d -o $@ $<

# Static archives need what C++ code needs; their symbols are not exported.
heap_libs_jemalloc := -Wl,--no-as-needed -ljemalloc
heap_libs_jemalloc_static := $(call static_library,jemalloc) -lstdc++ -lm
heap_libs_jemalloc_prefix := build/targets/libjemalloc_prefix.a -lstdc++ -lm
heap_libs_tcmalloc := -Wl,--no-as-needed -ltcmalloc_minimal
heap_libs_tcmalloc_debug := -Wl,--no-as-needed -ltcmalloc_minimal_debug
heap_libs_tcmalloc_static := $(call static_library,tcmalloc_minimal) -lstdc++ -lm
heap_libs_mimalloc := -Wl,--no-as-needed -lmimalloc
heap_libs_musl := -static

$(HEAP_PROGRAMS): build/targets/heap_%: tests/targets/heap.c
	$(say) TARGET $@
	@mkdir -p $(@D)
	$(Q)$(if $(filter musl,$*),musl-gcc,gcc) -std=gnu11 -D_GNU_SOURCE -O2 -g -pthread -MMD -MP \
		-MF $@.d -o $@ $< $(heap_libs_$*)

# As a build with a prefix names it.
build/targets/heap_jemalloc_prefix: build/targets/libjemalloc_prefix.a
build/targets/libjemalloc_prefix.a: $(call static_library,jemalloc)
	@mkdir -p $(@D)
	$(Q)objcopy --redefine-sym mallctl=je_mallctl $< $@

$(BUILD)/bench/%: $(OBJ)/bench/%.o $(LIBRARY_OBJECTS) $(BUILD)/stamp/link
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(all_ldflags) -o $@ $< $(LIBRARY_OBJECTS) $(all_libs)

$(BUILD)/live/%: $(OBJ)/tests/live/%.o $(LIBRARY_OBJECTS) $(BUILD)/stamp/link
	$(say) LINK $@
	@mkdir -p $(@D)
	$(Q)$(CC) $(all_ldflags) -o $@ $< $(LIBRARY_OBJECTS) $(all_libs)

unit: programs
	$(Q)BUILD=$(BUILD) tests/run.sh unit

cli: all
	$(Q)BUILD=$(BUILD) tests/run.sh cli

live: all targets
	$(Q)BUILD=$(BUILD) FULL=$(FULL) tests/run.sh live

kernels: all targets
	$(Q)BUILD=$(BUILD) FULL=$(FULL) tests/run.sh kernels

asan:
	$(Q)tests/run.sh asan

lint:
	$(Q)scripts/lint.sh

bench: all targets $(BENCH_PROGRAMS)
	$(Q)BUILD=$(BUILD) bench/run.sh

format:
	$(Q)$(CLANG_FORMAT) -i $$(git ls-files -co --exclude-standard '*.c' '*.h' ':!vmlinux')

# What was missing when this make started is there for the next.
check:
	$(Q)scripts/deps.sh build test $(if $(filter 1,$(FULL)),lint full)
	$(Q)FULL=$(FULL) tests/run.sh all

run:
	$(Q)scripts/deps.sh build
	$(Q)$(MAKE) -j$$(nproc) all
	$(Q)[ -z "$$SUDO_UID" ] || chown -R "$$SUDO_UID:$$SUDO_GID" build
	$(Q)if [ -t 0 ] && [ -t 1 ]; then exec $(BUILD)/memsonde top; else exec $(BUILD)/memsonde stat; fi

deps:
	$(Q)scripts/deps.sh build test lint

# ---- install ---------------------------------------------------------------

INSTALLED := $(bindir)/memsonde $(mandir)/memsonde.8 $(bash_dir)/memsonde \
	$(zsh_dir)/_memsonde $(fish_dir)/memsonde.fish $(docdir)

install: all
	$(say) INSTALL '$(DESTDIR)$(PREFIX)'
	$(Q)install -D -m 755 $(BUILD)/memsonde '$(DESTDIR)$(bindir)/memsonde'
	$(Q)install -D -m 644 $(MAN_PAGE) '$(DESTDIR)$(mandir)/memsonde.8'
	$(Q)install -D -m 644 $(BUILD)/completions/memsonde.bash '$(DESTDIR)$(bash_dir)/memsonde'
	$(Q)install -D -m 644 $(BUILD)/completions/_memsonde '$(DESTDIR)$(zsh_dir)/_memsonde'
	$(Q)install -D -m 644 $(BUILD)/completions/memsonde.fish '$(DESTDIR)$(fish_dir)/memsonde.fish'
	$(Q)install -d '$(DESTDIR)$(docdir)'
	$(Q)install -m 644 README.md LICENSE docs/*.md '$(DESTDIR)$(docdir)'

uninstall:
	$(say) REMOVE '$(DESTDIR)$(PREFIX)'
	$(Q)for path in $(INSTALLED); do rm -rf -- '$(DESTDIR)'"$$path"; done

clean:
	$(Q)rm -rf build $(BUILD)

help:
	@echo 'As root, on a fresh machine:'
	@echo '  make run        install what is missing, build, show the live view'
	@echo '  make check      install what is missing, build, run every test; FULL=1: also those'
	@echo '                  that need what weighs a lot (Docker engine, guest kernels)'
	@echo
	@echo 'Without privileges:'
	@echo '  make            build/memsonde, its man page and completions'
	@echo '  make unit       unit tests'
	@echo '  make asan       unit tests and command line under the address and UB sanitizers'
	@echo '  make cli        the command line on recorded data'
	@echo '  make lint       formatting, static analysis, include directions'
	@echo '  make format     apply clang-format'
	@echo '  make bpf-arm64  compile the BPF programs for arm64 (or bpf-x86_64)'
	@echo '  make clean      remove build/'
	@echo
	@echo 'As root:'
	@echo '  make deps       install what the build, the tests and lint need'
	@echo '  make live       tests on this kernel'
	@echo '  make kernels    tests on other kernels, in virtual machines'
	@echo '  make bench      costs, side by side with /proc'
	@echo '  make install    to DESTDIR/PREFIX (/usr/local); make uninstall removes it'
	@echo
	@echo 'For developers of memsonde:'
	@echo '  make vmlinux    regenerate the kernel types in vmlinux/'
	@echo
	@echo 'V=1 shows commands; CC=clang, WERROR=1, SANITIZE=..., BUILD=DIR as in the Makefile.'

-include $(STUB_OBJECTS:.o=.d) $(OBJECTS:.o=.d) $(GENERATOR_OBJECTS:.o=.d) $(UNIT_SOURCES:%.c=$(OBJ)/%.d) \
	$(BENCH_SOURCES:%.c=$(OBJ)/%.d) $(LIVE_SOURCES:%.c=$(OBJ)/%.d) $(BPF_OBJECTS:.o=.d) \
	$(wildcard build/bpf-arm64/*.d build/bpf-x86_64/*.d build/targets/*.d)
