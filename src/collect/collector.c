/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/collector.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/memory.h"
#include "collect/breakdown.h"
#include "collect/census.h"
#include "collect/collections.h"
#include "collect/ended.h"
#include "collect/groups.h"
#include "collect/programs.h"
#include "collect/selection.h"
#include "model/account.h"
#include "system/machine.h"
#include "system/page_runs.h"

/* What one evaluation may cost: of a process that somebody looks at, and of many. */
static const struct evaluator_limits generous_limits = {
	.usual = {.pages = 131072, .deadline_ns = 3000000000},
	.patient = {.pages = 131072, .deadline_ns = 3000000000},
};
static const struct evaluator_limits modest_limits = {
	.usual = {.pages = 16384, .deadline_ns = 300000000},
	.patient = {.pages = 65536, .deadline_ns = 1000000000},
};
#define FEW_PROCESSES 4

/* Of the distance between two clocks. */
#define CLOCK_ROUNDING_NS 100000

struct collector {
	struct source source; /* first: the two are converted into each other */
	struct collector_settings settings;
	struct programs *programs;
	struct groups *groups;
	struct selection *selection;
	struct breakdown *breakdown;
	struct elf_symbols *symbols; /* for evaluator and collections: a file is read once */
	struct evaluator *evaluator; /* NULL: no functions of targets are asked */
	struct ended *ended;
	struct collections *collections; /* NULL: not wanted */
	struct account *draining;	 /* where collections go */
	struct thread_record *threads;	 /* that came before their process in a census */
	size_t thread_count, thread_capacity;
	int64_t boot_to_unix_ns; /* read once: start times tell processes apart */
	bool looked;
};

/* One look under way. */
struct look {
	struct collector *self;
	struct account *account;
	struct census_clock clock;
};

/*
 * From a clock to unix time. Each reading between two of the other clock gives bounds; all
 * together leave some ten nanoseconds, which rounding removes: start times must be the
 * same in every run, as they tell processes apart.
 */
static int64_t distance_to_unix_ns(clockid_t clock)
{
	int64_t lowest = INT64_MIN, highest = INT64_MAX;

	for (int i = 0; i < 64; i++) {
		int64_t before = clock_ns(clock);
		int64_t realtime = clock_ns(CLOCK_REALTIME);
		int64_t after = clock_ns(clock);

		if (realtime - after > lowest)
			lowest = realtime - after;
		if (realtime - before < highest)
			highest = realtime - before;
	}
	return (lowest + (highest - lowest) / 2 + CLOCK_ROUNDING_NS / 2) / CLOCK_ROUNDING_NS *
	       CLOCK_ROUNDING_NS;
}

static void read_clocks(struct census_clock *clock, const struct collector *self,
			const struct account *account)
{
	clock->boot_to_unix_ns = self->boot_to_unix_ns;
	clock->monotonic_to_unix_ns = distance_to_unix_ns(CLOCK_MONOTONIC);
	clock->now_unix_ns = clock_ns(CLOCK_REALTIME);
	clock->previous_unix_ns = account->look ? account->time_unix_ns : FIGURE_UNKNOWN;
}

static void set_exe(struct process *process, bool same_image)
{
	char *exe;

	if (same_image && process->exe)
		return;
	exe = process_exe__read((pid_t)process->key.pid);
	account__set_text(&process->exe, exe);
	free(exe);
}

static void set_group(const struct look *look, struct process *process, struct group *group)
{
	if (!group)
		return;
	if (!process->cgroup || strcmp(process->cgroup, group->path ? group->path : ""))
		account__set_text(&process->cgroup, group->path);
	groups__fill_container(look->self->groups, group, look->account);
	process->container = group->container;
	process->figures[FIG_LIMIT_CONTAINER] = group->limit_bytes;
}

static void set_machine_figures(const struct look *look, struct process *process)
{
	uint64_t lost = programs__lost_events(look->self->programs);

	process->figures[FIG_LIMIT_AVAILABLE] = look->account->memory_available_bytes;
	if (!lost)
		process->figures[FIG_LOST_EVENTS] = 0;
	else
		process__add_note(process, "lost.events: %llu events of some processes",
				  (unsigned long long)lost);
}

/* Twins and parsers of ours come and go with each look: they are how it is looked, not what
 * is there. */
static bool is_own_helper(uint32_t parent_pid, const char comm[RECORD_COMM_LENGTH])
{
	static const char *const names[] = {"memsonde-twin", "memsonde-parser"};

	if (parent_pid != (uint32_t)getpid())
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (!strncmp(comm, names[i], RECORD_COMM_LENGTH))
			return true;
	return false;
}

