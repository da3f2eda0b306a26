/* SPDX-License-Identifier: GPL-2.0-only */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/memory.h"
#include "model/account.h"
#include "model/alert.h"

#define MIB    ((int64_t)1 << 20)
#define SECOND INT64_C(1000000000)
#define START  (INT64_C(1769860800) * SECOND)

/* One condition over an account that the test fills. */
struct scene {
	struct account account;
	struct alert_condition condition;
	struct alerts *alerts;
	const struct alert *fired;
};

static void scene__init(struct scene *scene, const char *text)
{
	char message[ALERT_MESSAGE_SIZE] = "";

	if (alert_condition__parse(&scene->condition, text, message))
		fail_msg("'%s': %s", text, message);
	account__init(&scene->account);
	scene->alerts = alerts__new(&scene->condition, 1);
}

static void scene__release(struct scene *scene)
{
	alerts__free(scene->alerts);
	alert_condition__release(&scene->condition);
	account__release(&scene->account);
}

static struct process *process_of(struct scene *scene, uint32_t pid)
{
	struct process_key key = {.start_ns = 1, .pid = pid};

	return account__process(&scene->account, key);
}

static void begin(struct scene *scene, int64_t time_ns)
{
	account__begin_look(&scene->account, START + time_ns);
}

static size_t end(struct scene *scene)
{
	account__end_look(&scene->account);
	return alerts__look(scene->alerts, &scene->account, &scene->fired);
}

/* A look in which process 7 has that RSS. */
static size_t look_at_rss(struct scene *scene, double second, figure_value rss)
{
	begin(scene, (int64_t)(second * (double)SECOND));
	process_of(scene, 7)->figures[FIG_RSS] = rss;
	return end(scene);
}

/* The RSS of each second in MiB, and whether it fires. */
struct step {
	int64_t mib;
	bool fires;
};

static void run_steps(const char *text, const struct step *steps, size_t count)
{
	struct scene scene;

	scene__init(&scene, text);
	for (size_t i = 0; i < count; i++) {
		figure_value rss = steps[i].mib < 0 ? FIGURE_UNKNOWN : steps[i].mib * MIB;

		if (look_at_rss(&scene, (double)i, rss) != steps[i].fires)
			fail_msg("%s: step %zu: %d was expected", text, i, steps[i].fires);
		if (!steps[i].fires)
			continue;
		assert_int_equal(scene.fired[0].value, rss);
		assert_int_equal(scene.fired[0].bound, 100 * MIB);
		assert_int_equal(scene.fired[0].process->key.pid, 7);
		assert_ptr_equal(scene.fired[0].condition, &scene.condition);
	}
	scene__release(&scene);
}

static void test_alert__hysteresis(void **state)
{
	static const struct step above[] = {
		{50, false}, {100, false}, {101, true}, {150, false}, {101, false}, {100, false},
		{96, false}, {101, false}, {95, false}, {101, true},  {20, false},  {300, true},
		{-1, false}, {300, false}, {-1, false}, {50, false},  {-1, false},  {101, true},
	};
	static const struct step below[] = {
		{99, true}, {100, false}, {104, false}, {99, false}, {105, false}, {99, true},
	};
	static const struct step at_least[] = {
		{100, true}, {99, false}, {100, false}, {95, false}, {100, true}};
	static const struct step at_most[] = {
		{100, true}, {101, false}, {100, false}, {105, false}, {100, true}};

	(void)state;
	run_steps("rss>100MiB", above, ARRAY_SIZE(above));
	run_steps("rss<100MiB", below, ARRAY_SIZE(below));
	run_steps("rss>=100MiB", at_least, ARRAY_SIZE(at_least));
	run_steps("rss<=100MiB", at_most, ARRAY_SIZE(at_most));
}

