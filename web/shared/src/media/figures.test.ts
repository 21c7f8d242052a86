import { describe, expect, it } from 'vitest';
import { figuresOf } from './figures';

const down = { videoDownstreamBitrate: 812_345, videoDownstreamPacketLossPercent: 2, videoDownstreamFrameWidth: 640, videoDownstreamFrameHeight: 360, videoDownstreamFramesDecodedPerSecond: 14.6 };
const up = { videoUpstreamBitrate: 1_200_000, videoUpstreamPacketLossPercent: 5, videoUpstreamFrameWidth: 1280, videoUpstreamFrameHeight: 720, videoUpstreamFramesEncodedPerSecond: 15 };

describe("the connection's figures", () => {
  it('belong to people: a camera, a shared screen, the own picture', () => {
    const { people } = figuresOf({}, { me: { 1: up }, jane: { 2: down }, 'jane#content': { 3: { ...down, videoDownstreamFrameWidth: 1920 } } }, 'me');
    expect(people.get('jane')?.camera).toEqual({ kbps: 812, lostPercent: 2, width: 640, height: 360, fps: 15 });
    expect(people.get('jane')?.share?.width).toBe(1920);
    expect(people.get('me')?.camera).toMatchObject({ kbps: 1200, height: 720, fps: 15 });
  });

  it('name the worst loss of each direction', () => {
    const global = { audioPacketLossPercent: 1, audioPacketsReceivedFractionLoss: 3, currentRoundTripTimeMs: 23.4 };
    expect(figuresOf(global, { me: { 1: up }, jane: { 2: down } }, 'me')).toMatchObject({ delayMs: 23, lostUpPercent: 5, lostDownPercent: 3 });
  });

  it('are silent where nothing was measured', () => {
    const idle = { jane: { 2: { ...down, videoDownstreamBitrate: 0 } } };
    const figures = figuresOf({ currentRoundTripTimeMs: NaN, audioPacketLossPercent: NaN }, idle, 'me');
    expect(figures).toEqual({ delayMs: undefined, lostUpPercent: 0, lostDownPercent: 0, people: new Map() });
  });
});
