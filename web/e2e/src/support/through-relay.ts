// Calls of the bare client whose network is the relay.
import type { Browsers, BrowserName } from './browsers.ts';
import { Call, type Person } from './call.ts';
import { freeTcpPort, freeUdpPort, ownAddress } from './processes.ts';
import { Relay } from './relay.ts';

export class ThroughRelay {
  private readonly browsers: Browsers;

  constructor(browsers: Browsers) {
    this.browsers = browsers;
  }

  async call(name: string, body: (call: Call, relay: Relay) => Promise<void>): Promise<void> {
    const options = {
      tcpPort: await freeTcpPort(),
      serverTcpPort: await freeTcpPort(),
      udpAddress: ownAddress(),
      udpPort: await freeUdpPort(),
    };
    const relay = await Relay.start(options);
    try {
      await Call.with(name, this.browsers, (call) => body(call, relay), {
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

  async together(call: Call, browser: BrowserName): Promise<Person[]> {
    const people = [await call.person(browser), await call.person('chromium')];
    for (const person of people) await person.start();
    await call.everybodySeesEverybody();
    return people;
  }
}