static void test_alert__bound_of_nothing(void **state)
{
	struct scene scene;

	(void)state;
	scene__init(&scene, "rss>0");
	assert_int_equal(look_at_rss(&scene, 0, 0), 0);
	assert_int_equal(look_at_rss(&scene, 1, 1), 1);
	assert_int_equal(look_at_rss(&scene, 2, 5), 0);
	assert_int_equal(look_at_rss(&scene, 3, 0), 0);
	assert_int_equal(look_at_rss(&scene, 4, 5), 1);
	scene__release(&scene);
}

static void test_alert__share(void **state)
{
	struct scene scene;

	(void)state;
	scene__init(&scene, "rss>80%limits.container");
	begin(&scene, 0);
	process_of(&scene, 7)->figures[FIG_RSS] = 81 * MIB;
	assert_int_equal(end(&scene), 0); /* of an unknown whole there is no share */
	begin(&scene, SECOND);
	process_of(&scene, 7)->figures[FIG_RSS] = 81 * MIB;
	process_of(&scene, 7)->figures[FIG_LIMIT_CONTAINER] = 100 * MIB;
	assert_int_equal(end(&scene), 1);
	assert_int_equal(scene.fired[0].bound, 80 * MIB);
	scene__release(&scene);
}

/* Each process by itself; one that ended and came again under its pid is another. */
static void test_alert__processes(void **state)
{
	struct process_key again = {.start_ns = 2, .pid = 7};
	struct scene scene;

	(void)state;
	scene__init(&scene, "rss>100MiB");
	begin(&scene, 0);
	process_of(&scene, 7)->figures[FIG_RSS] = 200 * MIB;
	process_of(&scene, 8)->figures[FIG_RSS] = 20 * MIB;
	assert_int_equal(end(&scene), 1);
	begin(&scene, SECOND);
	process_of(&scene, 7)->figures[FIG_RSS] = 200 * MIB;
	process_of(&scene, 8)->figures[FIG_RSS] = 200 * MIB;
	assert_int_equal(end(&scene), 1);
	assert_int_equal(scene.fired[0].process->key.pid, 8);
	begin(&scene, 2 * SECOND);
	account__process(&scene.account, again)->figures[FIG_RSS] = 200 * MIB;
	assert_int_equal(end(&scene), 1);
	begin(&scene, 3 * SECOND);
	account__process(&scene.account, again)->figures[FIG_RSS] = 200 * MIB;
	account__process(&scene.account, again)->image++;
	assert_int_equal(end(&scene), 1);
	scene__release(&scene);
}

static void set_isolate(struct scene *scene, struct process *process, uint32_t tid, int64_t used)
{
	struct isolate *isolate = process__isolate(process, scene->account.look, tid);

	isolate->figures[IFIG_HEAP_USED] = used * MIB;
	isolate->figures[IFIG_HEAP_LIMIT] = 100 * MIB;
}

static void test_alert__isolates(void **state)
{
	struct scene scene;
	struct process *process;

	(void)state;
	scene__init(&scene, "v8.heap_used>85%v8.heap_limit");
	begin(&scene, 0);
	process = process_of(&scene, 7);
	set_isolate(&scene, process, 7, 90);
	set_isolate(&scene, process, 9, 20);
	process_of(&scene, 8);
	assert_int_equal(end(&scene), 1);
	assert_int_equal(scene.fired[0].isolate->id, 1);
	begin(&scene, SECOND);
	process = process_of(&scene, 7);
	set_isolate(&scene, process, 7, 90);
	set_isolate(&scene, process, 9, 86);
	assert_int_equal(end(&scene), 1);
	assert_int_equal(scene.fired[0].isolate->id, 2);
	assert_int_equal(scene.fired[0].bound, 85 * MIB);
	scene__release(&scene);
}

