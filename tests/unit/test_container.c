/* SPDX-License-Identifier: GPL-2.0-only */
/* Recorded group paths of every runtime and both cgroup drivers, and state files as the
 * runtimes write them, below tests/data/containers/host. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "data/containers/ids.h"
#include "system/container.h"

#define HOST "tests/data/containers/host"

#define UID		"0a1b2c3d-0000-4111-8222-333344445555"
#define UID_UNDERSCORED "0a1b2c3d_0000_4111_8222_333344445555"
#define BURSTABLE	"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod"

struct expectation {
	const char *path;
	const char *runtime, *id, *name, *image, *pod;
	const char *cgroup; /* NULL: the whole path */
};

static void assert_text(const char *actual, const char *expected, const char *path)
{
	if ((!actual != !expected) || (actual && strcmp(actual, expected) != 0))
		fail_msg("%s: is \"%s\", should be \"%s\"", path, actual ? actual : "(null)",
			 expected ? expected : "(null)");
}

/* What help texts list is all that there is. */
static void assert_is_listed(const char *runtime)
{
	const char *const *known = container_runtimes();

	while (*known && strcmp(*known, runtime) != 0)
		known++;
	if (!*known)
		fail_msg("container_runtimes() lacks %s", runtime);
}

static void assert_labels(const struct expectation *expected, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct expectation *e = &expected[i];
		struct container_label label;

		if (container_label__find(&label, HOST, e->path, 0) != 0)
			fail_msg("%s: in no container", e->path);
		assert_text(label.runtime, e->runtime, e->path);
		assert_is_listed(label.runtime);
		assert_text(label.id, e->id, e->path);
		assert_text(label.name, e->name, e->path);
		assert_text(label.image, e->image, e->path);
		assert_text(label.pod, e->pod, e->path);
		assert_text(label.cgroup, e->cgroup ? e->cgroup : e->path, e->path);
		container_label__release(&label);
	}
}

#define ASSERT_LABELS(list) assert_labels(list, sizeof(list) / sizeof((list)[0]))

static void test_container__docker(void **state)
{
	static const struct expectation list[] = {
		{"/docker/" DOCKER_ID, "docker", DOCKER_ID, "web-1", "nginx:1.25", NULL, NULL},
		{"/docker/" DOCKER_ID "/init.scope", "docker", DOCKER_ID, "web-1", "nginx:1.25",
		 NULL, "/docker/" DOCKER_ID},
		{"/system.slice/docker-" DOCKER_ID ".scope", "docker", DOCKER_ID, "web-1",
		 "nginx:1.25", NULL, NULL},
		{"/shop.slice/docker-" DOCKER_ID ".scope/system.slice/nginx.service", "docker",
		 DOCKER_ID, "web-1", "nginx:1.25", NULL, "/shop.slice/docker-" DOCKER_ID ".scope"},
		{"/shop/east/" DOCKER_ID, "docker", DOCKER_ID, "web-1", "nginx:1.25", NULL, NULL},
		{"/system.slice/docker.service/docker/" DOCKER_ID, "docker", DOCKER_ID, "web-1",
		 "nginx:1.25", NULL, NULL},
		/* a data root set in daemon.json, and one that only the bundle tells */
		{"/docker/" DOCKER_CONFIGURED_ID, "docker", DOCKER_CONFIGURED_ID, "moved",
		 "redis:7", NULL, NULL},
		{"/shop/" DOCKER_FLAG_ID, "docker", DOCKER_FLAG_ID, "flagged", "tiny:1", NULL,
		 NULL},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/"
		 "docker-" DOCKER_ROOTLESS_ID ".scope",
		 "docker", DOCKER_ROOTLESS_ID, "anas", "alpine:3", NULL, NULL},
		/* no state: what the shape tells is still told */
		{"/docker/" UNKNOWN_ID, "docker", UNKNOWN_ID, NULL, NULL, NULL, NULL},
		{"/some/where/" UNKNOWN_ID, "container", UNKNOWN_ID, NULL, NULL, NULL, NULL},
	};

	(void)state;
	ASSERT_LABELS(list);
}

/* Data root and exec root given on the command line: only what the container mounts tells
 * where its configuration lies. The lines are as Docker 20.10's were. */
