/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that wants to harm who measures it: it has the functions by which glibc's malloc
 * tells its figures, and they do what the first argument says (--list: all of them). The
 * second is a directory in which no file may appear.
 *
 * It never runs them itself, and knows whether its own memory is as it was: "untouched" in
 * its lines. "answer" is what it may be measured as: no more than that is said to be live.
 */
#include "target.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sys/syscall.h>

/* The layout of a twin, which is no secret. */
#define HOME_OF(address) ((uint64_t)(address) & ~((UINT64_C(1) << 40) - 1))
#define CODE_OFFSET	 0
#define INJECTION_OFFSET 64
#define CONTROL_OFFSET	 (128 << 10)
#define CONTROL_BYTES	 (192 << 10)
#define BELLS_OFFSET	 (2 << 20)
#define HOME_BYTES	 (32 << 20)

#define ANSWER 4242
#define CANARY 0x5a

struct figures {
	size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks,
		keepcost;
};

static const struct figures good = {.arena = 8192, .uordblks = ANSWER, .fordblks = 8192 - ANSWER};

struct attack {
	const char *name;
	void (*run)(struct figures *figures);
	bool may_answer; /* nothing forbidden in it */
};

static const struct attack *attack;
static char file_path[4096];
static unsigned char canary[64 * 4096];
static unsigned char *untouched_map, *forbidden_map, *short_file_map;
static uint64_t huge_map;
static struct report report;

static long call(long number, long a, long b, long c)
{
	register long r10 __asm__("r10") = 0;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return result;
}

static uint64_t home(void)
{
	return HOME_OF(__builtin_frame_address(0));
}

/* --- attacks --- */

static void do_nothing(struct figures *figures)
{
	(void)figures;
}

static void do_loop(struct figures *figures)
{
	(void)figures;
	for (;;)
		__asm__ volatile("pause");
}

static void do_exec(struct figures *figures)
{
	char *arguments[] = {"/usr/bin/touch", file_path, NULL};

	(void)figures;
	call(SYS_execve, (long)arguments[0], (long)arguments, 0);
}

static void do_open_file(struct figures *figures)
{
	(void)figures;
	call(SYS_open, (long)file_path, O_CREAT | O_WRONLY, 0666);
}

static void do_print(struct figures *figures)
{
	(void)figures;
	for (int fd = 0; fd < 64; fd++)
		call(SYS_write, fd, (long)"hostile\n", 8);
}

static void do_fork(struct figures *figures)
{
	(void)figures;
	call(SYS_fork, 0, 0, 0);
}

static void do_futex_wait(struct figures *figures)
{
	static int word;

	(void)figures;
	call(SYS_futex, (long)&word, 0, 0);
}

static void do_kill_parent(struct figures *figures)
{
	(void)figures;
	call(SYS_kill, call(SYS_getppid, 0, 0, 0), SIGTERM, 0);
}

