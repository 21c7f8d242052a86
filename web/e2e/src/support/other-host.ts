// Another host on the same network: a network namespace at the far end of a cable, and a browser that runs in it. It knows
// this machine by one address and nothing else of the world.
import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';

import { chromiumProgram } from './browsers.ts';

const ip = (...words: string[]): string => execFileSync('ip', words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

function freeNetwork(): string {
  const taken = Object.values(networkInterfaces()).flat().map((a) => a?.address ?? '');
  for (let third = process.pid % 250; third < 500; ++third) {
    const network = `10.213.${third % 250}`;
    if (!taken.some((address) => address.startsWith(`${network}.`))) return network;
  }
  throw new Error('no network of 10.213.0.0/16 is free');
}

export class OtherHost {
  /** This machine, as the other one knows it. */
  readonly address: string;
  readonly ownAddress: string;
  private readonly namespace: string;
  private readonly cable: string;

  private constructor(namespace: string, cable: string, network: string) {
    this.namespace = namespace;
    this.cable = cable;
    this.address = `${network}.1`;
    this.ownAddress = `${network}.2`;
  }

  /** Why there can be none here; false: there can. */
  static lacks(): string | false {
    if (process.getuid?.() !== 0) return 'another host is a network namespace: only root can make one';
    const name = `upcall-try-${process.pid}`;
    try {
      ip('netns', 'add', name);
      try {
        // Needs mounts of its own, which not every container and no bare chroot has.
        ip('netns', 'exec', name, 'true');
      } finally {
        ip('netns', 'delete', name);
      }
      return false;
    } catch (error) {
      return `ip cannot make and enter a network namespace here: ${error instanceof Error ? error.message : String(error)}`;
    }
  }

  static begin(): OtherHost {
    const name = `upcall-${process.pid}`;
    const [here, there] = [`up${process.pid}h`, `up${process.pid}t`];
    const host = new OtherHost(name, here, freeNetwork());
    ip('netns', 'add', name);
    try {
      ip('link', 'add', here, 'type', 'veth', 'peer', 'name', there, 'netns', name);
      // No addresses that come later by themselves: a browser drops its requests when the network changes.
      ip('link', 'set', here, 'addrgenmode', 'none');
      ip('-n', name, 'link', 'set', there, 'addrgenmode', 'none');
      ip('address', 'add', `${host.address}/24`, 'dev', here);
      ip('link', 'set', here, 'up');
      ip('-n', name, 'address', 'add', `${host.ownAddress}/24`, 'dev', there);
      ip('-n', name, 'link', 'set', there, 'up');
      ip('-n', name, 'link', 'set', 'lo', 'up');
    } catch (error) {
      host.end();
      throw error;
    }
    return host;
  }

  /** A program that is that host's Chromium, in `directory`. */
  chromium(directory: string): string {
    const program = join(directory, 'chromium-of-the-other-host');
    writeFileSync(program, `#!/bin/sh\nexec ip netns exec ${this.namespace} ${chromiumProgram()} "$@"\n`);
    chmodSync(program, 0o755);
    return program;
  }

  end(): void {
    for (const words of [['link', 'delete', this.cable], ['netns', 'delete', this.namespace]]) {
      try {
        ip(...words);
      } catch {
        // It has gone with the other, or was never made.
      }
    }
  }
}
