/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/programs.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "memsonde/settings.h"
#include "system/tracefs.h"

#include "memsonde.skel.h"

/* The kernel's buffer of an iterator's file: a read returns at most so much. */
#define ITERATOR_BUFFER_BYTES (8 * 4096)

/* The ring wakes its reader when a quarter is full. */
#define EXIT_WAKEUP_BYTES (EXIT_RING_BYTES_DEFAULT / 4)

struct programs {
	struct memsonde_bpf *skeleton;
	struct bpf_link *census; /* of all processes, kept for the next pass */
	struct bpf_link **links; /* of hooks that the skeleton does not attach */
	size_t link_count, link_capacity;
	struct ring_buffer *ended;
	record_callback ended_callback;
	unsigned int collections_left; /* that are passed on in one go */
	void *ended_context;
	struct programs_missing missing;
	uint64_t missed_runs; /* of our programs, as of the end of the last interval */
	bool trial;
	char *buffer; /* for reading iterators */
	size_t buffer_bytes;
};

/* The verifier's log comes as one text of many lines. */
static int print_libbpf(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char *text, *rest, *line;

	if (!log_is_verbose() || level == LIBBPF_DEBUG)
		return 0;
	if (vasprintf(&text, format, arguments) < 0)
		return 0;
	rest = text;
	while ((line = strsep(&rest, "\n")) != NULL)
		if (*line)
			log_verbose("%s", line);
	free(text);
	return 0;
}

/* Whether the kernel's BTF has a struct with that member. */
static bool kernel_has_member(const struct btf *btf, const char *type_name, const char *member)
{
	int id = btf__find_by_name_kind(btf, type_name, BTF_KIND_STRUCT);
	const struct btf_type *type = id > 0 ? btf__type_by_id(btf, id) : NULL;
	const struct btf_member *members = type ? btf_members(type) : NULL;

	for (int i = 0; type && i < btf_vlen(type); i++)
		if (strcmp(btf__name_by_offset(btf, members[i].name_off), member) == 0)
			return true;
	return false;
}

static bool kernel_has_tracepoint(const struct btf *btf, const char *name)
{
	char type_name[128];

	snprintf(type_name, sizeof(type_name), "btf_trace_%s", name);
	return btf__find_by_name_kind(btf, type_name, BTF_KIND_TYPEDEF) > 0;
}

static struct bpf_program *collection_program(const struct programs *self,
					      enum collection_probe probe)
{
	const struct memsonde_bpf *skeleton = self->skeleton;
	struct bpf_program *const programs[] = {
		[PROBE_PAUSE_BEGIN] = skeleton->progs.on_pause_begin,
		[PROBE_CYCLE] = skeleton->progs.on_cycle,
		[PROBE_CYCLE_UPDATED] = skeleton->progs.on_cycle_updated,
		[PROBE_USED_BEFORE] = skeleton->progs.on_used_before,
		[PROBE_USED_AFTER] = skeleton->progs.on_used_after,
		[PROBE_PAUSE_END] = skeleton->progs.on_pause_end,
	};

	return programs[probe];
}

/* Programs and maps of collections cost nothing where nobody asks for them. */
static void select_collections(struct programs *self, bool wanted)
{
	struct memsonde_bpf *skeleton = self->skeleton;

	for (int i = 0; i < COLLECTION_PROBE_COUNT; i++)
		bpf_program__set_autoload(collection_program(self, i), wanted);
	bpf_map__set_autocreate(skeleton->maps.pauses, wanted);
	bpf_map__set_autocreate(skeleton->maps.cycles, wanted);
	bpf_map__set_autocreate(skeleton->maps.collections, wanted);
}