static void test_container__docker_by_its_mounts(void **state)
{
	struct container_label label;

	(void)state;
	assert_int_equal(container_label__find(&label, HOST, "/docker/" DOCKER_FAR_ID, 4077), 0);
	assert_string_equal(label.name, "far-away");
	assert_string_equal(label.image, "tool:2");
	container_label__release(&label);
	/* those of another container say nothing of this one */
	assert_int_equal(container_label__find(&label, HOST, "/docker/" UNKNOWN_ID, 4077), 0);
	assert_null(label.name);
	container_label__release(&label);
}

static void test_container__innermost_of_nested_ones(void **state)
{
	static const struct expectation list[] = {
		{"/docker/" OUTER_ID "/docker/" DOCKER_ID, "docker", DOCKER_ID, "web-1",
		 "nginx:1.25", NULL, NULL},
		{"/lxc.payload.web/docker/" INNER_ID "/x", "docker", INNER_ID, NULL, NULL, NULL,
		 "/lxc.payload.web/docker/" INNER_ID},
		{"/docker/" OUTER_ID "/kubelet.slice/kubelet-kubepods.slice/"
		 "kubelet-kubepods-pod" UID_UNDERSCORED ".slice/cri-containerd-" INNER_ID ".scope",
		 "containerd", INNER_ID, NULL, NULL, "prod/api-7c9", NULL},
	};

	(void)state;
	ASSERT_LABELS(list);
}

static void test_container__containerd(void **state)
{
	static const struct expectation list[] = {
		{"/default/job7", "containerd", "job7", "job7", NULL, NULL, NULL},
		{"/default/" NERDCTL_ID, "containerd", NERDCTL_ID, "shop", NULL, NULL, NULL},
		{"/system.slice/nerdctl-" NERDCTL_ID ".scope", "containerd", NERDCTL_ID, "shop",
		 NULL, NULL, NULL},
	};
	struct container_label label;

	(void)state;
	ASSERT_LABELS(list);
	/* looks the same, but containerd knows nothing of it */
	assert_int_equal(container_label__find(&label, HOST, "/default/job8", 0), -ENOENT);
	assert_null(label.id);
	assert_int_equal(container_label__find(&label, HOST, "/job7", 0), -ENOENT);
}

static void test_container__kubernetes(void **state)
{
	static const char coredns[] = "registry.k8s.io/coredns/coredns:v1.11.1";
	static const char coredns_pod[] = "kube-system/coredns-5d78c9869d-abcde";
	const struct expectation list[] = {
		{"/kubepods/burstable/pod" UID "/" DOCKER_POD_ID, "docker", DOCKER_POD_ID, "app",
		 "registry.local/api:3", "prod/api-7c9", NULL},
		{BURSTABLE UID_UNDERSCORED ".slice/docker-" DOCKER_POD_ID ".scope", "docker",
		 DOCKER_POD_ID, "app", "registry.local/api:3", "prod/api-7c9", NULL},
		{BURSTABLE
		 "11112222_3333_4444_5555_666677778888.slice/cri-containerd-" CONTAINERD_POD_ID
		 ".scope",
		 "containerd", CONTAINERD_POD_ID, "coredns", coredns, coredns_pod, NULL},
		{"/kubepods/besteffort/"
		 "pod11112222-3333-4444-5555-666677778888/" CONTAINERD_SANDBOX_ID,
		 "containerd", CONTAINERD_SANDBOX_ID, "POD", NULL, coredns_pod, NULL},
		{"/system.slice/containerd.service/kubepods-besteffort-pod" UID_UNDERSCORED
		 ".slice:cri-containerd:" CONTAINERD_POD_ID,
		 "containerd", CONTAINERD_POD_ID, "coredns", coredns, coredns_pod, NULL},
		{"/kubepods.slice/kubepods-pod99990000_aaaa_4bbb_8ccc_ddddeeeeffff.slice/"
		 "crio-" CRIO_ID ".scope",
		 "cri-o", CRIO_ID, "router", "quay.io/openshift/router:4.14",
		 "openshift-ingress/router-default-1", NULL},
		{"/kubepods/pod99990000-aaaa-4bbb-8ccc-ddddeeeeffff/crio-" CRIO_ID, "cri-o",
		 CRIO_ID, "router", "quay.io/openshift/router:4.14",
		 "openshift-ingress/router-default-1", NULL},
		/* only kubelet's log files tell */
		{"/kubepods/pod" UID "/" LOG_ONLY_ID, "kubernetes", LOG_ONLY_ID, "redis", NULL,
		 "shop/cache-0", NULL},
		{BURSTABLE UID_UNDERSCORED ".slice/crio-" UNKNOWN_ID ".scope", "cri-o", UNKNOWN_ID,
		 NULL, NULL, "prod/api-7c9", NULL},
		/* the pod itself, and one that kubelet read from a file */
		{"/kubepods/burstable/pod" UID, "kubernetes", UID, "prod/api-7c9", NULL,
		 "prod/api-7c9", NULL},
		{BURSTABLE "0123456789abcdef0123456789abcdef.slice", "kubernetes",
		 "0123456789abcdef0123456789abcdef", "kube-system/etcd-node1", NULL,
		 "kube-system/etcd-node1", NULL},
	};

	(void)state;
	ASSERT_LABELS(list);
}

