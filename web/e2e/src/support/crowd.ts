// So many sockets at a meeting that nobody else finds room in it.
import { takePlace, type Wanted } from './place.ts';

/** signaling::RoomOptions::sessions_max, and of them for one attendee signaling::SessionLimits::kSocketsMax. */
const ROOM_FOR = 600;
const OF_EACH = 8;

export class Crowd {
  private readonly sockets = new Set<WebSocket>();
  private isLeaving = false;

  static async fill(wanted: Omit<Wanted, 'name' | 'userId'>): Promise<Crowd> {
    const crowd = new Crowd();
    for (let people = 0; people < ROOM_FOR / OF_EACH; people++) {
      const { signalingUrl, attendee } = await takePlace({ ...wanted, name: `Of a crowd ${people}`, userId: `crowd-${people}` });
      await Promise.all(Array.from({ length: OF_EACH }, () => crowd.come(signalingUrl, attendee.JoinToken)));
    }
    return crowd;
  }

  private come(url: string, token: string): Promise<void> {
    return new Promise((done, fail) => {
      const socket = new WebSocket(url, ['_aws_wt_session', token]);
      this.sockets.add(socket);
      socket.addEventListener('open', () => done());
      socket.addEventListener('error', () => fail(new Error('a socket of the crowd found no way in')));
      // Who says nothing for a while is sent out, and comes again.
      socket.addEventListener('close', () => {
        this.sockets.delete(socket);
        if (!this.isLeaving) this.come(url, token).catch(() => undefined);
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
