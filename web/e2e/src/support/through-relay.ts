// Calls of the bare client whose network is the relay.
import type { Browsers, BrowserName } from './browsers.ts';
import { Call, type Person } from './call.ts';
import { freeTcpPort, freeUdpPort, ownAddress } from './processes.ts';
import { Relay } from './relay.ts';
import type { ServeOptions } from './upcall.ts';

/** A relay, and with what a server is started that is reached through it alone. */
export async function relayedServer(): Promise<{ relay: Relay; serve: ServeOptions }> {
  const ports = {
    tcpPort: await freeTcpPort(),
    serverTcpPort: await freeTcpPort(),
    udpAddress: ownAddress(),
    udpPort: await freeUdpPort(),
  };
  return {
    relay: await Relay.start(ports),
    serve: {
      listen: `127.0.0.1:${ports.serverTcpPort}`,
      publicUrl: `http://127.0.0.1:${ports.tcpPort}`,
      mediaAddress: `${ports.udpAddress}=127.0.0.1`,
      mediaPort: ports.udpPort,
    },
  };
}

export class ThroughRelay {
  private readonly browsers: Browsers;

  constructor(browsers: Browsers) {
    this.browsers = browsers;
  }

  async call(name: string, body: (call: Call, relay: Relay) => Promise<void>): Promise<void> {
    const { relay, serve } = await relayedServer();
    try {
      await Call.with(name, this.browsers, (call) => body(call, relay), {
        serve,
        // The browsers themselves report a socket that broke, and the client trips over its own report of it.
        expectedProblems: [/WebSocket|can’t establish a connection|interrupted while|Error reporting event TypeError/],
      });
    } finally {
      await relay.stop();
    }
  }

  async together(call: Call, browser: BrowserName): Promise<Person[]> {
    const people = [await call.person(browser), await call.person('chromium')];
    for (const person of people) await person.start();
    await call.everybodySeesEverybody();
    return people;
  }
}
