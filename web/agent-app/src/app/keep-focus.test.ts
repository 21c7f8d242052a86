import { afterEach, beforeEach, expect, it } from 'vitest';
import { keepFocus } from './keep-focus';

const frame = () => new Promise((done) => requestAnimationFrame(done));
const aWhile = async () => {
  for (let i = 0; i < 4; ++i) await frame();
};

let stop: () => void;

beforeEach(() => {
  document.body.innerHTML = '<main><h1>Desk</h1><button>Accept</button><button>Decline</button></main>';
  stop = keepFocus();
});
afterEach(() => stop());

const accept = () => document.querySelector('button') as HTMLButtonElement;

it('goes to the heading when what had it has gone', async () => {
  accept().focus();
  accept().remove();
  await aWhile();
  expect(document.activeElement?.textContent).toBe('Desk');
});

it('waits for a page that is still to come', async () => {
  accept().focus();
  document.body.innerHTML = '';
  await aWhile();
  expect(document.activeElement).toBe(document.body);
  document.body.innerHTML = '<main><h1>Devices</h1></main>';
  await aWhile();
  expect(document.activeElement?.textContent).toBe('Devices');
});

it('leaves it to whoever gives it back', async () => {
  const other = document.querySelectorAll('button')[1] as HTMLButtonElement;
  accept().focus();
  accept().remove();
  requestAnimationFrame(() => other.focus());
  await aWhile();
  expect(document.activeElement).toBe(other);
});

it('takes nothing from somebody who has let go', async () => {
  accept().focus();
  accept().blur();
  await Promise.resolve();
  accept().remove();
  await aWhile();
  expect(document.activeElement).toBe(document.body);
});