/* Chooses among the programs by what the kernel has, before they are loaded. */
static int select_programs(struct programs *self, const struct programs_settings *settings)
{
	struct memsonde_bpf *skeleton = self->skeleton;
	struct btf *btf = btf__load_vmlinux_btf();
	bool hooks = !settings->iterators_only;
	bool fault_causes;

	if (!btf) {
		int error = errno;

		if (self->trial)
			return -error;
		if (error == ENOENT)
			log_error("no type information of the kernel (/sys/kernel/btf/vmlinux): "
				  "mount /sys, or boot a kernel with CONFIG_DEBUG_INFO_BTF=y");
		else
			log_error("/sys/kernel/btf/vmlinux: %s", strerror(error));
		return -error;
	}
	self->missing.events = settings->iterators_only;
	fault_causes = !settings->faults_by_event && kernel_has_tracepoint(btf, "page_fault_user");
	bpf_program__set_autoload(skeleton->progs.find_cpu_offsets,
				  !kernel_has_member(btf, "mm_rss_stat", "count"));
	bpf_program__set_autoload(skeleton->progs.on_page_fault_user, hooks && fault_causes);
	bpf_program__set_autoload(skeleton->progs.on_page_fault, hooks && !fault_causes);
	self->missing.fault_causes = !fault_causes;
	bpf_program__set_autoload(skeleton->progs.on_rss_stat, hooks);
	bpf_program__set_autoload(skeleton->progs.on_fork, hooks);
	bpf_program__set_autoload(skeleton->progs.on_exec, hooks);
	bpf_program__set_autoload(skeleton->progs.on_exit, hooks);
	bpf_program__set_autoload(skeleton->progs.on_mmap, hooks);
	bpf_program__set_autoload(skeleton->progs.on_munmap, hooks);
	bpf_program__set_autoload(skeleton->progs.on_mremap, hooks);
	bpf_program__set_autoload(skeleton->progs.on_madvise, hooks);
	bpf_program__set_autoload(skeleton->progs.on_brk_entry, hooks);
	bpf_program__set_autoload(skeleton->progs.on_brk, hooks);
	bpf_program__set_autoload(skeleton->progs.on_oom_kill, hooks);
	select_collections(self, hooks && settings->collections);
	btf__free(btf);
	return 0;
}

static int apply_settings(struct programs *self, const struct programs_settings *settings)
{
	struct settings *constants = (struct settings *)&self->skeleton->rodata->settings;
	int cpu_count = libbpf_num_possible_cpus();

	if (cpu_count < 1)
		return -EIO;
	constants->cpu_count = cpu_count < MAX_CPUS ? (uint32_t)cpu_count : MAX_CPUS;
	constants->count_everything = settings->count_everything;
	constants->follow_forks = settings->follow_forks;
	constants->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
	constants->exit_wakeup_bytes = EXIT_WAKEUP_BYTES;
	return 0;
}

static int explain_failure(const struct programs *self, int error)
{
	int descriptor = dup(STDERR_FILENO);

	/* libbpf calls this "invalid argument". */
	if (descriptor < 0 && errno == EMFILE)
		error = -EMFILE;
	else if (descriptor >= 0)
		close(descriptor);
	if (self->trial)
		log_verbose("the BPF programs cannot be loaded: %s", strerror(-error));
	else if (error == -EPERM || error == -EACCES)
		log_error("the kernel refused the BPF programs: %s (run as root, or with "
			  "CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH)",
			  strerror(-error));
	else
		log_error("the BPF programs cannot be loaded: %s ('memsonde check' tells what "
			  "is missing, -v shows the verifier's log)",
			  strerror(-error));
	return error;
}

static void keep_link(struct programs *self, struct bpf_link *link)
{
	ARRAY_GROW(self->links, self->link_count, self->link_capacity);
	self->links[self->link_count++] = link;
}

static int attach_perf_event(struct programs *self, struct bpf_program *program,
			     struct perf_event_attr *attributes, int cpu)
{
	struct bpf_link *link;
	int fd;

	attributes->size = sizeof(*attributes);
	fd = (int)syscall(SYS_perf_event_open, attributes, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return -errno;
	link = bpf_program__attach_perf_event(program, fd);
	if (!link) {
		int error = -errno;

		close(fd);
		return error;
	}
	keep_link(self, link);
	return 0;
}

/* libbpf's own attachment needs tracefs to be mounted; this one does not. */
static int attach_tracepoint(struct programs *self, struct bpf_program *program,
			     const char *category, const char *name)
{
	struct perf_event_attr attributes = {.type = PERF_TYPE_TRACEPOINT};
	int id = tracepoint_id(category, name);
	int error = id < 0 ? id : 0;

	if (!error) {
		attributes.config = (uint64_t)id;
		attributes.sample_period = 1;
		attributes.wakeup_events = 1;
		error = attach_perf_event(self, program, &attributes, 0);
	}
	if (error)
		log_verbose("tracepoint %s:%s: %s", category, name, strerror(-error));
	return error;
}

static int attach_fault_event(struct programs *self)
{
	struct perf_event_attr attributes = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_PAGE_FAULTS,
		.sample_period = 1,
		.exclude_kernel = 1,
	};
	int cpu_count = libbpf_num_possible_cpus();
	int error = 0;