static void test_container__podman(void **state)
{
	static const char mail[] = "docker.io/library/postfix:latest";
	const struct expectation list[] = {
		{"/machine.slice/libpod-" PODMAN_ID ".scope", "podman", PODMAN_ID, "mail", mail,
		 NULL, NULL},
		{"/machine.slice/libpod-" PODMAN_ID ".scope/container", "podman", PODMAN_ID, "mail",
		 mail, NULL, "/machine.slice/libpod-" PODMAN_ID ".scope"},
		{"/libpod_parent/libpod-" PODMAN_ID, "podman", PODMAN_ID, "mail", mail, NULL, NULL},
		{"/system.slice/mail.service/libpod-payload-" PODMAN_ID, "podman", PODMAN_ID,
		 "mail", mail, NULL, NULL},
		{"/machine.slice/libpod-" PODMAN_VOLATILE_ID ".scope/container", "podman",
		 PODMAN_VOLATILE_ID, "once", "docker.io/library/alpine:latest", NULL,
		 "/machine.slice/libpod-" PODMAN_VOLATILE_ID ".scope"},
		{"/user.slice/user-1000.slice/user@1000.service/user.slice/"
		 "libpod-" PODMAN_ROOTLESS_ID ".scope/container",
		 "podman", PODMAN_ROOTLESS_ID, "anas_pod", "localhost/tool:1", NULL,
		 "/user.slice/user-1000.slice/user@1000.service/user.slice/"
		 "libpod-" PODMAN_ROOTLESS_ID ".scope"},
	};

	(void)state;
	ASSERT_LABELS(list);
}

static void test_container__machines(void **state)
{
	static const struct expectation list[] = {
		{"/lxc.payload.web", "lxc", "web", "web", NULL, NULL, NULL},
		{"/lxc.payload.web/system.slice/nginx.service", "lxc", "web", "web", NULL, NULL,
		 "/lxc.payload.web"},
		{"/lxc/101/ns/init.scope", "lxc", "101", "101", NULL, NULL, "/lxc/101"},
		{"/lxc.payload/db", "lxc", "db", "db", NULL, NULL, NULL},
		{"/machine.slice/machine-build\\x2dbox.scope/payload/system.slice/cron.service",
		 "systemd-nspawn", "build-box", "build-box", NULL, NULL,
		 "/machine.slice/machine-build\\x2dbox.scope"},
		{"/machine.slice/systemd-nspawn@build\\x2dbox.service/payload", "systemd-nspawn",
		 "build-box", "build-box", NULL, NULL,
		 "/machine.slice/systemd-nspawn@build\\x2dbox.service"},
		{"/machine.slice/machine-qemu\\x2d3\\x2dwin\\x2d11.scope/libvirt/emulator",
		 "libvirt", "qemu-3-win-11", "win-11", NULL, NULL,
		 "/machine.slice/machine-qemu\\x2d3\\x2dwin\\x2d11.scope"},
	};

	(void)state;
	ASSERT_LABELS(list);
}

