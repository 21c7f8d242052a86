// How good the connection is, in figures: from the media library's report of the last second. Pure.
import { isContentId, personOf } from './roster';

/** One picture that comes in, or the own one that goes out. */
export interface StreamFigures {
  kbps: number;
  lostPercent: number;
  width: number;
  height: number;
  fps: number;
}

export interface PersonFigures {
  camera: StreamFigures | undefined;
  share: StreamFigures | undefined;
}

export interface Figures {
  /** There and back, to the server. Undefined as long as nothing was measured. */
  delayMs: number | undefined;
  /** The worst of sound and pictures. */
  lostUpPercent: number;
  lostDownPercent: number;
  /** By attendee id, oneself among them. */
  people: ReadonlyMap<string, PersonFigures>;
}

type Numbers = Record<string, number>;
/** By attendee id, then by stream. */
export type VideoNumbers = Record<string, Record<string, Numbers>>;

const figure = (value: number | undefined): number => (value !== undefined && Number.isFinite(value) ? value : 0);

function streamOf(of: Numbers): StreamFigures {
  const either = (name: string) => figure(of[`videoDownstream${name}`] ?? of[`videoUpstream${name}`]);
  return {
    kbps: Math.round(either('Bitrate') / 1000),
    lostPercent: either('PacketLossPercent'),
    width: either('FrameWidth'),
    height: either('FrameHeight'),
    fps: Math.round(figure(of['videoDownstreamFramesDecodedPerSecond'] ?? of['videoUpstreamFramesEncodedPerSecond'])),
  };
}

export function figuresOf(global: Numbers, video: VideoNumbers, selfId: string): Figures {
  const people = new Map<string, PersonFigures>();
  let lostUpPercent = figure(global['audioPacketLossPercent']);
  let lostDownPercent = figure(global['audioPacketsReceivedFractionLoss']);
  for (const [id, streams] of Object.entries(video)) {
    // A picture that is not sent at the moment may still be listed.
    const best = Object.values(streams).map(streamOf).sort((a, b) => b.kbps - a.kbps)[0];
    if (!best || best.kbps === 0) continue;
    if (id === selfId) lostUpPercent = Math.max(lostUpPercent, best.lostPercent);
    else lostDownPercent = Math.max(lostDownPercent, best.lostPercent);
    const person = people.get(personOf(id)) ?? { camera: undefined, share: undefined };
    people.set(personOf(id), isContentId(id) ? { ...person, share: best } : { ...person, camera: best });
  }
  const delay = [global['currentRoundTripTimeMs'], global['audioUpstreamRoundTripTimeMs']].find((ms) => figure(ms) > 0);
  return { delayMs: delay === undefined ? undefined : Math.round(delay), lostUpPercent, lostDownPercent, people };
}
