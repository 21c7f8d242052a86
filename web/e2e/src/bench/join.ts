// How long a browser takes to join a call, and the server's share of it: tools/browser_tests.sh bench [joins]
//
// Somebody with a camera is in the meeting; another page joins, sees the first picture and goes, again and again. The
// page's times begin with the client's start; the server's are its own (service/meetings/join_times.hpp).
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { join } from 'node:path';

import type { Party } from '../../client-page/party.ts';
import { Browsers } from '../support/browsers.ts';
import { Call, type Person } from '../support/call.ts';
import { root } from '../support/paths.ts';
import { until } from '../support/wait.ts';

declare const window: { party: Party };

type Times = Record<string, number>;

const count = Number(process.argv[2] ?? 20);

/** Milliseconds in the page: devices open and the client begun, the session started, the other's first picture. */
async function joinAndSee(person: Person): Promise<Times> {
  const options = {
    meeting: person.join.Meeting,
    attendee: person.join.Attendee,
    run: '0'.repeat(16),
    participant: person.number,
    microphone: true,
    camera: null,
  };
  return person.page.evaluate(async (wanted) => {
    const next = () => new Promise((done) => setTimeout(done, 4));
    await window.party.join(wanted);
    const begin = performance.now();
    while (window.party.state().starts === 0) await next();
    const started = performance.now();
    while (!window.party.readings().some(({ reading }) => reading)) await next();
    return { pageStartedMs: started - begin, pagePictureMs: performance.now() - begin };
  }, options);
}

async function serverTimes(call: Call, person: Person): Promise<Times> {
  const { connections } = await call.server.meeting<{ join?: Times }>(call.owner.Meeting.MeetingId);
  const times = connections.find(({ attendeeId }) => attendeeId === person.attendeeId)?.join;
  if (times === undefined) throw new Error('this server does not tell the times of a join');
  const { socketOpenUnixMs: _, ...since } = times;
  return since;
}

function percentile(sorted: number[], part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)] ?? NaN;
}

const browsers = new Browsers();
const joins: Times[] = [];
try {
  await Call.with('bench-join', browsers, async (call) => {
    const publisher = await call.person('chromium');
    await publisher.start();
    for (let i = 0; i < count; ++i) {
      const person = await call.person('chromium');
      const page = await joinAndSee(person);
      // What is the server's own share is known once the first picture is out.
      const server = await until('the server has told all', async () => {
        const times = await serverTimes(call, person);
        return times['serverMs'] === undefined ? undefined : times;
      });
      joins.push({ ...page, ...server });
      await person.page.close();
      await until('it has gone', async () => (await publisher.state()).roster[person.attendeeId]?.present === false);
    }
  }, { expectedProblems: [/closed/] });
} finally {
  await browsers.close();
}

const names = [...new Set(joins.flatMap((one) => Object.keys(one)))];
const summary = Object.fromEntries(names.map((name) => {
  const sorted = joins.flatMap((one) => one[name] ?? []).sort((a, b) => a - b);
  return [name, { p50: percentile(sorted, 0.5), p95: percentile(sorted, 0.95), n: sorted.length }];
}));
console.log(`${'milliseconds'.padEnd(26)}${'p50'.padStart(10)}${'p95'.padStart(10)}`);
for (const [name, { p50, p95 }] of Object.entries(summary)) {
  console.log(`${name.padEnd(26)}${p50.toFixed(2).padStart(10)}${p95.toFixed(2).padStart(10)}`);
}
const directory = join(root, 'build/bench');
mkdirSync(directory, { recursive: true });
const file = join(directory, 'browser_join.json');
const machine = { cores: cpus().length, model: cpus()[0]?.model.trim(), load: loadavg()[0] };
writeFileSync(file, JSON.stringify({ machine, count, summary, joins }, null, 1));
console.log(`${joins.length} joins, load ${(machine.load ?? 0).toFixed(1)}; ${file.slice(root.length + 1)}`);
