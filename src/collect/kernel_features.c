/* SPDX-License-Identifier: GPL-2.0-only */
#include "collect/kernel_features.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "collect/programs.h"
#include "system/cgroup.h"
#include "system/machine.h"
#include "system/page_runs.h"
#include "system/tracefs.h"
#include "twin/twin.h"

/* linux/bpf.h of 6.6 and 6.13; older headers lack them. */
#define ATTACH_UPROBE_MULTI   48
#define ATTACH_UPROBE_SESSION 57
#define COMMAND_LINK_CREATE   28

static enum feature_state probe_proc(char *detail, size_t size)
{
	struct statfs mounted;

	if (statfs("/proc", &mounted) || mounted.f_type != PROC_SUPER_MAGIC) {
		snprintf(detail, size, "not mounted");
		return FEATURE_MISSING;
	}
	if (!proc_is_ours()) {
		snprintf(detail, size, "shows another pid namespace than ours");
		return FEATURE_MISSING;
	}
	return FEATURE_OK;
}

static enum feature_state probe_sys(char *detail, size_t size)
{
	struct statfs mounted;

	if (statfs("/sys", &mounted) == 0 && mounted.f_type == SYSFS_MAGIC)
		return FEATURE_OK;
	snprintf(detail, size, "not mounted");
	return FEATURE_MISSING;
}

static enum feature_state probe_btf(char *detail, size_t size)
{
	struct utsname system;

	uname(&system);
	snprintf(detail, size, "Linux %s, %s", system.release, system.machine);
	return access("/sys/kernel/btf/vmlinux", R_OK) == 0 ? FEATURE_OK : FEATURE_MISSING;
}

/* Those of the list that we have not; true if there are none. */
static bool have_capabilities(const cap_value_t *wanted, size_t count, char *detail, size_t size)
{
	cap_t own = cap_get_proc();
	size_t length = 0;
	bool all = own != NULL;

	for (size_t i = 0; own && i < count; i++) {
		cap_flag_value_t set = CAP_CLEAR;
		char *name;

		if (cap_get_flag(own, wanted[i], CAP_EFFECTIVE, &set) == 0 && set == CAP_SET)
			continue;
		all = false;
		name = cap_to_name(wanted[i]);
		if (length < size)
			length += (size_t)snprintf(detail + length, size - length, "%s%s",
						   length ? ", " : "without ", name ? name : "?");
		cap_free(name);
	}
	cap_free(own);
	return all;
}

static enum feature_state probe_capabilities(char *detail, size_t size)
{
	static const cap_value_t wanted[] = {CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE,
					     CAP_DAC_READ_SEARCH};

	return have_capabilities(wanted, ARRAY_SIZE(wanted), detail, size) ? FEATURE_OK
									   : FEATURE_MISSING;
}

static enum feature_state probe_iterators(char *detail, size_t size)
{
	struct programs_settings settings = {.iterators_only = true, .trial = true};
	struct programs *programs;
	int error = programs__open(&programs, &settings);

	if (error) {
		snprintf(detail, size, "%s", strerror(-error));
		return FEATURE_MISSING;
	}
	if (programs__missing(programs)->cpu_parts)
		snprintf(detail, size, "per-CPU parts of RSS cannot be read");
	error = programs__missing(programs)->cpu_parts;
	programs__close(programs);
	return error ? FEATURE_DEGRADED : FEATURE_OK;
}

static enum feature_state probe_hooks(char *detail, size_t size)
{
	struct programs_settings settings = {.trial = true};
	const struct programs_missing *missing;
	struct programs *programs;
	enum feature_state state = FEATURE_OK;
	int error = programs__open(&programs, &settings);

	if (error) {
		snprintf(detail, size, "%s", strerror(-error));
		return FEATURE_MISSING;
	}
	missing = programs__missing(programs);
	if (missing->faults || missing->fault_causes || missing->map_calls || missing->oom_kills) {
		snprintf(detail, size, "without%s%s%s%s", missing->faults ? " faults" : "",
			 missing->fault_causes && !missing->faults ? " causes of faults" : "",
			 missing->map_calls ? " mapping calls" : "",
			 missing->oom_kills ? " OOM kills" : "");
		state = FEATURE_DEGRADED;
	}
	programs__close(programs);
	return state;
}