static void take_process(struct look *look, const struct process_record *record)
{
	struct collector *self = look->self;
	struct process_key key = {.pid = record->pid, .start_ns = record->start_ns};
	struct process *process;
	struct group *group;
	bool same_image;

	if (record->pid == 0 || is_own_helper(record->parent_pid, record->comm) ||
	    ended__has(self->ended, key))
		return;
	group = groups__find(self->groups, record->unified_cgroup_id, record->memory_cgroup_id,
			     (pid_t)record->pid, look->account->look);
	if (!selection__has(self->selection, record, group))
		return;
	process = account__find(look->account, key);
	if (process && process->seen_look == look->account->look)
		return; /* a further thread of a process whose leader has ended */
	same_image = process && process->image == record->image;
	process = account__process(look->account, key);
	census__fill(process, record, programs__missing(self->programs), &look->clock);
	set_exe(process, same_image);
	set_group(look, process, group);
	set_machine_figures(look, process);
}

static void take_thread(struct look *look, const struct thread_record *record)
{
	struct collector *self = look->self;

	ARRAY_GROW(self->threads, self->thread_count, self->thread_capacity);
	self->threads[self->thread_count++] = *record;
}

static void take_record(void *context, const void *record, enum record_type type)
{
	if (type == RECORD_PROCESS)
		take_process(context, record);
	else if (type == RECORD_THREAD)
		take_thread(context, record);
}

/* Threads come after the census: numbers of threads can be below their process's. */
static void add_threads(struct look *look)
{
	struct collector *self = look->self;

	for (size_t i = 0; i < self->thread_count; i++) {
		const struct thread_record *record = &self->threads[i];
		struct process_key key = {.pid = record->pid, .start_ns = record->start_ns};
		struct process *process = account__find(look->account, key);

		if (process && process->seen_look == look->account->look)
			census__add_thread(process, record);
	}
	self->thread_count = 0;
}

static int compare_rss(const void *left, const void *right)
{
	const struct process *a = *(struct process *const *)left;
	const struct process *b = *(struct process *const *)right;

	return (a->figures[FIG_RSS] < b->figures[FIG_RSS]) -
	       (a->figures[FIG_RSS] > b->figures[FIG_RSS]);
}

static int compare_pid(const void *left, const void *right)
{
	const struct process *a = *(struct process *const *)left;
	const struct process *b = *(struct process *const *)right;

	return (a->key.pid > b->key.pid) - (a->key.pid < b->key.pid);
}

/* Living processes of this look, into new memory. */
static struct process **seen_processes(const struct account *account, size_t *count)
{
	struct process **seen = xcalloc(account->process_count + 1, sizeof(struct process *));

	*count = 0;
	for (size_t i = 0; i < account->process_count; i++)
		if (account->processes[i]->seen_look == account->look)
			seen[(*count)++] = account->processes[i];
	return seen;
}

static void set_unique(struct container *container, const int64_t *unique_bytes)
{
	int64_t sum = 0;

	for (int i = 0; i < CLASS_COUNT - 1; i++) {
		container->figures[CFIG_CLASS_FIRST + i] = unique_bytes[i];
		sum += unique_bytes[i];
	}
	container->figures[CFIG_RSS_UNIQUE] = sum;
	container->figures[CFIG_CLASS_UNACCOUNTED] = 0;
}

/* NULL where its functions are not to be asked. */
static const struct evaluator_limits *twin_limits_of(const struct collector *self,
						     const struct process *process)
{
	if (!self->evaluator ||
	    (self->settings.twins == TWINS_OF_WANTED && !process->wants_breakdown))
		return NULL;
	if (process->wants_breakdown ||
	    (self->settings.what == COLLECT_PIDS && self->settings.pid_count <= FEW_PROCESSES))
		return &generous_limits;
	return &modest_limits;
}

/* A look at many processes, on a machine that is short of memory, takes long: who wants to end
 * gets what is known by then. False if that is now. */
static bool may_go_on(struct process *process)
{
	if (!stop_is_pending())
		return true;
	process__add_note(process, "classes: interrupted");
	return false;
}

/*
 * The classes of a container are sums over its processes in the order of their pids. A
 * page that several of them map counts once, in the class it has in the first one; a
 * page that is mapped outside the container, too, counts wholly.
 */
static void break_down_container(struct look *look, struct container *container,
				 struct process **processes, size_t count)
{
	struct collector *self = look->self;
	int64_t unique_bytes[CLASS_COUNT] = {0};
	bool all = true;