/* A look without its answer is no end of it. */
static void test_alert__isolate_without_answer(void **state)
{
	struct scene scene;

	(void)state;
	scene__init(&scene, "v8.heap_used>50MiB");
	for (int second = 0; second < 10; second++) {
		begin(&scene, second * SECOND);
		process_of(&scene, 7);
		if (second % 2 == 0)
			set_isolate(&scene, process_of(&scene, 7), 7, 60);
		assert_int_equal(end(&scene), second == 0);
	}
	/* it came back meanwhile */
	begin(&scene, 10 * SECOND);
	set_isolate(&scene, process_of(&scene, 7), 7, 40);
	assert_int_equal(end(&scene), 0);
	begin(&scene, 11 * SECOND);
	set_isolate(&scene, process_of(&scene, 7), 7, 60);
	assert_int_equal(end(&scene), 1);
	scene__release(&scene);
}

/* A container is asked once, not for each of its processes. */
static void test_alert__containers(void **state)
{
	struct scene scene;
	struct container *container;

	(void)state;
	scene__init(&scene, "container.memory_current>90%container.memory_limit");
	for (int i = 0; i < 2; i++) {
		begin(&scene, i * SECOND);
		container = account__container(&scene.account, "docker", "web");
		container->figures[CFIG_MEMORY_CURRENT] = 95 * MIB;
		container->figures[CFIG_MEMORY_LIMIT] = 100 * MIB;
		for (uint32_t pid = 7; pid < 10; pid++) {
			process_of(&scene, pid)->container = container;
			process_of(&scene, pid)->figures[FIG_RSS] = (pid == 8 ? 9 : 1) * MIB;
		}
		account__container(&scene.account, "docker", "other");
		assert_int_equal(end(&scene), i == 0);
	}
	scene__release(&scene);

	scene__init(&scene, "container.memory_current>1");
	begin(&scene, 0);
	container = account__container(&scene.account, "docker", "web");
	container->figures[CFIG_MEMORY_CURRENT] = 95 * MIB;
	process_of(&scene, 8)->container = container;
	process_of(&scene, 8)->figures[FIG_RSS] = MIB;
	process_of(&scene, 9)->container = container;
	process_of(&scene, 9)->figures[FIG_RSS] = 2 * MIB;
	assert_int_equal(end(&scene), 1);
	assert_int_equal(scene.fired[0].process->key.pid, 9);
	assert_ptr_equal(scene.fired[0].container, container);
	scene__release(&scene);
}

/* ---- growth ---- */

static void test_alert__growth(void **state)
{
	struct scene scene;
	int second = 0, fired_at = 0;

	(void)state;
	scene__init(&scene, "rss+>50MiB/min");
	/* 1 MiB a second: known from ten seconds on */
	for (; second < 30; second++)
		if (look_at_rss(&scene, second, (100 + second) * MIB))
			fired_at = fired_at ? -1 : second;
	assert_int_equal(fired_at, 10);
	/* at rest: it comes back as the window moves on, and grows again */
	for (; second < 150; second++)
		assert_int_equal(look_at_rss(&scene, second, 130 * MIB), 0);
	for (fired_at = 0; second < 250; second++) {
		if (!look_at_rss(&scene, second, (130 + 2 * (second - 149)) * MIB))
			continue;
		fired_at = fired_at ? -1 : second;
		assert_in_range(scene.fired[0].value, 50 * MIB, 53 * MIB);
	}
	assert_in_range(fired_at, 170, 180);
	scene__release(&scene);
}

/* A hundred looks a second, and two looks a day. */
static void test_alert__growth_at_any_interval(void **state)
{
	struct scene scene;
	int fired = 0;

	(void)state;
	scene__init(&scene, "rss+>50MiB/min");
	for (int i = 0; i < 9000; i++)
		fired += look_at_rss(&scene, i / 100.0, 100 * MIB + i * MIB / 100) != 0;
	assert_int_equal(fired, 1);
	scene__release(&scene);

	scene__init(&scene, "rss+>1MiB/h");
	fired = 0;
	for (int i = 0; i < 5; i++)
		fired += look_at_rss(&scene, i * 43200.0, (100 + 13 * i) * MIB) != 0;
	assert_int_equal(fired, 1);
	scene__release(&scene);
}