static void do_mprotect(struct figures *figures)
{
	(void)figures;
	call(SYS_mprotect, (long)home(), HOME_BYTES, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void do_allowed_calls(struct figures *figures)
{
	(void)figures;
	call(SYS_getrandom, (long)canary, 16, 0);
	call(SYS_arch_prctl, 0x1002, (long)canary, 0);
	call(SYS_arch_prctl, 0x1001, (long)canary, 0); /* gs */
}

static void do_calls_of_32_bits(struct figures *figures)
{
	long result = 5; /* open */

	(void)figures;
	__asm__ volatile("int $0x80"
			 : "+a"(result)
			 : "b"(file_path), "c"(O_CREAT | O_WRONLY), "d"(0666)
			 : "memory", "r8", "r9", "r10", "r11");
}

static void do_sysenter(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("mov $5, %%eax\n\tsysenter" ::"b"(file_path), "c"(O_CREAT | O_WRONLY)
			 : "eax", "memory");
}

static void do_calls_of_x32(struct figures *figures)
{
	(void)figures;
	call(SYS_open | 0x40000000, (long)file_path, O_CREAT | O_WRONLY, 0666);
}

static void do_vsyscall(struct figures *figures)
{
	long (*old_time)(long *) = (long (*)(long *))0xffffffffff600400; /* time() */

	(void)figures;
	old_time(NULL);
}

static void do_vdso(struct figures *figures)
{
	struct timespec now;

	(void)figures;
	clock_gettime(CLOCK_MONOTONIC, &now);
	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
}

static void do_write_home(struct figures *figures)
{
	(void)figures;
	memset((void *)(home() + CONTROL_OFFSET), 0xff, CONTROL_BYTES);
}

static void do_write_code(struct figures *figures)
{
	(void)figures;
	memset((void *)(home() + CODE_OFFSET), 0xcc, 4096);
}

/* Claims that the twin could not be set up, and dies. */
static void do_lie_about_setup(struct figures *figures)
{
	uint32_t *words = (uint32_t *)(home() + CONTROL_OFFSET);

	(void)figures;
	for (int i = 0; i < 16; i++)
		words[i] = 2;
	__builtin_trap();
}

static void do_write_all_memory(struct figures *figures)
{
	(void)figures;
	memset(canary, 0xff, sizeof(canary));
	memset(untouched_map, 0xff, MIB);
	for (uint64_t at = 0x10000; at < UINT64_C(1) << 47; at += UINT64_C(1) << 30)
		*(volatile char *)at = 1;
}

/* Tells that its call is done, and all calls that may ever come. */
static void do_forge(struct figures *figures)
{
	memset((void *)(home() + CONTROL_OFFSET + 64), 0x11, CONTROL_BYTES - 64);
	*figures = good;
	figures->uordblks = 1;
	for (uint64_t at = home() + BELLS_OFFSET; at < home() + HOME_BYTES; at += PAGE)
		(void)*(volatile char *)at;
	do_loop(figures);
}

static void do_ring_wrong_bell(struct figures *figures)
{
	(void)figures;
	(void)*(volatile char *)(home() + HOME_BYTES - 1);
}

static void do_jump_to_stub(struct figures *figures)
{
	void (*entry)(uint64_t) = (void (*)(uint64_t))(home() + CODE_OFFSET);

	(void)figures;
	entry(home() + CONTROL_OFFSET);
}

static void do_jump_to_injection(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("jmp *%0" ::"r"(home() + INJECTION_OFFSET), "a"(SYS_open), "D"(file_path),
			 "S"(O_CREAT | O_WRONLY), "d"(0666)
			 : "memory");
}

static void do_huge_figures(struct figures *figures)
{
	figures->arena = SIZE_MAX / 4;
	figures->uordblks = SIZE_MAX / 8;
	figures->fordblks = figures->arena - figures->uordblks;
}

static void do_negative_figures(struct figures *figures)
{
	memset(figures, 0xff, sizeof(*figures));
}

static void do_impossible_figures(struct figures *figures)
{
	figures->uordblks = figures->arena + 1;
	figures->fordblks = (size_t)-1;
}

static void do_fault(struct figures *figures)
{
	(void)figures;
	*(volatile char *)0x123456789000 = 1;
}

static void do_fault_at_null(struct figures *figures)
{
	(void)figures;
	*(volatile char *)16 = 1;
}

static void do_fault_beyond(struct figures *figures)
{
	(void)figures;
	*(volatile char *)0xdead000000000000 = 1;
}

static void do_jump_wild(struct figures *figures)
{
	(void)figures;
	((void (*)(void))0x4141414141414141)();
}

static void do_run_data(struct figures *figures)
{
	(void)figures;
	memcpy(canary, "\xeb\xfe", 2); /* a loop */
	((void (*)(void))canary)();
}

static int grow(volatile int depth)
{
	char frame[512];

	target__keep(frame);
	return grow(depth + 1) + frame[depth % 512];
}

static void do_grow_stack(struct figures *figures)
{
	(void)figures;
	grow(0);
}

static void do_lose_stack(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("mov $0x1234567, %rsp\n\tret");
}

__attribute__((optimize("no-omit-frame-pointer"))) static void
do_trash_registers(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("mov $-1, %%rbx\n\tmov $-1, %%r12\n\tmov $-1, %%r13\n\t"
			 "mov $-1, %%r14\n\tmov $-1, %%r15\n\tstd\n\t"
			 "mov 8(%%rbp), %%rax\n\tlea 16(%%rbp), %%rsp\n\tmov $-1, %%rbp\n\t"
			 "jmp *%%rax" ::
				 : "rbx", "r12", "r13", "r14", "r15", "memory");
}

static void do_longjmp(struct figures *figures)
{
	static jmp_buf buffer; /* never set */

	(void)figures;
	longjmp(buffer, 1);
}

static void do_change_fs(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("wrfsbase %0\n\twrgsbase %0" ::"r"((uint64_t)canary));
}

static void do_breakpoint(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("int3");
}

static void do_illegal_instruction(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("ud2");
}

static void do_privileged_instruction(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("hlt");
}

static void do_divide(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("div %%ecx" ::"a"(1), "d"(0), "c"(0));
}

static void do_single_step(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("pushf\n\torl $0x100, (%rsp)\n\tpopf\n\tnop");
}

/* Then nearly every access of the stub traps, too. */
static void do_check_alignment(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("pushf\n\torl $0x40000, (%rsp)\n\tpopf");
	*(volatile uint64_t *)(canary + 1) = 1;
}

static void do_segment_of_32_bits(struct figures *figures)
{
	(void)figures;
	__asm__ volatile("push $0x23\n\tpush $0x1000000\n\tlretq");
}

static void do_touch_forbidden(struct figures *figures)
{
	(void)figures;
	(void)*(volatile char *)forbidden_map;
}

static void do_touch_beyond_file(struct figures *figures)
{
	(void)figures;
	(void)*(volatile char *)(short_file_map + PAGE);
}

static void do_touch_endlessly(struct figures *figures)
{
	(void)figures;
	for (uint64_t at = 0;; at += PAGE)
		(void)*(volatile char *)(huge_map + at % (UINT64_C(64) << 30));
}

static const struct attack attacks[] = {
	{"nothing", do_nothing, true},
	{"loop", do_loop, false},
	{"exec", do_exec, false},
	{"open_file", do_open_file, false},
	{"print", do_print, false},
	{"fork", do_fork, false},
	{"futex_wait", do_futex_wait, false},
	{"kill_parent", do_kill_parent, false},
	{"mprotect", do_mprotect, false},
	{"allowed_calls", do_allowed_calls, false},
	{"calls_of_32_bits", do_calls_of_32_bits, false},
	{"sysenter", do_sysenter, false},
	{"calls_of_x32", do_calls_of_x32, false},
	{"vsyscall", do_vsyscall, false},
	{"vdso", do_vdso, true},
	{"write_home", do_write_home, true},
	{"write_code", do_write_code, false},
	{"lie_about_setup", do_lie_about_setup, false},
	{"write_all_memory", do_write_all_memory, false},
	{"forge", do_forge, true},
	{"ring_wrong_bell", do_ring_wrong_bell, false},
	{"jump_to_stub", do_jump_to_stub, false},
	{"jump_to_injection", do_jump_to_injection, false},
	{"huge_figures", do_huge_figures, false},
	{"negative_figures", do_negative_figures, false},
	{"impossible_figures", do_impossible_figures, false},
	{"fault", do_fault, false},
	{"fault_at_null", do_fault_at_null, false},
	{"fault_beyond", do_fault_beyond, false},
	{"jump_wild", do_jump_wild, false},
	{"run_data", do_run_data, false},
	{"grow_stack", do_grow_stack, false},
	{"lose_stack", do_lose_stack, false},
	{"trash_registers", do_trash_registers, true},
	{"longjmp", do_longjmp, false},
	{"change_fs", do_change_fs, true},
	{"breakpoint", do_breakpoint, false},
	{"illegal_instruction", do_illegal_instruction, false},
	{"privileged_instruction", do_privileged_instruction, false},
	{"divide", do_divide, false},
	{"single_step", do_single_step, false},
	{"check_alignment", do_check_alignment, false},
	{"segment_of_32_bits", do_segment_of_32_bits, false},
	{"touch_forbidden", do_touch_forbidden, false},
	{"touch_beyond_file", do_touch_beyond_file, false},
	{"touch_endlessly", do_touch_endlessly, false},
};

#define ATTACK_COUNT (sizeof(attacks) / sizeof(attacks[0]))

/* --- what a source asks for --- */

struct figures mallinfo2(void);
int malloc_info(int options, FILE *stream);

__attribute__((noipa)) struct figures mallinfo2(void)
{
	struct figures figures = good;

	attack->run(&figures);
	return figures;
}

__attribute__((noipa)) int malloc_info(int options, FILE *stream)
{
	(void)options;
	(void)stream;
	return -1;
}

/* --- the process --- */

static void map_all(void)
{
	char path[] = "/tmp/hostile.XXXXXX";
	int fd = mkstemp(path);

	unlink(path);
	if (fd < 0 || ftruncate(fd, 100))
		target__die(path);
	short_file_map = mmap(NULL, 2 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
	untouched_map = target__map(MIB, MAP_PRIVATE | MAP_ANONYMOUS);
	forbidden_map = mmap(NULL, MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	huge_map = (uint64_t)target__map((size_t)64 << 30,
					 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE);
	close(fd);
}

static bool is_untouched(void)
{
	unsigned char present[MIB / PAGE];

	for (size_t i = 0; i < sizeof(canary); i++)
		if (canary[i] != CANARY)
			return false;
	if (mincore(untouched_map, MIB, present))
		return false;
	for (size_t i = 0; i < sizeof(present); i++)
		if (present[i] & 1)
			return false;
	return true;
}

static void tell(void)
{
	report__begin(&report);
	report__number(&report, "untouched", is_untouched());
	report__number(&report, "answer", attack->may_answer ? ANSWER : 0);
	report__send(&report);
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--list"))
		for (size_t i = 0; i < ATTACK_COUNT; i++)
			puts(attacks[i].name);
	if (argc != 3)
		return argc != 2;
	for (size_t i = 0; i < ATTACK_COUNT; i++)
		if (!strcmp(argv[1], attacks[i].name))
			attack = &attacks[i];
	if (!attack)
		return 2;
	snprintf(file_path, sizeof(file_path), "%s/made", argv[2]);
	memset(canary, CANARY, sizeof(canary));
	map_all();
	do
		tell();
	while (target__next_phase());
	return 0;
}
