// The roster behind the vendor's own classes: a frame of the server goes in, what the pages show comes out.
import { ConsoleLogger, DefaultRealtimeController, DefaultVolumeIndicatorAdapter, LogLevel, NoOpMediaStreamBroker } from 'amazon-chime-sdk-js';
import { beforeEach, describe, expect, it } from 'vitest';
import { Roster } from './roster';
import type { Signal } from './types';

describe("signals through the library's volume indicator", () => {
  let roster: Roster;
  let adapter: DefaultVolumeIndicatorAdapter;
  let changes: number;

  const join = (...ids: string[]) =>
    adapter.sendRealtimeUpdatesForAudioStreamIdInfo({
      streams: ids.map((attendeeId, i) => ({ audioStreamId: i + 1, attendeeId, externalUserId: `u-${attendeeId}`, muted: false })),
    } as never);
  /** AUDIO_METADATA of the server: signal strength 0, 1 or 2 by stream. */
  const metadata = (...attendeeStates: { audioStreamId: number; signalStrength?: number; volume?: number }[]) =>
    adapter.sendRealtimeUpdatesForAudioMetadata({ attendeeStates } as never);
  const signals = () => Object.fromEntries(roster.attendees().map((a) => [a.attendeeId, a.signal])) as Record<string, Signal | undefined>;

  beforeEach(() => {
    const logger = new ConsoleLogger('test', LogLevel.OFF);
    const realtime = new DefaultRealtimeController(new NoOpMediaStreamBroker());
    roster = new Roster('me');
    changes = 0;
    realtime.realtimeSubscribeToAttendeeIdPresence((id, present, externalUserId) => {
      if (!present) return roster.absent(id);
      roster.present(id, externalUserId ?? '');
      realtime.realtimeSubscribeToVolumeIndicator(id, (who, volume, muted, signal) => {
        if (roster.volume(who, { volume, muted, signal })) ++changes;
      });
    });
    adapter = new DefaultVolumeIndicatorAdapter(logger, realtime, -42, -14, 'me');
    join('me', 'jane', 'sam');
  });

  it('are unknown before the server tells', () => {
    expect(signals()).toEqual({ me: undefined, jane: undefined, sam: undefined });
  });

  it('none, weak and good are told apart, for oneself too', () => {
    metadata({ audioStreamId: 1, signalStrength: 1 }, { audioStreamId: 2, signalStrength: 0 }, { audioStreamId: 3, signalStrength: 2 });
    expect(signals()).toEqual({ me: 1, jane: 0, sam: 2 });
  });

  it('of whom a frame with signals is silent is well', () => {
    metadata({ audioStreamId: 2, signalStrength: 0 });
    expect(signals()).toEqual({ me: 2, jane: 0, sam: 2 });
    metadata({ audioStreamId: 3, signalStrength: 1 });
    expect(signals()).toEqual({ me: 2, jane: 2, sam: 1 });
  });

  it('stay when a frame tells volumes only, and a repeated one changes nothing', () => {
    metadata({ audioStreamId: 2, signalStrength: 1 });
    metadata({ audioStreamId: 2, volume: 20 });
    expect(signals()['jane']).toBe(1);
    const before = changes;
    metadata({ audioStreamId: 2, signalStrength: 1, volume: 20 });
    expect(changes).toBe(before);
  });
});