	for (int cpu = 0; cpu < cpu_count && !error; cpu++) {
		error = attach_perf_event(self, self->skeleton->progs.on_page_fault, &attributes,
					  cpu);
		if (error == -ENODEV) /* this CPU is offline */
			error = 0;
	}
	return error;
}

static int attach_typed(struct programs *self, struct bpf_program *program)
{
	struct bpf_link *link = bpf_program__attach(program);

	if (!link) {
		int error = -errno;

		log_error("cannot attach to %s: %s", bpf_program__section_name(program),
			  strerror(-error));
		return error;
	}
	keep_link(self, link);
	return 0;
}

/* The system calls that map and unmap: without them the figures under "mapped" are
 * unknown. */
static void attach_map_calls(struct programs *self)
{
	const struct {
		struct bpf_program *program;
		const char *name;
	} calls[] = {
		{self->skeleton->progs.on_mmap, "sys_exit_mmap"},
		{self->skeleton->progs.on_munmap, "sys_exit_munmap"},
		{self->skeleton->progs.on_mremap, "sys_exit_mremap"},
		{self->skeleton->progs.on_madvise, "sys_exit_madvise"},
		{self->skeleton->progs.on_brk_entry, "sys_enter_brk"},
		{self->skeleton->progs.on_brk, "sys_exit_brk"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(calls); i++)
		if (attach_tracepoint(self, calls[i].program, "syscalls", calls[i].name))
			self->missing.map_calls = true;
}

static int attach_hooks(struct programs *self)
{
	struct memsonde_bpf *skeleton = self->skeleton;
	struct bpf_program *required[] = {
		skeleton->progs.on_fork,
		skeleton->progs.on_exec,
		skeleton->progs.on_exit,
		skeleton->progs.on_rss_stat,
	};
	int error;

	for (size_t i = 0; i < ARRAY_SIZE(required); i++) {
		error = attach_typed(self, required[i]);
		if (error)
			return error;
	}
	if (self->missing.fault_causes)
		self->missing.faults = attach_fault_event(self) != 0;
	else if ((error = attach_typed(self, skeleton->progs.on_page_fault_user)))
		return error;
	attach_map_calls(self);
	self->missing.oom_kills =
		attach_tracepoint(self, skeleton->progs.on_oom_kill, "oom", "mark_victim") != 0;
	return 0;
}

static int run_once(const struct bpf_program *program)
{
	LIBBPF_OPTS(bpf_test_run_opts, options);

	if (bpf_prog_test_run_opts(bpf_program__fd(program), &options))
		return -errno;
	return options.retval ? -ENOENT : 0;
}

/* What the other programs rely on, before any of them runs. */
static int prepare(struct programs *self)
{
	int error = run_once(self->skeleton->progs.find_own_level);

	if (error || !bpf_program__autoload(self->skeleton->progs.find_cpu_offsets))
		return error;
	error = run_once(self->skeleton->progs.find_cpu_offsets);
	if (error) {
		log_verbose("RSS counters: the parts of each CPU cannot be found: %s",
			    strerror(-error));
		self->missing.cpu_parts = true;
	}
	return 0;
}

/* A process that does nothing but tell of collections could go on faster than we read. */
#define COLLECTIONS_AT_ONCE 16384
#define ENOUGH_FOR_NOW	    (-EAGAIN)

static int pass_ended(void *context, void *data, size_t size)
{
	struct programs *self = context;
	uint32_t type;

	if (size < sizeof(type) || !self->ended_callback)
		return 0;
	type = *(const uint32_t *)data;
	self->ended_callback(self->ended_context, data, type);
	return type == RECORD_COLLECTION && !--self->collections_left ? ENOUGH_FOR_NOW : 0;
}

static int load_and_attach(struct programs *self, const struct programs_settings *settings)
{
	int error = memsonde_bpf__load(self->skeleton);

	if (error)
		return explain_failure(self, error);
	error = prepare(self);
	if (error)
		return explain_failure(self, error);
	self->census = bpf_program__attach_iter(self->skeleton->progs.take_census, NULL);
	if (!self->census)
		return explain_failure(self, -errno);
	if (settings->iterators_only)
		return 0;
	self->ended =
		ring_buffer__new(bpf_map__fd(self->skeleton->maps.ended), pass_ended, self, NULL);
	if (!self->ended)
		return explain_failure(self, -errno);
	if (settings->collections) {
		int ring = bpf_map__fd(self->skeleton->maps.collections);

		error = ring_buffer__add(self->ended, ring, pass_ended, self);
		if (error)
			return explain_failure(self, error);
	}
	self->skeleton->bss->look_number = 1;
	error = attach_hooks(self);
	return error == -EPERM || error == -EACCES ? explain_failure(self, error) : error;
}

int programs__open(struct programs **programs, const struct programs_settings *settings)
{
	struct programs *self = xcalloc(1, sizeof(*self));
	int error;

	self->trial = settings->trial;
	libbpf_set_print(print_libbpf);
	self->buffer_bytes = 2 * ITERATOR_BUFFER_BYTES;
	/* Whoever copies a record cut short copies what is behind it, too. */
	self->buffer = xcalloc(1, self->buffer_bytes + sizeof(struct process_counters));
	self->skeleton = memsonde_bpf__open();
	if (!self->skeleton) {
		error = explain_failure(self, -errno);
	} else {
		error = select_programs(self, settings);
		if (!error)
			error = apply_settings(self, settings);
		if (!error)
			error = load_and_attach(self, settings);
	}
	if (error) {
		programs__close(self);
		return error;
	}
	*programs = self;
	return 0;
}

void programs__close(struct programs *self)
{
	if (!self)
		return;
	for (size_t i = 0; i < self->link_count; i++)
		bpf_link__destroy(self->links[i]);
	free(self->links);
	bpf_link__destroy(self->census);
	ring_buffer__free(self->ended);
	memsonde_bpf__destroy(self->skeleton);
	free(self->buffer);
	free(self);
}

const struct programs_missing *programs__missing(const struct programs *self)
{
	return &self->missing;
}

int programs__add_process(struct programs *self, pid_t pid)
{
	static const struct process_counters none;
	int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	int error;

	if (fd < 0)
		return -errno;
	error = bpf_map_update_elem(bpf_map__fd(self->skeleton->maps.counters), &fd, &none,
				    BPF_NOEXIST);
	close(fd);
	return error == -EEXIST ? 0 : error;
}

/*
 * Since 7.x a program can be preempted while it runs, and is then not run for another
 * task on that CPU: the kernel leaves that out, and counts it. on_rss_stat counts
 * nothing itself, its next run makes up for one that was left out.
 */
static uint64_t missed_runs(const struct programs *self)
{
	struct bpf_program *program;
	uint64_t sum = 0;

	bpf_object__for_each_program(program, self->skeleton->obj)
	{
		struct bpf_prog_info info = {0};
		__u32 length = sizeof(info);
		int fd = bpf_program__fd(program);

		if (fd >= 0 && program != self->skeleton->progs.on_rss_stat &&
		    !bpf_obj_get_info_by_fd(fd, &info, &length))
			sum += info.recursion_misses;
	}
	return sum;
}

uint64_t programs__next_look(struct programs *self)
{
	self->missed_runs = missed_runs(self);
	return __atomic_fetch_add(&self->skeleton->bss->look_number, 1, __ATOMIC_RELEASE);
}

/* length: how much of the record is there; 0 when that is not enough to tell. */
static size_t record_bytes(enum record_type type, const void *record, size_t length)
{
	const struct process_record *process = record;

	switch (type) {
	case RECORD_PROCESS:
		if (length < offsetof(struct process_record, counters))
			return 0;
		return process->counted ? sizeof(*process)
					: offsetof(struct process_record, counters);
	case RECORD_THREAD:
		return sizeof(struct thread_record);
	case RECORD_VMA:
		return sizeof(struct vma_record);
	case RECORD_END:
		return sizeof(struct end_record);
	default:
		return 0;
	}
}

/* Hands on whole records; returns how many bytes of them there were. *end becomes true
 * at the record that says so. */
static size_t pass_records(const char *data, size_t length, record_callback callback, void *context,
			   bool *end)
{
	size_t offset = 0;

	while (length - offset >= sizeof(uint32_t)) {
		enum record_type type = *(const uint32_t *)(data + offset);
		size_t bytes = record_bytes(type, data + offset, length - offset);

		if (bytes == 0 || bytes > length - offset)
			break;
		if (type == RECORD_END) {
			*end = true;
			break;
		}
		callback(context, data + offset, type);
		offset += bytes;
	}
	return offset;
}

static int read_iterator(struct programs *self, struct bpf_link *link, record_callback callback,
			 void *context)
{
	int fd = bpf_iter_create(bpf_link__fd(link));
	size_t kept = 0; /* the start of a record whose rest comes with the next read */
	bool end = false;
	int error = 0;

	if (fd < 0)
		return -errno;
	while (!end) {
		ssize_t got = read(fd, self->buffer + kept, self->buffer_bytes - kept);
		size_t length, done;

		if (got < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (got <= 0) {
			error = got < 0 ? -errno : 0;
			break;
		}
		length = kept + (size_t)got;
		done = pass_records(self->buffer, length, callback, context, &end);
		kept = length - done;
		memmove(self->buffer, self->buffer + done, kept);
	}
	close(fd);
	return error;
}

static int read_of_one(struct programs *self, struct bpf_program *program,
		       union bpf_iter_link_info *one, record_callback callback, void *context)
{
	LIBBPF_OPTS(bpf_iter_attach_opts, options, .link_info = one, .link_info_len = sizeof(*one));
	struct bpf_link *link = bpf_program__attach_iter(program, &options);
	int error;

	if (!link)
		return -errno;
	error = read_iterator(self, link, callback, context);
	bpf_link__destroy(link);
	return error;
}

int programs__read_census(struct programs *self, pid_t tgid, record_callback callback,
			  void *context)
{
	union bpf_iter_link_info one = {.task.pid = (__u32)tgid};

	if (tgid == 0)
		return read_iterator(self, self->census, callback, context);
	return read_of_one(self, self->skeleton->progs.take_census, &one, callback, context);
}

int programs__read_mappings(struct programs *self, pid_t tgid, bool leader_lives,
			    record_callback callback, void *context)
{
	union bpf_iter_link_info leader = {.task.tid = (__u32)tgid};
	union bpf_iter_link_info any_thread = {.task.pid = (__u32)tgid};

	return read_of_one(self, self->skeleton->progs.list_mappings,
			   leader_lives ? &leader : &any_thread, callback, context);
}

int programs__read_ended(struct programs *self, record_callback callback, void *context)
{
	int result;

	if (!self->ended)
		return 0;
	self->ended_callback = callback;
	self->ended_context = context;
	self->collections_left = COLLECTIONS_AT_ONCE;
	result = ring_buffer__consume(self->ended);
	self->ended_callback = NULL;
	return result < 0 && result != ENOUGH_FOR_NOW ? result : 0;
}

int programs__ended_fd(const struct programs *self)
{
	return self->ended ? ring_buffer__epoll_fd(self->ended) : -1;
}

struct collection_probes {
	struct bpf_link *links[COLLECTION_PROBE_COUNT];
};

int programs__attach_collections(struct programs *self, pid_t tid,
				 const struct collection_places *places,
				 struct collection_probes **probes)
{
	struct collection_probes *made = xcalloc(1, sizeof(*made));

	/* Pauses begin to be seen last, so that nothing of one is missed. */
	for (int i = COLLECTION_PROBE_COUNT - 1; i >= 0; i--) {
		int error;

		if (!places->offsets[i])
			continue;
		made->links[i] = bpf_program__attach_uprobe(collection_program(self, i), false, tid,
							    places->path, places->offsets[i]);
		if (made->links[i])
			continue;
		error = -errno;
		collection_probes__free(made);
		return error;
	}
	*probes = made;
	return 0;
}

void collection_probes__free(struct collection_probes *probes)
{
	if (!probes)
		return;
	for (int i = 0; i < COLLECTION_PROBE_COUNT; i++)
		bpf_link__destroy(probes->links[i]);
	free(probes);
}

uint64_t programs__lost_collections(const struct programs *self)
{
	return self->skeleton->bss->lost_collections;
}

uint64_t programs__lost_events(const struct programs *self)
{
	return self->skeleton->bss->lost_counters + self->skeleton->bss->lost_exits +
	       self->skeleton->bss->lost_collections + self->missed_runs;
}

size_t programs__ring_bytes(void)
{
	return EXIT_RING_BYTES_DEFAULT;
}
