// Drops of the socket and of the whole network: the client comes back by itself and pictures go on.
import { after, test } from 'node:test';

import { Browsers, type BrowserName } from '../support/browsers.ts';
import { Call, type Person } from '../support/call.ts';
import { freeTcpPort, freeUdpPort, ownAddress } from '../support/processes.ts';
import { Relay } from '../support/relay.ts';
import { until } from '../support/wait.ts';

const browsers = new Browsers();
after(() => browsers.close());

async function throughRelay(name: string, body: (call: Call, relay: Relay) => Promise<void>): Promise<void> {
  const options = {
    tcpPort: await freeTcpPort(),
    serverTcpPort: await freeTcpPort(),
    udpAddress: ownAddress(),
    udpPort: await freeUdpPort(),
  };
  const relay = await Relay.start(options);
  try {
    await Call.with(name, browsers, (call) => body(call, relay), {
      serve: {
        listen: `127.0.0.1:${options.serverTcpPort}`,
        publicUrl: `http://127.0.0.1:${options.tcpPort}`,
        mediaAddress: `${options.udpAddress}=127.0.0.1`,
        mediaPort: options.udpPort,
      },
      // The browsers themselves report a socket that broke, and the client trips over its own report of it.
      expectedProblems: [/WebSocket|can’t establish a connection|interrupted while|Error reporting event TypeError/],
    });
  } finally {
    await relay.stop();
  }
}

async function together(call: Call, browser: BrowserName): Promise<Person[]> {
  const people = [await call.person(browser), await call.person('chromium')];
  for (const person of people) await person.start();
  await call.everybodySeesEverybody();
  return people;
}

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
    await throughRelay(`${browser} socket drop`, async (call, relay) => {
      const people = await together(call, browser);
      const starts = await Promise.all(people.map(async (p) => (await p.state()).starts));
      relay.dropSockets();
      await cameBack(people, starts);
      await call.everybodySeesEverybody();
      await people[0]?.hears(people[1] as Person);
    });
  });

  test(`${browser}: the network is gone for a while`, { timeout: 180_000 }, async () => {
    await throughRelay(`${browser} network drop`, async (call, relay) => {
      const people = await together(call, browser);
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
  await throughRelay('lossy network', async (call, relay) => {
    const [a, b] = (await together(call, 'firefox')) as [Person, Person];
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
