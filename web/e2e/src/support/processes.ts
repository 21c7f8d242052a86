// Child processes and free ports.
import { type ChildProcess, execFile } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';

export const execute = promisify(execFile);

/** SIGTERM, and SIGKILL when that does not help in time. */
export async function stop(child: ChildProcess, seconds = 10): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  await gone;
  clearTimeout(timer);
}

export function freeUdpPort(address = '0.0.0.0'): Promise<number> {
  return new Promise((done, fail) => {
    const socket = createSocket('udp4');
    socket.once('error', fail);
    socket.bind(0, address, () => {
      const { port } = socket.address();
      socket.close(() => done(port));
    });
  });
}

export function freeTcpPort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer();
    server.once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => (address !== null && typeof address === 'object' ? done(address.port) : fail(new Error('no port'))));
    });
  });
}

/**
 * This machine's own address. Firefox gathers no loopback candidates, whatever it is told, so media go over the
 * address that other machines would use; they do not leave this one.
 */
export function ownAddress(): string {
  const found = Object.values(networkInterfaces())
    .flat()
    .find((a) => a !== undefined && a.family === 'IPv4' && !a.internal);
  if (found === undefined) throw new Error('this machine has no address but loopback: Firefox cannot take part in a call');
  return found.address;
}
