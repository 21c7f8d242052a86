import { render, screen, waitFor } from '@testing-library/preact';
import type { JoinOptions } from '@upcall/shared/media/types';
import { afterEach, expect, it, vi } from 'vitest';
import { inEnglish } from '../../widget/testing';
import { DevicePage } from './DevicePage';

afterEach(() => vi.unstubAllGlobals());

function withMicrophone(answer: Promise<MediaStream>): JoinOptions[] {
  vi.stubGlobal('navigator', { mediaDevices: { getUserMedia: () => answer, enumerateDevices: async () => [] } });
  const joined: JoinOptions[] = [];
  render(inEnglish(<DevicePage onJoin={(options) => joined.push(options)} onBack={() => undefined} />));
  return joined;
}

it('says what joining means as long as the browser asks for the microphone', async () => {
  const joined = withMicrophone(new Promise(() => undefined));
  await waitFor(() => screen.getByText(/Your browser asks whether this page may use your microphone/));
  screen.getByRole('button', { name: 'Join to watch and listen' }).click();
  expect(joined.map((options) => options.microphone)).toEqual([null]);
});
