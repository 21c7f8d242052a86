// What a guide's sentences are read as.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { readGuide, readStep } from './guide.ts';

test('a step that cannot be followed is refused, with its line', () => {
  assert.throws(() => readStep('The agent dances.', 7), /line 7: nobody does anything/);
  assert.throws(() => readStep('The agent presses Accept.', 7), /line 7: “presses Accept.” is not a step/);
  assert.throws(() => readStep('The agent logs in whenever there is time.', 7), /line 7: “ whenever .*” does not end the sentence/);
  assert.deepEqual(readStep('The other supervisor opens `/a` and logs in, then presses **B, or C**. Why not.', 1), {
    line: 1,
    who: 'other supervisor',
    acts: [{ what: 'opens', path: '/a' }, { what: 'logs in' }, { what: 'presses', name: 'B, or C' }],
  });
});

test('numbered lines below a heading are a procedure; a step may take two lines', () => {
  const [one, two, ...more] = readGuide('# A\n\n1. The agent\n   logs in.\n\ntext\n\n## B\n\n1. The agent sees “x”.\n2. The agent presses `R`.\n');
  assert.deepEqual(one, { title: 'A', steps: [{ line: 3, who: 'agent', acts: [{ what: 'logs in' }] }] });
  assert.deepEqual(two!.steps.map((s) => s.line), [10, 11]);
  assert.equal(more.length, 0);
});
