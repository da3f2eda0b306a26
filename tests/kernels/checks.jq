# SPDX-License-Identifier: GPL-2.0-only
#
# Compares memsonde's looks with the truth that guest.sh gathered; see there for the
# arguments. Prints a line a test.

# ---- words -----------------------------------------------------------------

def verdict($name; problems):
	[problems] | if length == 0 then "ok \($name)" else "not ok \($name): \(join("; "))" end;

def equal($what; $got; $expected):
	if $got == $expected then empty else "\($what) is \($got), not \($expected)" end;

def distance($a; $b): $a - $b | if . < 0 then -. else . end;

# got differs from expected by no more than that many.
def near($what; $got; $expected; $most):
	if ($got | type) == "number" and distance($got; $expected) <= $most then empty
	else "\($what) is \($got), not \($expected) within \($most | floor)" end;

def at_least($what; $got; $least):
	if ($got | type) == "number" and $got >= $least then empty
	else "\($what) is \($got), not \($least) or more" end;

# All that was said about a process while it lived, and after.
def living($pid): [$looks[] | select(.pid == $pid and .exited == null)];
def ended($pid): [$looks[] | select(.pid == $pid and .exited != null)];

# ---- quiet processes -------------------------------------------------------

def against_status($p; $s):
	equal("rss"; $p.rss; $s.VmRSS), equal("rss_anon"; $p.rss_anon; $s.RssAnon),
	equal("rss_file"; $p.rss_file; $s.RssFile), equal("rss_shmem"; $p.rss_shmem; $s.RssShmem),
	equal("swap"; $p.swap; $s.VmSwap), equal("rss_high_water"; $p.rss_high_water; $s.VmHWM);

# What smaps_rollup tells about the kinds; it walks the page tables.
def against_rollup($p; $r):
	equal("rss"; $p.rss; $r.Rss), equal("rss_anon"; $p.rss_anon; $r.Anonymous),
	equal("rss_file + rss_shmem"; $p.rss_file + $p.rss_shmem; $r.Rss - $r.Anonymous),
	equal("swap"; $p.swap; $r.Swap);

def figures($p; $t):
	against_rollup($p; $t.rollup),
	(if $held_back then empty else against_status($p; $t.status) end),
	equal("vsize"; $p.vsize; $t.status.VmSize), equal("vsize_data"; $p.vsize_data; $t.status.VmData),
	equal("vsize_stack"; $p.vsize_stack; $t.status.VmStk),
	equal("page_tables"; $p.page_tables; $t.status.VmPTE),
	equal("threads"; $p.threads; $t.status.Threads);

def classes($p; $t):
	($p.rss / 100) as $hundredth |
	equal("the sum of the classes"; [$p.classes[] // 0] | add; $p.rss),
	near("unaccounted"; $p.classes.unaccounted; 0; $hundredth),
	($t.classes | to_entries[] | near(.key; $p.classes[.key]; .value; $hundredth));

def quiet:
	$truth[] | . as $t | living(.pid) as $seen |
	if $seen == [] then "not ok figures of \(.name): it was not seen" else
		verdict("figures of \(.name)"; figures($seen[-1]; $t)),
		verdict("classes of \(.name)"; classes($seen[-1]; $t))
	end;

# ---- processes that act between looks --------------------------------------

def gained($seen; $path):
	[$seen[0, -1] | getpath($path)] | if any(. == null) then null else .[1] - .[0] end;

# Exact, or short of calls by no more than the losses told: a kernel that preempts a
# tracing program may leave out another run of it.
def counted($seen):
	([$looks[].look.lost_events] | max) as $lost |
	$counters[-1] | to_entries[] | select(.key != "pid" and (.value | type) == "number") |
	(if .key | startswith("faults_") then ["faults", (.key | ltrimstr("faults_"))]
	 else ["mapped", .key] end) as $path |
	gained($seen; $path) as $gained |
	if $lost > 0 and ($path[1] | endswith("_bytes")) then empty
	elif $lost > 0 and $gained != null and $gained < .value then
		at_least($path | join("."); $gained; .value - $lost)
	else equal($path | join("."); $gained; .value) end;

def acting:
	living($counters[0].pid) as $seen |
	verdict("counters of known calls and faults";
		if $seen == [] then "the process was not seen" else counted($seen) end),
	living($spike) as $seen |
	verdict("peak between two looks";
		if $seen == [] then "the process was not seen" else
			# With counters per CPU less than a batch of each kind may be missed.
			near("the highest rss_peak"; [$seen[].rss_peak] | max;
				$seen[0].rss + 256 * 1048576; 1048576),
			near("rss afterwards"; $seen[-1].rss; $seen[0].rss; 1048576)
		end);

def exits:
	ended($short) as $short |
	verdict("a short process is in the exited list";
		equal("the number of its lines"; $short | length; 1),
		equal("exit_status"; $short[0].exit_status; 7),
		equal("oom_killed"; $short[0].oom_killed; false),
		at_least("rss_peak"; $short[0].rss_peak; 32 * 1048576)),
	ended($victim) as $victim |
	verdict("a victim of the OOM killer is in the exited list";
		equal("the number of its lines"; $victim | length; 1),
		equal("oom_killed"; $victim[0].oom_killed; true),
		equal("exit_signal"; $victim[0].exit_signal; 9),
		at_least("rss_peak"; $victim[0].rss_peak; 16 * 1048576));

# ---- containers and losses -------------------------------------------------

def contained:
	($truth[] | select(.name == "contained").pid) as $pid | living($pid)[-1] as $p |
	verdict("figures of a container";
		equal("id"; $p.container.id; $container_id),
		equal("runtime"; $p.container.runtime; "docker"),
		equal("memory_limit"; $p.container.memory_limit; $container_limit),
		equal("limits.container"; $p.limits.container; $container_limit),
		near("memory_current"; $p.container.memory_current; $container_current;
			$container_current / 100),
		equal("processes"; $p.container.processes; 1),
		equal("rss_sum"; $p.container.rss_sum; $p.rss));

def losses:
	verdict("no end of a process is left out";
		equal("look.exited_left_out"; [$looks[].look.exited_left_out] | max; 0));

quiet, acting, exits, contained, losses