static void test_container__services(void **state)
{
	static const struct expectation list[] = {
		{"/system.slice/ssh.service", "systemd", "ssh.service", "ssh.service", NULL, NULL,
		 NULL},
		{"/system.slice/system-getty.slice/getty@tty1.service", "systemd",
		 "getty@tty1.service", "getty@tty1.service", NULL, NULL, NULL},
		{"/system.slice/docker.service", "systemd", "docker.service", "docker.service",
		 NULL, NULL, NULL},
		{"/system.slice/app.service/worker/3", "systemd", "app.service", "app.service",
		 NULL, NULL, "/system.slice/app.service"},
		{"/user.slice/user-1000.slice/user@1000.service/init.scope", "systemd",
		 "user@1000.service", "user@1000.service", NULL, NULL,
		 "/user.slice/user-1000.slice/user@1000.service"},
		{"/user.slice/user-1000.slice/user@1000.service/app.slice/music.service", "systemd",
		 "user@1000.service/app.slice/music.service", "music.service", NULL, NULL, NULL},
	};

	(void)state;
	ASSERT_LABELS(list);
}

static void test_container__none(void **state)
{
	static const char *const paths[] = {
		"",
		"/",
		"/..",
		"/../..",
		"/init.scope",
		"/user.slice/user-1000.slice/session-1.scope",
		"/.service",
		"/lxc.monitor.web",
		"/lxc.monitor/web",
		"/lxc/..",
		"/lxc.payload./x",
		"/machine.slice/libpod-conmon-" PODMAN_ID ".scope",
		"/kubepods.slice/kubepods-burstable.slice",
		"/kubepods.slice/crio-conmon-" CRIO_ID ".scope",
		"/docker",
		"/docker/" DOCKER_ID "0",
		"/docker/../x",
		"/system.slice/docker-../../../etc/passwd.scope",
		"/podinfo",
	};

	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct container_label label;

		if (container_label__find(&label, HOST, paths[i], 0) != -ENOENT)
			fail_msg("%s is in a container: %s", paths[i], label.id);
		assert_null(label.id);
		assert_null(label.cgroup);
	}
}

/* A root in a temporary directory, with the folder where Docker would keep DOCKER_ID. */
struct hostile_root {
	char path[64];
	char state[512]; /* the state file, not made yet */
};

static void make_directories(char *path)
{
	for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
}

static int set_up_root(void **state)
{
	struct hostile_root *root = calloc(1, sizeof(*root));

	strcpy(root->path, "/tmp/test_container.XXXXXX");
	if (!mkdtemp(root->path))
		return -1;
	snprintf(root->state, sizeof(root->state),
		 "%s/var/lib/docker/containers/" DOCKER_ID "/config.v2.json", root->path);
	make_directories(root->state);
	*state = root;
	return 0;
}

static int remove_one(const char *path, const struct stat *status, int flag, struct FTW *walk)
{
	(void)status;
	(void)flag;
	(void)walk;
	return remove(path);
}

static int tear_down_root(void **state)
{
	struct hostile_root *root = *state;

	nftw(root->path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	free(root);
	return 0;
}

static void write_file(const char *path, const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	assert_int_equal(fclose(file), 0);
}

/* The container is still recognised, by its path; its name is as given. */
static void assert_name(const struct hostile_root *root, const char *name)
{
	struct container_label label;

	alarm(10); /* a FIFO that is opened would wait for ever */
	assert_int_equal(container_label__find(&label, root->path, "/docker/" DOCKER_ID, 0), 0);
	alarm(0);
	assert_string_equal(label.id, DOCKER_ID);
	assert_string_equal(label.runtime, "docker");
	assert_text(label.name, name, root->state);
	container_label__release(&label);
}

static void test_container__state_is_not_json(void **state)
{
	static const struct {
		const char *bytes;
		size_t length;
	} cases[] = {
		{"", 0},
		{"{", 1},
		{"[]", 2},
		{"null", 4},
		{"{\"Name\":7,\"Config\":[]}", 22},
		{"{\"Name\":\"/\"}", 12},
		{"{\"Name\":\"/a\xff\"}", 14},
		{"{\"Name\":\"/a\0b\"}", 15},
		{"{\"Name\":\"/a\\u0000b\"}", 20},
	};
	const struct hostile_root *root = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		write_file(root->state, cases[i].bytes, cases[i].length);
		assert_name(root, NULL);
	}
}

static void test_container__name_is_bytes(void **state)
{
	static const char json[] =
		"{\"Name\":\"/a\\u001b[2J\\n\\\"\",\"Config\":{\"Image\":\"\\t\"}}";
	const struct hostile_root *root = *state;

	write_file(root->state, json, sizeof(json) - 1);
	assert_name(root, "a\x1b[2J\n\"");
}

