// Debian's coturn with the configuration that we ship, changed where its first part says so.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { root } from './paths.ts';
import { execute, freeTcpPort, ownAddress, stop } from './processes.ts';
import { until } from './wait.ts';

export const turnserver = ['/usr/bin/turnserver', '/usr/sbin/turnserver'].find((place) => existsSync(place));

export class Coturn {
  readonly address = ownAddress();
  readonly port: number;
  readonly secret: string;
  private readonly directory: string;
  private readonly child: ChildProcess;
  private said = '';

  private constructor(port: number, secret: string, directory: string, file: string) {
    this.port = port;
    this.secret = secret;
    this.directory = directory;
    this.child = spawn(turnserver ?? 'turnserver', ['-c', file], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
    for (const stream of [this.child.stdout, this.child.stderr]) stream?.on('data', (piece: Buffer) => (this.said += piece.toString()));
  }

  /** Relays to `media` and to nobody else. */
  static async start(media: string): Promise<Coturn> {
    const directory = mkdtempSync(join(tmpdir(), 'upcall-coturn-'));
    const secret = `secret-${process.pid}`;
    const port = await freeTcpPort();
    const tlsPort = await freeTcpPort();
    const key = join(directory, 'key.pem');
    const cert = join(directory, 'cert.pem');
    await execute('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=turn', '-keyout', key, '-out', cert]);
    const changed: Record<string, string> = {
      'static-auth-secret': secret,
      'allowed-peer-ip': media,
      'listening-port': String(port),
      'tls-listening-port': String(tlsPort),
      cert,
      pkey: key,
    };
    const lines = readFileSync(join(root, 'deploy/turn/turnserver.conf'), 'utf8')
      .split('\n')
      .map((line) => {
        const name = line.split('=')[0] ?? '';
        return name in changed ? `${name}=${changed[name]}` : line;
      });
    lines.push(`listening-ip=${ownAddress()}`, `relay-ip=${ownAddress()}`, `pidfile=${directory}/pid`, `userdb=${directory}/db`, 'log-file=stdout', 'verbose');
    const file = join(directory, 'turnserver.conf');
    writeFileSync(file, lines.join('\n'));
    const out = new Coturn(port, secret, directory, file);
    await until('coturn listens', () => out.listens());
    return out;
  }

  private listens(): Promise<boolean> {
    return new Promise((done) => {
      const socket = connect(this.port, this.address, () => {
        socket.destroy();
        done(true);
      });
      socket.on('error', () => done(false));
    });
  }

  log(): string {
    return this.said;
  }

  async stop(): Promise<void> {
    await stop(this.child);
    rmSync(this.directory, { recursive: true, force: true });
  }
}
