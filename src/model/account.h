/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MEMSONDE_MODEL_ACCOUNT_H
#define MEMSONDE_MODEL_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/collection.h"
#include "model/explain.h"
#include "model/figures.h"
#include "model/isolate.h"
#include "model/sections.h"

/*
 * The account: every process and container with its figures, as of the last
 * look. It knows neither BPF nor /proc nor any output; a live collector and a
 * reader of recorded output fill it by the same calls, and views only read it.
 *
 * One look is
 *	account__begin_look(); account__process() and account__container() for each
 *	that exists, setting figures; account__exited() for each that ended;
 *	account__end_look().
 * The account owns everything it hands out. Pointers to processes and containers
 * stay valid until account__begin_look() of the next look but one after they exited
 * or went away.
 */

/* A process is (pid, start time): a reused pid is another process. */
struct process_key {
	uint64_t start_ns; /* since boot, as the kernel keeps it */
	uint32_t pid;
};

/* What one name of anonymous mappings (PR_SET_VMA_ANON_NAME) holds. */
struct named_bytes {
	char *name;
	int64_t bytes;
};

/* The stack of one thread: `mapped` from its guard to its upper end, `limit` what it may
 * grow to (of the main thread RLIMIT_STACK, of others what is mapped), `touched` resident
 * or swapped pages, `deepest` from the upper end to the lowest page that was ever touched. */
struct thread_stack {
	uint32_t tid;
	char name[64]; /* of the thread; valid UTF-8 without control characters */
	figure_value mapped_bytes, limit_bytes, touched_bytes, deepest_bytes;
};

#define HISTORY_LENGTH 128

/* The last values of one figure, a look each; the newest is at (count - 1) %
 * HISTORY_LENGTH. */
struct history {
	uint64_t count;
	figure_value values[HISTORY_LENGTH];
};

struct container {
	char *id;      /* as the runtime names it, 64 hex digits with most */
	char *name;    /* NULL if it could not be found out */
	char *runtime; /* "docker", "containerd", "podman", "kubernetes", "systemd", ... */
	char *cgroup;  /* path below the cgroup mount */
	char *image;   /* NULL if unknown */
	char *pod;     /* Kubernetes: "namespace/pod", else NULL */
	figure_value figures[CONTAINER_FIGURE_COUNT];
	figure_value previous[CONTAINER_FIGURE_COUNT];
	struct history history; /* of memory_current, or rss_sum where that is unknown */
	bool has_previous;
	bool wants_breakdown; /* set by a view: work out the classes at each look */
	uint64_t seen_look;   /* the look that set it last */
};

struct process {
	struct process_key key;
	uint64_t image; /* changes with every exec */
	uint32_t parent_pid;
	uint32_t namespace_pid; /* as the process itself sees its pid */
	uint32_t uid;
	char comm[64];		     /* valid UTF-8 without control characters */
	char *exe;		     /* the same, NULL if unknown */
	char *cgroup;		     /* the same, NULL if unknown */
	struct container *container; /* NULL: in none */
	int64_t start_time_unix_ns;
	int64_t exit_time_unix_ns; /* meaningful when exited */
	int exit_status;	   /* as of wait(2); -1 if unknown; meaningful when exited */
	bool exited;
	bool is_ending; /* set by a source: unseen in this look, but not at its end yet */
	bool oom_killed;
	bool tagged;	      /* by the user of a screen */
	bool wants_breakdown; /* set by a view: work out the classes at each look */
	bool has_previous;    /* false at its first look: no rates */
	figure_value figures[PROCESS_FIGURE_COUNT];
	figure_value previous[PROCESS_FIGURE_COUNT];
	struct history history;		/* of rss */
	struct named_bytes *anon_names; /* largest first */
	size_t anon_name_count;
	char *allocator;	  /* "glibc", "jemalloc", ...; NULL if unknown */
	char *heap_source;	  /* where heap.* come from: "twin"; NULL if they are unknown */
	struct isolate *isolates; /* in the order in which they were seen */
	size_t isolate_count;
	struct isolates_gone *isolates_gone; /* NULL: none */
	uint32_t last_isolate_id;
	enum collection_watch collection_watch;
	enum native_limit native_limit; /* that limits.native_left is the distance to */
	struct thread_stack *stacks;	/* nearest to its limit first */
	size_t stack_count;
	int64_t stacks_left_out;	  /* of a recording, which holds a part of them */
	bool explained;			  /* explanations were worked out, be it none */
	struct explanation *explanations; /* heaviest first */
	size_t explanation_count;
	struct explain_history *explain_history; /* NULL until explain__look() needs one */
	char **notes;				 /* why a figure is unknown or doubtful */
	size_t note_count;
	uint64_t seen_look; /* the look that saw it alive last, 0: none */
	size_t position;    /* private: in account->processes */
};

