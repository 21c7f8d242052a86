import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import { programs } from '../support/paths.ts';
import { execute, stop } from '../support/processes.ts';
import type { Walk } from './walk.ts';

interface Access {
  url: string;
  username: string;
  password: string;
}

/** Somebody with a clone and a runner that works. */
export class Pipeline {
  readonly clone: string;
  private readonly walk: Walk;
  private readonly access: Access;
  private readonly runner: ChildProcess;
  private readonly pushes: Promise<unknown>[] = [];

  private constructor(walk: Walk, clone: string, access: Access, runner: ChildProcess) {
    this.walk = walk;
    this.clone = clone;
    this.access = access;
    this.runner = runner;
  }

  static async begin(walk: Walk): Promise<Pipeline> {
    const { dataDir } = walk.server;
    const access = await walk.server.admin<Access & Record<string, unknown>>('pipeline', 'init', '--stage', 'Demo');
    const clone = join(dataDir, '..', 'clone');
    await execute('git', ['init', '--quiet', '--initial-branch=main', clone]);
    const runner = spawn(join(programs, 'upcall'), ['pipeline', 'runner', '--data-dir', dataDir], { stdio: ['ignore', 'pipe', 'inherit'] });
    await new Promise<void>((ready) => createInterface(runner.stdout!).once('line', () => ready()));
    return new Pipeline(walk, clone, access, runner);
  }

  get go(): string {
    return join(this.walk.server.dataDir, 'go');
  }

  private git(...words: string[]): Promise<unknown> {
    return execute('git', ['-C', this.clone, '-c', 'user.name=Ann Example', '-c', 'user.email=ann@example.com', ...words]);
  }

  /** Begins; the push itself ends with its run, or before that with the server. */
  async push(subject: string, commands: Record<string, string>): Promise<void> {
    const stages = Object.entries(commands).map(([name, command]) => ({ name, commands: [command], timeoutSeconds: 60 }));
    mkdirSync(join(this.clone, 'deploy/pipeline'), { recursive: true });
    writeFileSync(join(this.clone, 'deploy/pipeline/pipeline.json'), JSON.stringify({ version: 1, stages }, undefined, 2));
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '-m', subject);
    const address = new URL(this.access.url);
    address.username = this.access.username;
    address.password = this.access.password;
    this.pushes.push(this.git('push', '--quiet', address.href, 'HEAD:main'));
  }

  async end(): Promise<void> {
    await Promise.all(this.pushes);
    await stop(this.runner);
  }
}
