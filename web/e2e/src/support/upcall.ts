// A server of its own for each test, with a data directory inside the test's evidence.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { Evidence } from './evidence.ts';
import { programs } from './paths.ts';
import { execute, freeUdpPort, ownAddress, stop } from './processes.ts';

export interface ServeOptions {
  listen?: string; // 127.0.0.1:0
  publicUrl?: string;
  mediaAddress?: string; // this machine's own
  mediaPort?: number;
  more?: string[];
}

export class Upcall {
  readonly url: string;
  readonly dataDir: string;
  private readonly child: ChildProcess;

  private constructor(url: string, dataDir: string, child: ChildProcess) {
    this.url = url;
    this.dataDir = dataDir;
    this.child = child;
  }

  static async start(evidence: Evidence, options: ServeOptions = {}): Promise<Upcall> {
    const dataDir = join(evidence.directory, 'data');
    const mediaPort = options.mediaPort ?? (await freeUdpPort());
    const words = ['serve', '--data-dir', dataDir, '--listen', options.listen ?? '127.0.0.1:0', '--demo-routing'];
    words.push('--media-port', String(mediaPort), '--media-address', options.mediaAddress ?? ownAddress());
    words.push('--log-file', join(evidence.directory, 'server.log'));
    if (options.publicUrl !== undefined) words.push('--public-url', options.publicUrl);
    words.push(...(options.more ?? []));
    const child = spawn(join(programs, 'upcall'), words, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.on('data', (piece: Buffer) => (said += piece.toString()));
    const url = await new Promise<string>((done, fail) => {
      child.once('error', fail);
      child.once('exit', (code) => fail(new Error(`upcall serve ended with ${code}: ${said}`)));
      const timer = setTimeout(() => fail(new Error(`upcall serve is not ready after 30 s: ${said}`)), 30_000);
      createInterface(child.stdout).on('line', (line) => {
        if (!line.startsWith('ready ')) return;
        clearTimeout(timer);
        done(line.slice(6).trim());
      });
    });
    child.removeAllListeners('exit');
    return new Upcall(url, dataDir, child);
  }

  /** One command of the administration's command line; its JSON answer. */
  async admin<T = Record<string, unknown>>(...words: string[]): Promise<T> {
    const { stdout } = await execute(join(programs, 'upcall'), [...words, '--data-dir', this.dataDir, '--json']);
    return JSON.parse(stdout) as T;
  }

  async addUser(name: string, profiles: string[], group: string): Promise<{ username: string; password: string }> {
    const username = `${name.toLowerCase().replaceAll(' ', '.')}@example.com`;
    const password = `pass-${name.length}-${process.pid}-word`;
    const words = ['--username', username, '--email', username, '--name', name, '--password', password];
    for (const profile of profiles) words.push('--security-profile', profile);
    await this.admin('user', 'add', ...words, '--hierarchy-group', group);
    return { username, password };
  }

  /** Transports of a live meeting as the server sees them. */
  meeting(id: string): Promise<{ connections: { attendeeId: string; drops: Record<string, number> }[] }> {
    return this.admin('meeting', 'show', id);
  }

  log(file = 'server.log'): string {
    return readFileSync(join(this.dataDir, '..', file), 'utf8');
  }

  /** The exit code: what a server that was told to end has to say last. */
  async stop(): Promise<number | null> {
    await stop(this.child);
    return this.child.exitCode;
  }
}
