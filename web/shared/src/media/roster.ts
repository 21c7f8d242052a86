// The people of a call, kept from the media library's callbacks. Pure.
import type { Attendee, Signal, Tile } from './types';

const CONTENT_SUFFIX = '#content';

export function personOf(attendeeId: string): string {
  return attendeeId.endsWith(CONTENT_SUFFIX) ? attendeeId.slice(0, -CONTENT_SUFFIX.length) : attendeeId;
}

export function isContentId(attendeeId: string): boolean {
  return attendeeId.endsWith(CONTENT_SUFFIX);
}

export interface VolumeReport {
  volume: number | null;
  muted: boolean | null;
  signal: number | null;
}

/** What the page's level bars show: a few steps, so that a quiet room changes nothing. */
export function levelOf(volume: number): number {
  return Math.min(4, Math.max(0, Math.ceil(volume * 4 - 0.05)));
}

export function signalOf(strength: number): Signal {
  return strength <= 0 ? 0 : strength < 1 ? 1 : 2;
}

export class Roster {
  private readonly people = new Map<string, Attendee>();
  private readonly shown = new Map<number, Tile>();

  constructor(private readonly selfId: string) {}

  present(attendeeId: string, externalUserId: string): void {
    if (isContentId(attendeeId) || this.people.has(attendeeId)) return;
    this.people.set(attendeeId, {
      attendeeId,
      externalUserId: externalUserId.split('#')[0] ?? externalUserId,
      isSelf: attendeeId === this.selfId,
      muted: false,
      level: 0,
      signal: undefined,
      cameraOn: false,
      sharing: false,
    });
  }

  get self(): Attendee | undefined {
    return this.people.get(this.selfId);
  }

  absent(attendeeId: string): void {
    this.people.delete(attendeeId);
  }

  /** True when something that is shown has changed. Null means: as before. */
  volume(attendeeId: string, report: VolumeReport): boolean {
    const before = this.people.get(attendeeId);
    if (!before) return false;
    const muted = report.muted ?? before.muted;
    const level = muted ? 0 : report.volume === null ? before.level : levelOf(report.volume);
    const signal = report.signal === null ? before.signal : signalOf(report.signal);
    if (muted === before.muted && level === before.level && signal === before.signal) return false;
    this.people.set(attendeeId, { ...before, muted, level, signal });
    return true;
  }

  tile(tileId: number, boundAttendeeId: string, content: boolean, local: boolean): void {
    const attendeeId = personOf(boundAttendeeId);
    const isSelf = local || attendeeId === this.selfId;
    this.shown.set(tileId, { tileId, attendeeId, kind: content ? 'content' : 'camera', isSelf });
  }

  tileGone(tileId: number): void {
    this.shown.delete(tileId);
  }

  clear(): void {
    this.people.clear();
    this.shown.clear();
  }

  tiles(): Tile[] {
    return [...this.shown.values()];
  }

  attendees(): Attendee[] {
    const cameras = new Set<string>();
    const shares = new Set<string>();
    for (const tile of this.shown.values()) (tile.kind === 'content' ? shares : cameras).add(tile.attendeeId);
    const list = [...this.people.values()].map((person) => ({
      ...person,
      cameraOn: cameras.has(person.attendeeId),
      sharing: shares.has(person.attendeeId),
    }));
    return list.sort((a, b) => Number(b.isSelf) - Number(a.isSelf));
  }
}