#define EXITED_LIMIT_DEFAULT 1000

struct account {
	int64_t time_unix_ns;	    /* of the last look */
	int64_t interval_ns;	    /* since the look before; 0 at the first */
	uint64_t look;		    /* number of looks begun */
	struct process **processes; /* living ones, in no order */
	size_t process_count, process_capacity;
	struct process **exited; /* ended between the last two looks, in no order */
	size_t exited_count, exited_capacity;
	/* not alive any more, nor at its end: its memory is being given back */
	struct process **ending;
	size_t ending_count, ending_capacity;
	size_t exited_limit; /* of exited_count: EXITED_LIMIT_DEFAULT until changed */
	struct container **containers;
	size_t container_count, container_capacity;
	int64_t exited_left_out; /* ended, but not kept for the list's bound */
	int64_t lost_events;	 /* of no particular process */
	/* of the machine; FIGURE_UNKNOWN until a source sets them */
	int64_t cpu_count, memory_total_bytes, memory_available_bytes;
	struct collection *collections; /* since the last account__clear_collections(), in order */
	size_t collection_count, collection_capacity;
	int64_t collections_lost; /* since then, for want of room */
	struct account_private *private;
};

void account__init(struct account *account);
void account__release(struct account *account);

/* Starts a look: the exited list is empty. Of each process and container that the look
 * sees, what was current becomes `previous` and every figure unknown, when it is seen;
 * so what it does not see any more keeps what was known last. */
void account__begin_look(struct account *account, int64_t time_unix_ns);

/* The living process of that key, new if it was not there; marks it as seen. */
struct process *account__process(struct account *account, struct process_key key);

/* The living process of that key or NULL. */
struct process *account__find(const struct account *account, struct process_key key);

/* The living process of that pid or NULL. */
struct process *account__find_pid(const struct account *account, uint32_t pid);

/* Moves a process to the exited list, with its last figures and those before; one that
 * was never seen alive is made. Exit time: now, status unknown, until the caller sets
 * them. NULL if the process is in the list already, or the list is to hold nothing.
 *
 * Of a full list the process of the lowest rss_peak is left out, and exited_left_out
 * counts: set that figure before the next call, which may let this process go. */
struct process *account__exited(struct account *account, struct process_key key);

/* The container of that id and runtime, new if it was not there. */
struct container *account__container(struct account *account, const char *runtime, const char *id);

/* Ends a look: processes that were not seen go to the exited list (exit time: now,
 * status unknown), or are put aside until the next look if they are ending; containers that were
 * not seen go away; works out the sums of containers; adds to histories. */
void account__end_look(struct account *account);

/* Keeps a collection, up to COLLECTIONS_MAX of them. */
#define COLLECTIONS_MAX 65536
void account__add_collection(struct account *account, const struct collection *collection);
void account__clear_collections(struct account *account);

/* Lets go of what one look told beside figures: notes, names, stacks, explanations. */
void process__clear_look(struct process *process);

/* Adds a stack (the name is sanitised); they are put in order at the end of the look. */
void process__add_stack(struct process *process, const struct thread_stack *stack);

/* Adds an explanation behind the others; its evidence is copied, sanitised. */
void process__add_explanation(struct process *process, const struct explanation *explanation);

/* Replaces an owned text (exe, cgroup, name, ...) by a sanitised copy; NULL clears. */
void account__set_text(char **field, const char *text);

/* The note of every process of a look that stands alone: what is counted from look to
 * look is unknown in it. */
extern const char process_single_look_note[];

/* A note that is there already is not repeated. */
void process__add_note(struct process *process, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* Bytes of the same name add up. Only the largest names are kept; a note says so. */
void process__add_anon_name(struct process *process, const char *name, int64_t bytes);

/* Change per second since the look before (counters and gauges alike), rounded to
 * the nearest unit; FIGURE_UNKNOWN where one of the two is, where a counter fell, and of
 * a process that this look did not see alive. */
figure_value process__rate(const struct account *account, const struct process *process,
			   enum process_figure figure);
figure_value container__rate(const struct account *account, const struct container *container,
			     enum container_figure figure);

/* The name people use: its name, else the first 12 characters of its id. */
const char *container__label(const struct container *container, char buffer[16]);

#endif