	breakdown__begin_container(self->breakdown);
	for (size_t i = 0; i < count; i++) {
		if (processes[i]->container != container)
			continue;
		all &= may_go_on(processes[i]);
		if (all)
			breakdown__process(self->breakdown, processes[i],
					   twin_limits_of(self, processes[i]), unique_bytes);
	}
	if (all && breakdown__container_is_complete(self->breakdown))
		set_unique(container, unique_bytes);
}

static bool wants_container(const struct look *look, const struct container *container)
{
	return container->seen_look == look->account->look &&
	       (container->wants_breakdown || look->self->settings.what == COLLECT_CONTAINERS ||
		look->self->settings.what == COLLECT_CGROUPS) &&
	       (container->wants_breakdown || look->self->settings.breakdown > 0);
}

/* Each container's processes are sorted out by pid only where one is wanted. */
static void break_down_containers(struct look *look, struct process **processes, size_t count)
{
	bool sorted = false;

	for (size_t i = 0; i < look->account->container_count; i++) {
		if (!wants_container(look, look->account->containers[i]))
			continue;
		if (!sorted)
			qsort(processes, count, sizeof(struct process *), compare_pid);
		sorted = true;
		break_down_container(look, look->account->containers[i], processes, count);
	}
}

static void break_down(struct look *look)
{
	struct collector *self = look->self;
	size_t count;
	struct process **processes = seen_processes(look->account, &count);

	break_down_containers(look, processes, count);
	if (self->settings.breakdown > 0)
		qsort(processes, count, sizeof(struct process *), compare_rss);
	for (size_t i = 0; i < count; i++) {
		bool wanted =
			(int64_t)i < self->settings.breakdown || processes[i]->wants_breakdown;

		if (wanted && !figure_known(processes[i]->figures[FIG_CLASS_UNACCOUNTED]) &&
		    may_go_on(processes[i]))
			breakdown__process(self->breakdown, processes[i],
					   twin_limits_of(self, processes[i]), NULL);
		if (self->settings.pss)
			pss__read((pid_t)processes[i]->key.pid, &processes[i]->figures[FIG_PSS]);
	}
	free(processes);
}

/* Who watches collections looks at V8's heaps, and at nothing else. */
static void ask_runtimes(struct look *look)
{
	struct collector *self = look->self;
	size_t count;
	struct process **processes = seen_processes(look->account, &count);

	for (size_t i = 0; i < count && may_go_on(processes[i]); i++)
		breakdown__runtimes(self->breakdown, processes[i],
				    twin_limits_of(self, processes[i]));
	free(processes);
}

/*
 * Up to some kernels a process that ends gives back its memory, which takes long of much,
 * before its end is told, and the census does not see it meanwhile. This is asked before
 * the ends are read: of those that it finds ended, the end was told.
 */
static void mark_ending(struct look *look)
{
	struct account *account = look->account;

	for (size_t i = 0; i < account->process_count; i++) {
		struct process *process = account->processes[i];

		if (process->seen_look != account->look)
			process->is_ending =
				process_is_ending((pid_t)process->key.pid, process->key.start_ns);
	}
}

static void take_ended(struct look *look)
{
	struct collector *self = look->self;
	const struct exit_record *record;

	while ((record = ended__next(self->ended)) != NULL) {
		struct process_key key = {.pid = record->pid, .start_ns = record->start_ns};
		struct process *known = account__find(look->account, key);
		struct process *process;

		if (is_own_helper(record->parent_pid, record->comm) ||
		    (!known && !selection__has_ended(self->selection, record)))
			continue;
		process = account__exited(look->account, key);
		if (!process)
			continue;
		census__fill_exit(process, record, programs__missing(self->programs), &look->clock);
		set_machine_figures(look, process);
		process->oom_killed = ended__was_oom_killed(self->ended, record->pid);
		if (!process->container)
			set_group(look, process,
				  groups__known(self->groups, record->unified_cgroup_id,
						record->memory_cgroup_id));
	}
}

/* Processes that the selection took in and that BPF does not count yet. */
static void count_new_ones(struct look *look)
{
	pid_t pid;

	while ((pid = selection__next_uncounted(look->self->selection)) > 0)
		programs__add_process(look->self->programs, pid);
}

/* The targets ended between the start and the first look, and nobody saw how. */
static bool is_gone(const struct collector *self, const struct account *account)
{
	return selection__is_over(self->selection) && !account->process_count &&
	       !account->exited_count && !account->ending_count;
}

