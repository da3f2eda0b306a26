#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Three containers with limits of a real Docker engine, started privately: names, limits,
# classes with shared pages counted once, -c by name and id, restart, OOM kill.
# needs FULL=1
# shellcheck disable=SC2317,SC2119,SC2016 # functions are passed by name, commands as text
set -u
# shellcheck source=tests/live/lib.sh
. "$(dirname "$0")/lib.sh"

if [ "${FULL:-0}" != 1 ]; then
	skip "Docker engine" "only with FULL=1"
	finish
fi
need_root
for program in dockerd docker busybox; do
	if ! command -v $program >/dev/null; then
		skip "Docker engine" "no $program"
		finish
	fi
done

# One engine at a time on a machine: its state is where people's Docker has it.
exec {lock}>/tmp/dockerd.lock
if ! flock -w 300 "$lock"; then
	skip "Docker engine" "another test runs one"
	finish
fi
if [ -S /var/run/docker.sock ] && docker version >/dev/null 2>&1; then
	skip "Docker engine" "one runs already, which is not ours to touch"
	finish
fi

STATE=$WORK/docker
SOCKET=$STATE/docker.sock
PREFIX=memsonde-test-$$
export DOCKER_HOST=unix://$SOCKET
# What an engine makes outside of its own directories, where it was not there before.
LEFTOVERS=()
for directory in /run/docker /run/containerd; do
	[ -e "$directory" ] || LEFTOVERS+=("$directory")
done
HAD_GROUPS=0
find /sys/fs/cgroup -maxdepth 2 -type d -name docker | grep -q . && HAD_GROUPS=1

