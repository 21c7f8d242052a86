// So many sockets at a meeting that nobody else finds room in it.
import { takePlace, type Wanted } from './place.ts';

/** signaling::RoomOptions::sessions_max. */
const ROOM_FOR = 600;

export class Crowd {
  private readonly url: string;
  private readonly token: string;
  private readonly sockets = new Set<WebSocket>();
  private isLeaving = false;

  private constructor(url: string, token: string) {
    this.url = url;
    this.token = token;
  }

  static async fill(wanted: Omit<Wanted, 'name' | 'userId'>): Promise<Crowd> {
    const { signalingUrl, attendee } = await takePlace({ ...wanted, name: 'A crowd', userId: 'crowd' });
    const crowd = new Crowd(signalingUrl, attendee.JoinToken);
    await Promise.all(Array.from({ length: ROOM_FOR }, () => crowd.come()));
    return crowd;
  }

  private come(): Promise<void> {
    return new Promise((done, fail) => {
      const socket = new WebSocket(this.url, ['_aws_wt_session', this.token]);
      this.sockets.add(socket);
      socket.addEventListener('open', () => done());
      socket.addEventListener('error', () => fail(new Error('a socket of the crowd found no way in')));
      // Who says nothing for a while is sent out, and comes again.
      socket.addEventListener('close', () => {
        this.sockets.delete(socket);
        if (!this.isLeaving) this.come().catch(() => undefined);
      });
    });
  }

  async leave(): Promise<void> {
    this.isLeaving = true;
    const closed = [...this.sockets].map((socket) => new Promise((done) => socket.addEventListener('close', done)));
    for (const socket of this.sockets) socket.close();
    await Promise.all(closed);
  }
}
