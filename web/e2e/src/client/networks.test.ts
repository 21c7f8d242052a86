// Networks that are not as one would like: no UDP, and NATs that give clients other addresses in the middle of a call.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { Browsers } from '../support/browsers.ts';
import type { Person } from '../support/call.ts';
import { ThroughRelay } from '../support/through-relay.ts';
import { until } from '../support/wait.ts';

const browsers = new Browsers();
after(() => browsers.close());
const network = new ThroughRelay(browsers);

interface Link {
  estimateBps: number;
  queueMs: number;
}

async function metric(url: string, name: string): Promise<number> {
  const line = (await (await fetch(`${url}/metrics`)).text()).split('\n').find((l) => l.startsWith(`${name} `));
  return Number(line?.slice(name.length + 1) ?? NaN);
}

for (const browser of ['chromium', 'firefox'] as const) {
  test(`${browser}: no UDP gets out, and the call comes in over TCP`, { timeout: 180_000 }, async () => {
    await network.call(`${browser} no udp`, async (call, relay) => {
      relay.blockUdp();
      const [a, b] = (await network.together(call, browser)) as [Person, Person];
      await Promise.all([a.hears(b), b.hears(a)]);
      assert.equal(await metric(call.server.url, 'upcall_media_tcp_connections'), 2);
      assert.equal((await a.state()).reconnects, 0);
      await call.meeting.end();
      await until('the connections end with the call', async () => (await metric(call.server.url, 'upcall_media_tcp_connections')) === 0);
    });
  });

  test(`${browser}: a NAT gives everybody another address, and pictures go on`, { timeout: 180_000 }, async () => {
    await network.call(`${browser} nat`, async (call, relay) => {
      const people = (await network.together(call, browser)) as [Person, Person];
      const [a, b] = people;
      for (let i = 0; i < 5; i++) {
        relay.rebind();
        // A second of the other's clock: what was under way does not reach as far.
        await Promise.all([a.watches(b, 1000), b.watches(a, 1000)]);
      }
      for (const person of people) assert.equal((await person.state()).reconnects, 0);
    });
  });

  test(`${browser}: a narrow link gets less video, sound goes on, and all of it comes back`, { timeout: 180_000 }, async () => {
    await network.call(`${browser} narrow`, async (call, relay) => {
      const [a, b] = (await network.together(call, browser)) as [Person, Person];
      // What the server takes the links for: it hears from these browsers what arrives when.
      const links = async (): Promise<Link[]> => (await call.server.meeting<Link>(a.join.Meeting.MeetingId)).connections;
      await until('both links are measured', async () => (await links()).every((link) => link.estimateBps > 0));
      relay.narrow(250);
      await until('both are taken for narrow', async () => (await links()).every((link) => link.estimateBps <= 260_000), { seconds: 15 });
      // It has settled after some seconds of the pictures' clocks; then nothing waits long, and sound comes.
      await Promise.all([a.watches(b, 5000), b.watches(a, 5000)]);
      await until('the queues are short', async () => (await links()).every((link) => link.queueMs < 400));
      await Promise.all([a.hears(b), b.hears(a)]);
      await Promise.all([a.watches(b, 3000), b.watches(a, 3000)]);
      relay.narrow(0);
      await until('both are wide again', async () => (await links()).every((link) => link.estimateBps >= 1_000_000), { seconds: 20 });
      await Promise.all([a.sees(b), b.sees(a)]);
      for (const person of [a, b]) assert.equal((await person.state()).reconnects, 0);
    });
  });
}

// Chromium's client writes redundant sound when the server has told of loss for about a minute; Firefox's writes none.
test('chromium: a fifth of all packets is lost, and sound comes beside later sound, both ways', { timeout: 240_000 }, async () => {
  await network.call('lossy sound', async (call, relay) => {
    const [a, b] = (await network.together(call, 'chromium')) as [Person, Person];
    relay.loseOneOf(5);
    const links = async () => (await call.server.meeting<{ audioRecovered: number; audioRepeated: number }>(a.join.Meeting.MeetingId)).connections;
    await until('the server repeats what it sends', async () => (await links()).every((link) => link.audioRepeated > 0), { seconds: 60, seen: links });
    await until('and takes what was lost from what is repeated', async () => (await links()).every((link) => link.audioRecovered > 5), { seconds: 120, seen: links });
    await Promise.all([a.hears(b), b.hears(a)]);
    relay.loseOneOf(0);
    for (const person of [a, b]) assert.equal((await person.state()).reconnects, 0);
  });
});
