// A network that can fail: TCP and UDP of one server pass through it.
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { connect, createServer, type Server, type Socket } from 'node:net';

export interface RelayOptions {
  tcpPort: number; // where clients connect to, on 127.0.0.1
  serverTcpPort: number;
  udpAddress: string; // where clients send media to; the server is at 127.0.0.1 with the same port
  udpPort: number; // of media over TCP too
}

export class Relay {
  private readonly options: RelayOptions;
  private readonly links = new Set<[Socket, Socket]>();
  private readonly upstream = new Map<string, UdpSocket>();
  private readonly tcp: Server;
  private readonly mediaTcp: Server;
  private readonly udp: UdpSocket;
  private isCut = false;
  private isUdpBlocked = false;
  private lostOfEach = 0; // of so many datagrams one is lost; 0: none
  private lossy: ReadonlySet<string> | undefined; // the ways of clients that lose; undefined: all of them
  private datagrams = 0;
  private bytesPerMs = 0; // of what each client gets; 0: no limit
  private readonly freeAt = new Map<string, number>(); // when all that waits for a client has gone

  private constructor(options: RelayOptions) {
    this.options = options;
    this.tcp = createServer((client) => this.accept(client, options.serverTcpPort));
    this.mediaTcp = createServer((client) => this.accept(client, options.udpPort));
    this.udp = createSocket('udp4');
    this.udp.on('message', (bytes, from) => {
      if (this.passes(`${from.address}:${from.port}`)) this.lane(from.address, from.port).send(bytes, options.udpPort, '127.0.0.1');
    });
  }

  static async start(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    await new Promise<void>((done) => relay.tcp.listen(options.tcpPort, '127.0.0.1', done));
    await new Promise<void>((done) => relay.mediaTcp.listen(options.udpPort, options.udpAddress, done));
    await new Promise<void>((done) => relay.udp.bind(options.udpPort, options.udpAddress, done));
    return relay;
  }

  private accept(client: Socket, serverPort: number): void {
    // As the lanes below: Firefox does not believe that it was seen at a loopback address.
    const server = connect({ port: serverPort, host: '127.0.0.1', localAddress: this.options.udpAddress });
    const link: [Socket, Socket] = [client, server];
    this.links.add(link);
    for (const [from, to] of [link, [server, client]] as const) {
      from.setNoDelay(true);
      from.on('data', (bytes) => {
        if (!this.isCut) to.write(bytes);
      });
      from.on('error', () => to.destroy());
      from.on('close', () => {
        to.destroy();
        this.links.delete(link);
      });
    }
  }

  private passes(key: string): boolean {
    if (this.isCut || this.isUdpBlocked) return false;
    if (this.lossy && !this.lossy.has(key)) return true;
    return this.lostOfEach === 0 || ++this.datagrams % this.lostOfEach !== 0;
  }

  // A way of its own for each client, so that the server tells them apart.
  private lane(address: string, port: number): UdpSocket {
    const key = `${address}:${port}`;
    let lane = this.upstream.get(key);
    if (lane === undefined) {
      lane = createSocket('udp4');
      lane.bind(0, this.options.udpAddress);
      lane.on('message', (bytes) => {
        if (this.passes(key)) this.toClient(key, bytes, port, address);
      });
      this.upstream.set(key, lane);
    }
    return lane;
  }

  // Through the narrow place, if there is one: what would wait longer than half a second is lost.
  private toClient(key: string, bytes: Buffer, port: number, address: string): void {
    if (this.bytesPerMs === 0) {
      this.udp.send(bytes, port, address);
      return;
    }
    const now = performance.now();
    const waits = Math.max(0, (this.freeAt.get(key) ?? 0) - now);
    if (waits > 500) return;
    const until = now + waits + (bytes.length + 28) / this.bytesPerMs;
    this.freeAt.set(key, until);
    setTimeout(() => {
      if (!this.isCut) this.udp.send(bytes, port, address);
    }, until - now);
  }

  /** From now on each client gets so many kilobits of media a second (headers included); 0: as many as there are. */
  narrow(kilobits: number): void {
    this.bytesPerMs = kilobits / 8;
    this.freeAt.clear();
  }

  /** Breaks every TCP connection abruptly, as a gateway does that restarts. */
  dropSockets(): number {
    const count = this.links.size;
    for (const [client, server] of this.links) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    return count;
  }

  /** From now on one of so many datagrams is lost, on these ways or on all; 0: none is. */
  loseOneOf(count: number, ways?: ReadonlySet<string>): void {
    this.lostOfEach = count;
    this.lossy = ways;
  }

  /** The ways of the clients that are there. */
  ways(): ReadonlySet<string> {
    return new Set(this.upstream.keys());
  }

  /** From now on no datagram arrives, as behind a firewall of an office; TCP does. */
  blockUdp(): void {
    this.isUdpBlocked = true;
  }

  /** Every client gets another address, as when a NAT has forgotten it; what is sent to the old one is lost. */
  rebind(): void {
    for (const lane of this.upstream.values()) lane.close();
    this.upstream.clear();
  }

  /** From now on nothing arrives, in neither direction, and nobody is told. */
  cut(): void {
    this.isCut = true;
  }

  /** What was open before stays dead, as after a change of network; new ways work. */
  restore(): void {
    this.dropSockets();
    this.isCut = false;
  }

  async stop(): Promise<void> {
    this.dropSockets();
    for (const lane of this.upstream.values()) lane.close();
    await new Promise<void>((done) => this.udp.close(() => done()));
    await Promise.all([this.tcp, this.mediaTcp].map((server) => new Promise((done) => server.close(done))));
  }
}