static void test_container__state_is_huge(void **state)
{
	const struct hostile_root *root = *state;
	size_t limit = 1 << 20;
	char *json = malloc(limit + 1);

	/* valid JSON, were it read: blanks up to the limit, and one more */
	memset(json, ' ', limit + 1);
	memcpy(json, "{\"Name\":\"/x\"}", 13);
	write_file(root->state, json, limit);
	assert_name(root, "x");
	write_file(root->state, json, limit + 1);
	assert_name(root, NULL);
	assert_int_equal(truncate(root->state, (off_t)1 << 40), 0);
	assert_name(root, NULL);
	free(json);
}

static void test_container__name_is_cut(void **state)
{
	const struct hostile_root *root = *state;
	char *json = calloc(1, 400000);
	struct container_label label;

	strcpy(json, "{\"Name\":\"/");
	memset(json + 10, 'x', 300000);
	strcat(json, "\"}");
	write_file(root->state, json, strlen(json));
	assert_int_equal(container_label__find(&label, root->path, "/docker/" DOCKER_ID, 0), 0);
	assert_int_equal(strlen(label.name), 1024);
	container_label__release(&label);
	free(json);
}

static void test_container__state_is_deep(void **state)
{
	const struct hostile_root *root = *state;
	char *json = malloc(1000000);

	memset(json, '[', 1000000);
	write_file(root->state, json, 1000000);
	assert_name(root, NULL);
	free(json);
}

static void test_container__state_is_no_file(void **state)
{
	const struct hostile_root *root = *state;

	assert_int_equal(mkfifo(root->state, 0600), 0);
	assert_name(root, NULL);
	unlink(root->state);
	assert_int_equal(mkdir(root->state, 0700), 0);
	assert_name(root, NULL);
	rmdir(root->state);
	assert_int_equal(symlink("/dev/zero", root->state), 0);
	assert_name(root, NULL);
}

static void test_container__state_is_a_link(void **state)
{
	const struct hostile_root *root = *state;
	char target[256];

	/* even to what is inside the root, by a way that would work */
	snprintf(target, sizeof(target), "%s/secret.json", root->path);
	write_file(target, "{\"Name\":\"/stolen\"}", 18);
	assert_int_equal(symlink("/secret.json", root->state), 0);
	assert_name(root, NULL);
	unlink(root->state);
	assert_int_equal(symlink(target, root->state), 0);
	assert_name(root, NULL);
	unlink(root->state);
	assert_int_equal(symlink("../../../../../secret.json", root->state), 0);
	assert_name(root, NULL);
}

static void test_container__moved_root_is_followed_inside(void **state)
{
	const struct hostile_root *root = *state;
	char from[256], to[256];

	/* an administrator's link, as seen from the root */
	write_file(root->state, "{\"Name\":\"/web\"}", 15);
	snprintf(from, sizeof(from), "%s/var/lib/docker", root->path);
	snprintf(to, sizeof(to), "%s/big", root->path);
	assert_int_equal(rename(from, to), 0);
	assert_int_equal(symlink("/big", from), 0);
	assert_name(root, "web");
	/* and one that leads out of it */
	unlink(from);
	assert_int_equal(symlink("/../../../../../../../../tmp", from), 0);
	assert_name(root, NULL);
}

#define HOSTILE(test) cmocka_unit_test_setup_teardown(test, set_up_root, tear_down_root)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_container__docker),
		cmocka_unit_test(test_container__docker_by_its_mounts),
		cmocka_unit_test(test_container__innermost_of_nested_ones),
		cmocka_unit_test(test_container__containerd),
		cmocka_unit_test(test_container__kubernetes),
		cmocka_unit_test(test_container__podman),
		cmocka_unit_test(test_container__machines),
		cmocka_unit_test(test_container__services),
		cmocka_unit_test(test_container__none),
		HOSTILE(test_container__state_is_not_json),
		HOSTILE(test_container__name_is_bytes),
		HOSTILE(test_container__state_is_huge),
		HOSTILE(test_container__name_is_cut),
		HOSTILE(test_container__state_is_deep),
		HOSTILE(test_container__state_is_no_file),
		HOSTILE(test_container__state_is_a_link),
		HOSTILE(test_container__moved_root_is_followed_inside),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
