// SPDX-License-Identifier: GPL-2.0-only
// Asks a local server as fast as it answers, over a few connections: PORT SECONDS. Prints
// requests that were answered and requests that were not.
'use strict';
const http = require('http');

const [port, seconds] = process.argv.slice(2).map(Number);
const agent = new http.Agent({ keepAlive: true, maxSockets: 8 });
let answered = 0;
let failed = 0;
let open = 8;
const end = Date.now() + seconds * 1000;

function ask() {
  if (Date.now() >= end) {
    if (--open === 0) {
      console.log(`${answered} ${failed}`);
      agent.destroy();
    }
    return;
  }
  http.get({ host: '127.0.0.1', port, agent }, (response) => {
    response.resume();
    response.on('end', () => { answered += response.statusCode === 200 ? 1 : 0; ask(); });
  }).on('error', () => { failed++; ask(); });
}
for (let i = 0; i < 8; i++) ask();
