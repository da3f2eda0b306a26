// SPDX-License-Identifier: GPL-2.0-only
// A service that allocates as services do: each request parses and builds JSON, joins
// strings, and sends a Buffer. Prints its port when it listens.
'use strict';
const http = require('http');

const recent = [];
const server = http.createServer((request, response) => {
  const items = [];
  for (let i = 0; i < 60; i++) items.push({ id: i, name: 'item ' + i, tags: ['a', 'b', String(i)] });
  recent.push(JSON.parse(JSON.stringify({ url: request.url, items })));
  if (recent.length > 500) recent.splice(0, 250);
  response.end(Buffer.from(JSON.stringify(items)));
});
server.keepAliveTimeout = 60000;
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
