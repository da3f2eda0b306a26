// SPDX-License-Identifier: GPL-2.0-only
// Collects garbage of known kinds in the main thread and in WORKERS workers, and prints
// what perf_hooks saw in each: a line of JSON a thread. Run with --trace-gc --expose-gc;
// it begins at the first line on its standard input.
'use strict';
const { PerformanceObserver, constants } = require('perf_hooks');
const { Worker, isMainThread, threadId, workerData } = require('worker_threads');

const workers = isMainThread ? Number(process.argv[2] || 0) : 0;
const steps = isMainThread ? Number(process.argv[3] || 30) : workerData;
const seen = { thread: threadId, minor: 0, major: 0, pause_ms: 0 };

function observe() {
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      const kind = entry.detail ? entry.detail.kind : entry.kind;
      if (kind === constants.NODE_PERFORMANCE_GC_MINOR) seen.minor++;
      else if (kind === constants.NODE_PERFORMANCE_GC_MAJOR) seen.major++;
      else continue;
      seen.pause_ms += entry.duration;
    }
  }).observe({ entryTypes: ['gc'] });
}

function work() {
  const kept = [];
  let step = 0;

  observe();
  const timer = setInterval(() => {
    for (let i = 0; i < 40000; i++) {
      const object = { i, text: 'item ' + i, list: [i, i + 1, i + 2] };
      if (i % 10 === 0) kept.push(object);
    }
    if (step % 10 === 9) globalThis.gc();
    if (++step < steps) return;
    clearInterval(timer);
    setTimeout(() => console.log(JSON.stringify(seen)), 300);
  }, 10);
}

if (isMainThread) {
  console.log('ready');
  process.stdin.once('data', () => {
    process.stdin.unref();
    for (let i = 0; i < workers; i++) new Worker(__filename, { workerData: steps });
    work();
  });
} else {
  work();
}
