// A server of its own for each test, with a data directory inside the test's evidence.
import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
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

async function launch(words: string[]): Promise<{ url: string; child: ChildProcess }> {
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
  return { url, child };
}

export class Upcall {
  readonly dataDir: string;
  private readonly words: string[];
  private running: { url: string; child: ChildProcess };

  private constructor(dataDir: string, words: string[], running: { url: string; child: ChildProcess }) {
    this.dataDir = dataDir;
    this.words = words;
    this.running = running;
  }

  get url(): string {
    return this.running.url;
  }

  static async start(evidence: Evidence, options: ServeOptions = {}): Promise<Upcall> {
    const dataDir = join(evidence.directory, 'data');
    const mediaPort = options.mediaPort ?? (await freeUdpPort());
    const words = ['serve', '--data-dir', dataDir, '--listen', options.listen ?? '127.0.0.1:0', '--demo-routing'];
    words.push('--media-port', String(mediaPort), '--media-address', options.mediaAddress ?? ownAddress());
    words.push('--log-file', join(evidence.directory, 'server.log'));
    if (options.publicUrl !== undefined) words.push('--public-url', options.publicUrl);
    words.push(...(options.more ?? []));
    return new Upcall(dataDir, words, await launch(words));
  }

  /** No farewell: what a crash, or a plug that is pulled, leaves. */
  async kill(): Promise<void> {
    const { child } = this.running;
    const gone = new Promise((done) => child.once('exit', done));
    child.kill('SIGKILL');
    await gone;
  }

  /** The same server once more; --listen must have named its port. */
  async startAgain(): Promise<void> {
    this.running = await launch(this.words);
  }

  /** The process ids of what the server has started under this program's name. */
  children(program: string): number[] {
    const server = this.running.child.pid;
    const isOurs = (pid: string): boolean => {
      try {
        const [name, rest] = /\((.*)\) (.*)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.slice(1) ?? [];
        // The kernel keeps fifteen characters of a name.
        return name === program.slice(0, 15) && Number(rest?.split(' ')[1]) === server;
      } catch {
        return false; // it has just ended
      }
    };
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name) && isOurs(name)).map(Number);
  }

  /** One command of the administration's command line; its JSON answer. */
  async admin<T = Record<string, unknown>>(...words: string[]): Promise<T> {
    const { stdout } = await execute(join(programs, 'upcall'), [...words, '--data-dir', this.dataDir, '--json']);
    return JSON.parse(stdout) as T;
  }

  /** `login`: for a name that makes no address. */
  async addUser(name: string, profiles: string[], group: string, login = name, more: string[] = []): Promise<{ username: string; password: string }> {
    const username = `${login.toLowerCase().replaceAll(' ', '.')}@example.com`;
    const password = `pass-${name.length}-${process.pid}-word`;
    const words = ['--username', username, '--email', username, `--name=${name}`, '--password', password];
    for (const profile of profiles) words.push('--security-profile', profile);
    await this.admin('user', 'add', ...words, '--hierarchy-group', group, ...more);
    return { username, password };
  }

  /** Transports of a live meeting as the server sees them. */
  meeting<More = object>(id: string): Promise<{ connections: ({ attendeeId: string; drops: Record<string, number> } & More)[] }> {
    return this.admin('meeting', 'show', id);
  }

  log(file = 'server.log'): string {
    return readFileSync(join(this.dataDir, '..', file), 'utf8');
  }

  /** The exit code: what a server that was told to end has to say last. */
  async stop(): Promise<number | null> {
    await stop(this.running.child);
    return this.running.child.exitCode;
  }
}