stop_engine() {
	local ids engine

	mapfile -t ids < <(docker ps -aq)
	((${#ids[@]} == 0)) || docker rm -f "${ids[@]}" >/dev/null
	engine=$(cat "$STATE/docker.pid")
	kill "$engine"
	wait_until 30 is_gone "$engine"
	awk -v state="$STATE/" 'index($2, state) == 1 { print $2 }' /proc/self/mounts | sort -r |
		while read -r mount; do umount -l "$mount"; done
	((${#LEFTOVERS[@]} == 0)) || rm -rf "${LEFTOVERS[@]}"
	[ "$HAD_GROUPS" = 1 ] || find /sys/fs/cgroup -depth -type d \( -path '*/docker/*' -o -name docker \) \
		-exec rmdir {} + 2>/dev/null
}

start_engine() {
	mkdir -p "$STATE/root" "$STATE/exec"
	dockerd --iptables=false --bridge=none --storage-driver=vfs --host="$DOCKER_HOST" \
		--data-root="$DATA_ROOT" --exec-root="$STATE/exec" --pidfile="$STATE/docker.pid" \
		>"$STATE/log" 2>&1 {lock}>&- &
	CLEANUPS+=(stop_engine)
	wait_until 60 docker version >/dev/null
}

make_image() {
	local root=$STATE/image name

	mkdir -p "$root/bin"
	cp "$(command -v busybox)" "$root/bin/busybox"
	ln -s busybox "$root/bin/sh"
	for name in brk_heap map_shared fork_cow oom_victim; do
		gcc -std=gnu11 -D_GNU_SOURCE -O2 -static -pthread -o "$root/bin/$name" \
			"$ROOT/tests/targets/$name.c" || return 1
	done
	tar -C "$root" -c . | docker import - "$PREFIX:latest" >/dev/null
}

# run NAME LIMIT PROGRAM
run() {
	docker run -d -i --network none --name "$PREFIX-$1" --memory "$2" "$PREFIX:latest" \
		"/bin/$3" >"$WORK/id.$1" 2>"$WORK/run.err"
}

has_settled() {
	docker logs "$PREFIX-$1" 2>/dev/null | grep -q '"pid"'
}

container_field() {
	jq -r --arg name "$PREFIX-$2" 'select(.container.name == $name) | .container.'"$3" "$1" |
		tail -n 1
}

one_container() {
	local name=$1 limit=$2 id looks=$WORK/look.$1 figure

	id=$(cat "$WORK/id.$name")
	for figure in "$PREFIX-$name" "${id:0:8}" "$id"; do
		look "$looks" -c "$figure"
		equal "$name: -c ${figure/$PREFIX-/}" $? 0
		equal "$name: -c ${figure/$PREFIX-/}: name" "$(container_field "$looks" "$name" name)" \
			"$PREFIX-$name"
	done
	equal "$name: nothing but it" "$(jq -r .container.id "$looks" | sort -u)" "$id"
	equal "$name: limit" "$(container_field "$looks" "$name" memory_limit)" "$limit"
	equal "$name: runtime" "$(container_field "$looks" "$name" runtime)" docker
	equal "$name: limit of its processes" "$(jq .limits.container "$looks" | sort -u)" "$limit"
	equal "$name: classes sum to rss_unique" \
		"$(container_field "$looks" "$name" "classes | [.[] | values] | add")" \
		"$(container_field "$looks" "$name" rss_unique)"
	figure=$(container_field "$looks" "$name" memory_current)
	check "$name: memory_current is the group's" "$figure" within "$figure" \
		"$(cat "$(find /sys/fs/cgroup -path "*memory*$id/memory.usage_in_bytes" -o \
			-path "*$id/memory.current" | head -n 1)")" 5 1048576
}

shared_pages() {
	local looks=$WORK/look.fork unique sum anon

	unique=$(container_field "$looks" fork rss_unique)
	sum=$(container_field "$looks" fork rss_sum)
	anon=$(container_field "$looks" fork classes.anon)
	# Parent 64 MiB, child 64 MiB, of which 48 are the same pages.
	check "fork: anon counts shared pages once" "$anon" within "$anon" $((80 * 1024 * 1024)) 2
	check "fork: rss_sum counts them twice" "$sum and $unique" \
		within $((sum - unique)) $((48 * 1024 * 1024)) 5
	equal "fork: processes" "$(container_field "$looks" fork processes)" 2
}

wrong_name() {
	"$MEMSONDE" stat -c "$PREFIX-nobody" >"$WORK/out" 2>"$WORK/err"
	equal "wrong name: exit status" $? 2
	check "wrong name: says which there are" "$(cat "$WORK/err")" \
		grep -q "$PREFIX-heap" "$WORK/err"
}

sees_id() {
	[ "$(jq -r .container.id "$1" | tail -n 1)" = "$2" ]
}

restart_is_followed() {
	local looks=$WORK/looks old new

	old=$(cat "$WORK/id.heap")
	start_memsonde "$looks" stat -c "$PREFIX-heap" -i 0.3 -o json
	wait_until 10 sees_id "$looks" "$old"
	docker rm -f "$PREFIX-heap" >/dev/null
	sleep 1
	run heap 96m brk_heap
	new=$(cat "$WORK/id.heap")
	check "restart under the same name is followed" "$(tail -n 1 "$looks.err")" \
		wait_until 10 sees_id "$looks" "$new"
	stop_memsonde
	equal "restart: exit status" $? 0
}

has_oom_kill() {
	[ "$(container_field "$1" oom oom_kills)" -ge 1 ]
}

oom_is_counted() {
	local looks=$WORK/looks.oom

	# The shell stays, so that the container does.
	docker run -d --network none --name "$PREFIX-oom" --memory 24m "$PREFIX:latest" /bin/sh -c \
		'/bin/busybox sleep 2; echo | /bin/oom_victim 256; /bin/busybox sleep 30' >/dev/null
	start_memsonde "$looks" stat -c "$PREFIX-oom" -i 0.3 -o json
	check "an OOM kill in the container is counted" "$(container_field "$looks" oom oom_kills)" \
		wait_until 15 has_oom_kill "$looks"
	equal "and its victim is marked" \
		"$(jq 'select(.comm == "oom_victim" and .exited != null) | .oom_killed' "$looks")" true
	stop_memsonde
}

# The machine's Node.js with its libraries, in an image of its own.
make_node_image() {
	local root=$STATE/node-image library

	mkdir -p "$root/bin"
	cp -L "$(readlink -f "$(command -v node)")" "$root/bin/service" || return 1
	while read -r library; do
		mkdir -p "$root$(dirname "$library")"
		cp -L "$library" "$root$library"
	done < <(ldd "$root/bin/service" | grep -o '/[^ ]*')
	tar -C "$root" -c . | docker import - "$PREFIX-node:latest" >/dev/null
}

node_has_settled() {
	docker logs "$PREFIX-node" 2>/dev/null | grep -q '"left":1,'
}

# A service under another name than node: its heap as it prints it itself.
node_in_container() {
	local looks=$WORK/look.node truth

	if ! command -v node >/dev/null; then
		skip "node in a container" "no node here"
		return
	fi
	make_node_image || fail "node in a container" "no image"
	docker run -d --network none --name "$PREFIX-node" --memory 256m "$PREFIX-node:latest" \
		/bin/service -e 'globalThis.held = [];
			for (let i = 0; i < 50; i++) held.push(Buffer.alloc(100000, 1), { i });
			let left = 8; // printing for the first times makes the heap grow
			const timer = setInterval(() => {
				console.log(JSON.stringify({ left, ...process.memoryUsage() }));
				if (--left === 0) clearInterval(timer);
			}, 100);
			setInterval(() => {}, 1e9);' >/dev/null
	wait_until 30 node_has_settled || fail "node in a container" "it does not run"
	sleep 0.5
	look "$looks" -c "$PREFIX-node"
	truth=$(docker logs "$PREFIX-node" 2>/dev/null | tail -n 1)
	equal "node in a container: heapTotal" "$(jq '.v8.isolates[0].heap_total' "$looks")" \
		"$(jq .heapTotal <<<"$truth")"
	equal "node in a container: arrayBuffers" "$(jq '.v8.isolates[0].array_buffers' "$looks")" \
		"$(jq .arrayBuffers <<<"$truth")"
	equal "node in a container: allocator" "$(jq -r .heap.allocator "$looks")" glibc
	equal "node in a container: classes sum to rss_unique" \
		"$(container_field "$looks" node "classes | [.[] | values] | add")" \
		"$(container_field "$looks" node rss_unique)"
	check "node in a container: its heap is a class of the container" "$(jq -c .container "$looks")" \
		test "$(jq ".container.classes.v8_heap // 0" "$looks")" -gt 3000000
	docker rm -f "$PREFIX-node" >/dev/null
}

# The names of containers are read where people's Docker keeps its state: the engine gets
# a private directory there, bound for as long as the test runs.
DATA_ROOT=/var/lib/docker
if [ -e "$DATA_ROOT" ]; then
	# What is there is hidden for the length of the test, not touched.
	HID=1
else
	HID=0
fi
mkdir -p "$DATA_ROOT" "$STATE/data"
mount --bind "$STATE/data" "$DATA_ROOT"
unhide() {
	umount -l "$DATA_ROOT"
	[ "$HID" = 1 ] || rmdir "$DATA_ROOT"
}
CLEANUPS+=(unhide)

if ! start_engine; then
	fail "Docker engine" "does not start: $(grep -i fail "$STATE/log" | tail -n 1)"
	finish
fi
make_image || {
	fail "Docker engine" "no image"
	finish
}
run heap 64m brk_heap
run shared 80m map_shared
run fork 128m fork_cow
for name in heap shared fork; do
	wait_until 20 has_settled $name || fail "$name" "$(head -n 1 "$WORK/run.err")"
done

look "$WORK/all" -a
for name in heap shared fork; do
	equal "-a knows $name" "$(container_field "$WORK/all" $name name)" "$PREFIX-$name"
done
one_container heap $((64 * 1024 * 1024))
one_container shared $((80 * 1024 * 1024))
one_container fork $((128 * 1024 * 1024))
figure=$(container_field "$WORK/look.heap" heap classes.malloc)
check "heap: malloc" "$figure" within "$figure" $((33 * 1024 * 1024)) 4
figure=$(container_field "$WORK/look.shared" shared classes.shmem)
equal "shared: shmem" "$figure" $((24 * 1024 * 1024))
shared_pages
wrong_name
node_in_container
restart_is_followed
oom_is_counted
finish