static void test_alert__growth_and_clocks(void **state)
{
	struct scene scene;

	(void)state;
	scene__init(&scene, "rss+>1MiB/s");
	for (int i = 0; i < 9; i++)
		assert_int_equal(look_at_rss(&scene, i, i * 100 * MIB), 0);
	/* set back: what was seen counts no more */
	for (int i = -1000; i < -990; i++)
		assert_int_equal(look_at_rss(&scene, i, i * 100 * MIB), 0);
	assert_int_equal(look_at_rss(&scene, -990, 0), 1);
	scene__release(&scene);
}

static void test_alert__hostile_values(void **state)
{
	static const figure_value values[] = {INT64_MAX, INT64_MIN + 1, -1, 0, INT64_MIN};
	static const char *const texts[] = {"rss>99%swap", "rss+>1/s", "rss<=1000000%swap",
					    "rss>=8191PiB"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		struct scene scene;

		scene__init(&scene, texts[i]);
		for (int second = 0; second < 100; second++) {
			begin(&scene, second % 11 ? second * SECOND : INT64_MAX - START);
			process_of(&scene, 7)->figures[FIG_RSS] =
				values[second % ARRAY_SIZE(values)];
			process_of(&scene, 7)->figures[FIG_SWAP] =
				values[second / 2 % ARRAY_SIZE(values)];
			end(&scene);
		}
		scene__release(&scene);
	}
}

/* ---- what is unknown ---- */

static void test_alert__blanks(void **state)
{
	struct scene scene;
	struct alert_blank blank;

	(void)state;
	scene__init(&scene, "v8.heap_used>85%v8.heap_limit");
	assert_false(alerts__next_blank(scene.alerts, &scene.account, true, &blank));
	for (int i = 0; i < 5; i++) {
		begin(&scene, i * SECOND);
		process__add_note(process_of(&scene, 7), "v8x: is another");
		process__add_note(process_of(&scene, 7), "v8: no symbols");
		end(&scene);
		assert_int_equal(alerts__next_blank(scene.alerts, &scene.account, false, &blank),
				 i == 2);
		if (i != 2)
			continue;
		assert_string_equal(blank.figure->figure->path, "heap_used");
		assert_int_equal(blank.process->key.pid, 7);
		assert_string_equal(blank.reason, "v8: no symbols");
	}
	scene__release(&scene);

	/* the limit, not the RSS */
	scene__init(&scene, "rss>85%limits.container");
	look_at_rss(&scene, 0, MIB);
	assert_false(alerts__next_blank(scene.alerts, &scene.account, false, &blank));
	assert_true(alerts__next_blank(scene.alerts, &scene.account, true, &blank));
	assert_string_equal(blank.figure->figure->path, "limits.container");
	assert_null(blank.reason);
	assert_false(alerts__next_blank(scene.alerts, &scene.account, true, &blank));
	scene__release(&scene);

	/* known once is enough */
	scene__init(&scene, "rss>1GiB");
	look_at_rss(&scene, 0, MIB);
	for (int i = 1; i < 6; i++)
		look_at_rss(&scene, i, FIGURE_UNKNOWN);
	assert_false(alerts__next_blank(scene.alerts, &scene.account, true, &blank));
	scene__release(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_alert__hysteresis),
		cmocka_unit_test(test_alert__bound_of_nothing),
		cmocka_unit_test(test_alert__share),
		cmocka_unit_test(test_alert__processes),
		cmocka_unit_test(test_alert__isolates),
		cmocka_unit_test(test_alert__isolate_without_answer),
		cmocka_unit_test(test_alert__containers),
		cmocka_unit_test(test_alert__growth),
		cmocka_unit_test(test_alert__growth_at_any_interval),
		cmocka_unit_test(test_alert__growth_and_clocks),
		cmocka_unit_test(test_alert__hostile_values),
		cmocka_unit_test(test_alert__blanks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
