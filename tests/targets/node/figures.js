// SPDX-License-Identifier: GPL-2.0-only
// Holds what its argument says, in the main thread or in workers, and prints a line of
// what it knows of itself, at the start and for each line on its standard input; else it
// is idle. It ends with its standard input.
'use strict';
const { Worker, isMainThread, parentPort, workerData } = require('worker_threads');
const fs = require('fs');
const v8 = require('v8');

const held = [];

// A module with nothing but a memory of 16 MiB that may grow to 64 MiB.
function wasmMemory() {
  const memory = new WebAssembly.Memory({ initial: 256, maximum: 1024 });
  new Uint8Array(memory.buffer).fill(1);
  return memory;
}

const holders = {
  idle() {},
  objects() {
    for (let i = 0; i < 100000; i++) held.push({ i, text: 'x' + i });
  },
  strings() {
    for (let i = 0; i < 2000; i++) held.push(Buffer.alloc(4000, 97 + (i % 26)).toString('latin1'));
    held.push('long '.repeat(1 << 20).split('').join(''));
  },
  buffers() {
    for (const size of [1, 10, 100, 1000, 4095, 4096, 8192, 65536, 131072, 200000, 1 << 20])
      for (let i = 0; i < 20; i++) held.push(Buffer.alloc(size, i), Buffer.allocUnsafe(size));
    held.push(new ArrayBuffer(7 << 20), new Uint8Array(3333333), new Float64Array(1000));
  },
  // malloc maps blocks of more than 32 MiB for themselves, whatever came before.
  large() {
    held.push(Buffer.alloc(34 << 20, 1), new Uint8Array(34 << 20).fill(1));
  },
  shared() {
    held.push(new SharedArrayBuffer(5 << 20), new SharedArrayBuffer(100));
    new Uint8Array(held[0]).fill(1);
  },
  external() {
    const zlib = require('zlib');
    const crypto = require('crypto');
    for (let i = 0; i < 20; i++) held.push(zlib.createGzip(), zlib.createInflate());
    for (let i = 0; i < 200; i++) held.push(crypto.createHash('sha256').update('x'));
    held.push(crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }));
  },
  wasm() {
    held.push(wasmMemory());
  },
  contexts() {
    for (let i = 0; i < 5; i++) held.push(require('vm').createContext({}));
  },
  workers() {
    holders.objects();
    holders.buffers();
  },
};

function ownFigures() {
  return {
    tid: Number(fs.readlinkSync('/proc/thread-self').split('/').pop()),
    spaces: v8.getHeapSpaceStatistics(),
    heap: v8.getHeapStatistics(),
    memory: process.memoryUsage(),
  };
}

if (isMainThread) {
  const what = process.argv[2] || 'idle';
  const workers = [];
  let answers = [];

  const print = () => {
    if (answers.length < workers.length) return;
    const line = { pid: process.pid, version: process.versions.node, what,
                   threads: [ownFigures(), ...answers] };
    fs.writeSync(1, JSON.stringify(line) + '\n');
  };
  const ask = () => {
    answers = [];
    for (const worker of workers) worker.postMessage('figures');
    print();
  };
  const answered = (answer) => { answers.push(answer); print(); };

  for (let i = 0; i < (what === 'workers' ? 2 : 0); i++) {
    workers.push(new Worker(__filename, { workerData: what }));
    workers[i].on('message', answered);
  }
  holders[what]();
  ownFigures();
  process.stdin.on('data', ask).on('end', () => process.exit(0));
  setTimeout(ask, 500);
} else {
  holders[workerData]();
  ownFigures();
  parentPort.on('message', () => parentPort.postMessage(ownFigures()));
}
