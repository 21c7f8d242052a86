// Drops of the socket and of the whole network: the client comes back by itself and pictures go on.
import { after, test } from 'node:test';

import { Browsers } from '../support/browsers.ts';
import type { Person } from '../support/call.ts';
import { ThroughRelay } from '../support/through-relay.ts';
import { until } from '../support/wait.ts';

const browsers = new Browsers();
after(() => browsers.close());
const network = new ThroughRelay(browsers);

async function cameBack(people: Person[], startsBefore: number[]): Promise<void> {
  for (const [i, person] of people.entries()) {
    await until(`${person} has come back`, async () => (await person.state()).starts > (startsBefore[i] ?? 0), {
      seconds: 40,
      seen: () => person.state(),
    });
  }
}

for (const browser of ['chromium', 'firefox'] as const) {
  test(`${browser}: the socket breaks`, { timeout: 120_000 }, async () => {
    await network.call(`${browser} socket drop`, async (call, relay) => {
      const people = await network.together(call, browser);
      const starts = await Promise.all(people.map(async (p) => (await p.state()).starts));
      relay.dropSockets();
      await cameBack(people, starts);
      await call.everybodySeesEverybody();
      await people[0]?.hears(people[1] as Person);
    });
  });

  test(`${browser}: the network is gone for a while`, { timeout: 180_000 }, async () => {
    await network.call(`${browser} network drop`, async (call, relay) => {
      const people = await network.together(call, browser);
      const starts = await Promise.all(people.map(async (p) => (await p.state()).starts));
      relay.cut();
      for (const person of people) {
        await until(`${person} notices`, async () => (await person.state()).reconnects > 0, { seconds: 60 });
      }
      relay.restore();
      await cameBack(people, starts);
      await call.everybodySeesEverybody();
    });
  });
}

// acceptance: 35
test('a network that loses packets is told as weak, and as good when it is', { timeout: 120_000 }, async () => {
  await network.call('lossy network', async (call, relay) => {
    const [a, b] = (await network.together(call, 'firefox')) as [Person, Person];
    const signalOf = async (looking: Person, other: Person): Promise<number | null> => (await looking.state()).roster[other.attendeeId]?.signal ?? null;
    const told = (strength: number): Promise<unknown> =>
      Promise.all([[a, b], [b, a]].map(([x, y]) => until(`${x} is told ${strength} of ${y}`, async () => (await signalOf(x as Person, y as Person)) === strength, { seconds: 40 })));
    relay.loseOneOf(5);
    await told(0.5);
    relay.loseOneOf(0);
    await told(1);
    await call.everybodySeesEverybody();
  });
});