static enum feature_state probe_tracefs(char *detail, size_t size)
{
	int id = tracepoint_id("syscalls", "sys_exit_mmap");

	if (id > 0) {
		bool mounted = access("/sys/kernel/tracing/events", F_OK) == 0 ||
			       access("/sys/kernel/debug/tracing/events", F_OK) == 0;

		snprintf(detail, size, "%s", mounted ? "mounted" : "not mounted: used privately");
		return FEATURE_OK;
	}
	snprintf(detail, size, "%s", strerror(-id));
	return FEATURE_MISSING;
}

static enum feature_state probe_page_scan(char *detail, size_t size)
{
	(void)detail;
	(void)size;
	return page_source() == PAGES_BY_SCAN ? FEATURE_OK : FEATURE_DEGRADED;
}

static enum feature_state probe_frames(char *detail, size_t size)
{
	static const cap_value_t wanted[] = {CAP_SYS_ADMIN};

	return have_capabilities(wanted, ARRAY_SIZE(wanted), detail, size) ? FEATURE_OK
									   : FEATURE_DEGRADED;
}

static enum feature_state probe_cgroups(char *detail, size_t size)
{
	static const char *const layouts[] = {
		[CGROUP_NONE] = "not mounted",
		[CGROUP_V1] = "version 1",
		[CGROUP_V2] = "version 2",
		[CGROUP_HYBRID] = "hybrid",
	};
	struct cgroup_mounts *mounts = cgroup_mounts__open("");
	enum cgroup_layout layout = cgroup_mounts__layout(mounts);

	snprintf(detail, size, "%s%s", layouts[layout],
		 layout == CGROUP_HYBRID && cgroup_mounts__memory_is_v1(mounts)
			 ? ", memory in version 1"
			 : "");
	cgroup_mounts__free(mounts);
	return layout == CGROUP_NONE ? FEATURE_DEGRADED : FEATURE_OK;
}

static enum feature_state probe_uprobe(char *detail, size_t size)
{
	(void)detail;
	(void)size;
	return access("/sys/bus/event_source/devices/uprobe/type", R_OK) == 0 ? FEATURE_OK
									      : FEATURE_MISSING;
}

/*
 * A link to "/" cannot succeed: a kernel that knows the kind of link says that it is no
 * file (EBADF), another that the arguments are wrong (EINVAL). libbpf 1.1 has no call
 * for it; the layout is that of union bpf_attr.
 */
static enum feature_state probe_uprobe_link(enum bpf_attach_type type, char *detail, size_t size)
{
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = type);
	const struct bpf_insn return_0[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	uint64_t offset = 1;
	struct {
		uint32_t program_fd, target_fd, attach_type, flags;
		uint64_t path, offsets, reference_offsets, cookies;
		uint32_t count, multi_flags, pid, padding;
	} link = {
		.attach_type = type,
		.path = (uintptr_t) "/",
		.offsets = (uintptr_t)&offset,
		.count = 1,
	};
	int fd = bpf_prog_load(BPF_PROG_TYPE_KPROBE, "try_uprobe", "GPL", return_0,
			       ARRAY_SIZE(return_0), &options);
	bool known;

	if (fd < 0) {
		snprintf(detail, size, "%s", strerror(errno));
		return FEATURE_DEGRADED;
	}
	link.program_fd = (uint32_t)fd;
	known = syscall(SYS_bpf, COMMAND_LINK_CREATE, &link, sizeof(link)) < 0 && errno == EBADF;
	close(fd);
	return known ? FEATURE_OK : FEATURE_DEGRADED;
}

static enum feature_state probe_uprobe_multi(char *detail, size_t size)
{
	return probe_uprobe_link(ATTACH_UPROBE_MULTI, detail, size);
}

static enum feature_state probe_uprobe_session(char *detail, size_t size)
{
	return probe_uprobe_link(ATTACH_UPROBE_SESSION, detail, size);
}