static int collector__look(struct source *source, struct account *account)
{
	struct collector *self = (struct collector *)source;
	struct look look = {.self = self, .account = account};
	int error;

	if (self->looked && selection__is_over(self->selection) && !account->ending_count)
		return -ENODATA;
	read_clocks(&look.clock, self, account);
	look.clock.ended_look = programs__next_look(self->programs);
	account__begin_look(account, look.clock.now_unix_ns);
	look.clock.look = account->look;
	account->cpu_count = sysconf(_SC_NPROCESSORS_ONLN);
	machine__read_memory(&account->memory_total_bytes, &account->memory_available_bytes);
	if (self->settings.max_exits)
		account->exited_limit = (size_t)self->settings.max_exits;
	selection__begin_look(self->selection);
	error = programs__read_census(self->programs, 0, take_record, &look);
	if (error) {
		log_error("the census of processes failed: %s", strerror(-error));
		return error;
	}
	add_threads(&look);
	if (!self->settings.single_look)
		count_new_ones(&look);
	mark_ending(&look);
	source->drain(source, account);
	take_ended(&look);
	if (self->settings.collections == COLLECTIONS_EACH)
		ask_runtimes(&look);
	else
		break_down(&look);
	if (self->evaluator)
		evaluator__end_look(self->evaluator, account->look);
	if (self->collections)
		collections__look(self->collections, account, look.clock.monotonic_to_unix_ns);
	account->lost_events = (int64_t)programs__lost_events(self->programs);
	account__end_look(account);
	groups__forget_unseen(self->groups, account->look);
	if (!self->looked && is_gone(self, account))
		return -ENODATA;
	self->looked = true;
	return 0;
}

static void take_ended_record(void *context, const void *record, enum record_type type)
{
	struct collector *self = context;

	if (type != RECORD_COLLECTION)
		ended__add(self->ended, record, type);
	else if (self->collections)
		collections__take(self->collections, self->draining, record);
}

static void collector__drain(struct source *source, struct account *account)
{
	struct collector *self = (struct collector *)source;

	self->draining = account;
	programs__read_ended(self->programs, take_ended_record, self);
}

static void collector__close(struct source *source)
{
	struct collector *self = (struct collector *)source;

	breakdown__free(self->breakdown);
	evaluator__free(self->evaluator);
	collections__free(self->collections);
	elf_symbols__free(self->symbols);
	programs__close(self->programs);
	selection__free(self->selection);
	groups__free(self->groups);
	ended__free(self->ended);
	free(self->threads);
	free(self);
}

/* Names that do not exist are errors now, not an empty table later. */
static int resolve_targets(struct collector *self)
{
	struct account account;
	struct look look = {.self = self, .account = &account};
	int error;

	account__init(&account);
	read_clocks(&look.clock, self, &account);
	/* No look begins: it stays number 0, so that the first real look asks the groups
	 * anew for their containers, which until then are in this account. */
	selection__begin_look(self->selection);
	error = programs__read_census(self->programs, 0, take_record, &look);
	self->thread_count = 0;
	if (!error)
		error = selection__check(self->selection, self->groups);
	if (!error && !self->settings.single_look)
		count_new_ones(&look);
	account__release(&account);
	return error;
}

int collector__open(struct source **source, const struct collector_settings *settings)
{
	struct programs_settings wanted = {
		.count_everything = settings->what == COLLECT_EVERYTHING,
		.follow_forks = settings->what != COLLECT_PIDS,
		.iterators_only = settings->single_look,
		.collections = settings->collections != COLLECTIONS_NONE,
	};
	struct collector *self = xcalloc(1, sizeof(*self));
	int error;

	if (!proc_is_ours()) {
		free(self);
		log_error(
			"/proc is not mounted, or shows another pid namespace than ours: mount it "
			"anew (unshare has --mount-proc)");
		return -ESRCH;
	}
	self->settings = *settings;
	self->boot_to_unix_ns = distance_to_unix_ns(CLOCK_BOOTTIME);
	self->source = (struct source){
		.look = collector__look,
		.drain = collector__drain,
		.close = collector__close,
		.fd = -1,
	};
	self->groups = groups__new();
	self->ended = ended__new();
	self->symbols = elf_symbols__new();
	self->selection = selection__new(&self->settings, groups__mounts(self->groups));
	error = programs__open(&self->programs, &wanted);
	if (!error) {
		self->source.fd = programs__ended_fd(self->programs);
		if (settings->twins != TWINS_OF_NONE)
			self->evaluator = evaluator__new(self->symbols);
		self->breakdown = breakdown__new(self->programs, self->evaluator);
		if (wanted.collections && !wanted.iterators_only)
			self->collections =
				collections__new(self->programs, self->symbols,
						 settings->collections == COLLECTIONS_EACH);
		error = resolve_targets(self);
	}
	if (error) {
		collector__close(&self->source);
		return error;
	}
	*source = &self->source;
	return 0;
}
