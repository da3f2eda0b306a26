// SPDX-License-Identifier: GPL-2.0-only
// Main thread and three workers that allocate as fast as they can: objects, strings, some
// Buffers, all of them short-lived but the last few thousand. Prints a line when all run,
// and ends with its standard input.
'use strict';
const { Worker, isMainThread, parentPort } = require('worker_threads');

const kept = [];
let next = 0;

function allocate(milliseconds) {
  const end = Date.now() + milliseconds;
  while (Date.now() < end) {
    for (let i = 0; i < 1000; i++) {
      kept[next++ % 20000] = { next, text: 'x' + next, list: [next, next + 1] };
      if (i % 100 === 0) kept[next++ % 20000] = Buffer.alloc(next % 30000);
    }
  }
  setImmediate(allocate, milliseconds);
}

if (isMainThread) {
  let running = 0;

  process.stdin.on('data', () => {}).on('end', () => process.exit(0));
  for (let i = 0; i < 3; i++) {
    new Worker(__filename).on('message', () => {
      if (++running === 3) console.log(JSON.stringify({ pid: process.pid }));
    });
  }
} else {
  parentPort.postMessage('runs');
}
allocate(20);