/* Either of two lets us open the files that others have mapped. */
static enum feature_state probe_mapped_files(char *detail, size_t size)
{
	static const cap_value_t either[] = {CAP_SYS_ADMIN, CAP_CHECKPOINT_RESTORE};

	for (size_t i = 0; i < ARRAY_SIZE(either); i++) {
		detail[0] = '\0';
		if (have_capabilities(&either[i], 1, detail, size))
			return FEATURE_OK;
	}
	return FEATURE_MISSING;
}

/* A twin of nothing. */
static enum feature_state probe_twin(char *detail, size_t size)
{
	const struct twin_limits limits = {.pages = 1, .deadline_ns = 2000000000};
	struct twin_target target = {.key = {.pid = (uint32_t)getpid()}, .tid = getpid()};
	struct twin *twin = twin__new();
	enum feature_state state = FEATURE_MISSING;

	if (twin__begin_round(twin, &target, &limits)) {
		snprintf(detail, size, "%s", twin__reason(twin));
	} else {
		snprintf(detail, size, "pages by %s", twin__delivery(twin));
		state = twin__has_best_delivery(twin) ? FEATURE_OK : FEATURE_DEGRADED;
	}
	twin__free(twin);
	return state;
}

const struct feature kernel_features[] = {
	{"/proc", true, true, probe_proc, "everything: processes cannot be told",
	 "mount -t proc proc /proc (unshare has --mount-proc)"},
	{"/sys", true, true, probe_sys, "everything: the kernel's types and events are there",
	 "mount -t sysfs sysfs /sys"},
	{"capabilities", true, true, probe_capabilities, "everything",
	 "run as root, or give CAP_BPF, CAP_PERFMON, CAP_SYS_PTRACE, CAP_DAC_READ_SEARCH"},
	{"BTF", false, true, probe_btf, "everything: BPF programs cannot be fitted to this kernel",
	 "boot a kernel with CONFIG_DEBUG_INFO_BTF=y (6.1 or later)"},
	{"BPF iterators", false, true, probe_iterators, "the census and the breakdown",
	 "use a kernel of 6.1 or later; -v shows what it refused"},
	{"kernel events", false, true, probe_hooks,
	 "peaks between looks, faults by cause, mapping calls, short-lived processes",
	 "use a kernel with tracepoints; -v shows what it refused"},
	{"tracefs", false, false, probe_tracefs, "mapping calls and OOM kills",
	 "use a kernel with CONFIG_FTRACE_SYSCALLS=y"},
	{"PAGEMAP_SCAN", false, false, probe_page_scan,
	 "speed: breakdowns read smaps and pagemap instead", "use Linux 6.7 or later"},
	{"page frames", false, false, probe_frames,
	 "classes of containers: pages shared by processes cannot be told", "give CAP_SYS_ADMIN"},
	{"control groups", false, false, probe_cgroups, "containers and their limits",
	 "mount cgroup2 on /sys/fs/cgroup"},
	{"uprobes", false, false, probe_uprobe, "allocations by call stack",
	 "CONFIG_UPROBE_EVENTS=y"},
	{"uprobe links (multi)", false, false, probe_uprobe_multi, "speed of attaching many probes",
	 "use Linux 6.6 or later"},
	{"uprobe links (session)", false, false, probe_uprobe_session,
	 "one probe instead of two per function", "use Linux 6.13 or later"},
	{"mapped files", false, false, probe_mapped_files,
	 "live and slack of allocators, V8's figures: no symbols without the files",
	 "give CAP_CHECKPOINT_RESTORE or CAP_SYS_ADMIN"},
	{"twin", false, false, probe_twin,
	 "live and slack of allocators, V8's figures; without userfaultfd, only their speed",
	 "CONFIG_USERFAULTFD=y; a container's seccomp profile must allow userfaultfd or ptrace; "
	 "where not all of root's rights are there: CAP_SETUID, CAP_SETGID, CAP_KILL"},
};

const size_t kernel_feature_count = ARRAY_SIZE(kernel_features);
