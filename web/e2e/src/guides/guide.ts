// Guides whose numbered steps are sentences that a test can act on: "The agent presses **Accept**, then sees “Hello”."
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

import { root } from '../support/paths.ts';

export type Act =
  | { what: 'opens'; path: string } // may hold {Label}: the value that was noted under it
  | { what: 'logs in' }
  | { what: 'presses'; name: string } // a button, a link, an entry of a menu
  | { what: 'strikes'; key: string }
  | { what: 'writes'; text: string; label: string }
  | { what: 'sends'; file: string }
  | { what: 'notes'; label: string }
  | { what: 'sees'; text: string }
  | { what: 'sees no'; text: string }
  | { what: 'sees camera'; of: string }
  | { what: 'sees film' };

export interface Step {
  line: number;
  who: string;
  acts: Act[];
}

export interface Procedure {
  title: string;
  steps: Step[];
}

const forms: [RegExp, (part: string[]) => Act][] = [
  [/^opens `([^`]+)`/, ([path]) => ({ what: 'opens', path: path! })],
  [/^logs in/, () => ({ what: 'logs in' })],
  [/^presses \*\*([^*]+)\*\*/, ([name]) => ({ what: 'presses', name: name! })],
  [/^presses `([^`]+)`/, ([key]) => ({ what: 'strikes', key: key! })],
  [/^writes “([^”]+)” into \*\*([^*]+)\*\*/, ([text, label]) => ({ what: 'writes', text: text!, label: label! })],
  [/^sends the file `([^`]+)`/, ([file]) => ({ what: 'sends', file: file! })],
  [/^notes the \*\*([^*]+)\*\*/, ([label]) => ({ what: 'notes', label: label! })],
  [/^sees “([^”]+)”/, ([text]) => ({ what: 'sees', text: text! })],
  [/^no longer sees “([^”]+)”/, ([text]) => ({ what: 'sees no', text: text! })],
  [/^sees the ([a-z ]+?)(?:'|’)s camera/, ([of]) => ({ what: 'sees camera', of: of! })],
  [/^sees the film play/, () => ({ what: 'sees film' })],
];

/** What one sentence asks for. Throws for what no form knows: a guide that the test cannot follow is not one to publish. */
export function readStep(sentence: string, line: number): Step {
  const start = /^The ((?:[a-z]+ )*[a-z]+?) (?=(?:opens|logs in|presses|writes|sends|notes|sees|no longer) ?)/.exec(sentence);
  if (start === null) throw new Error(`line ${line}: nobody does anything in “${sentence}”`);
  const acts: Act[] = [];
  for (let rest = sentence.slice(start[0].length); ; ) {
    const found = forms.map(([form, act]) => [form.exec(rest), act] as const).find(([match]) => match !== null);
    if (found === undefined) throw new Error(`line ${line}: “${rest}” is not a step that can be tested`);
    const match = found[0]!;
    acts.push(found[1](match.slice(1)));
    rest = rest.slice(match[0].length);
    const link = /^(?:, then |, and | and |, )/.exec(rest);
    if (link === null) {
      if (!/^\.(?: |$)/.test(rest)) throw new Error(`line ${line}: “${rest}” does not end the sentence`);
      return { line, who: start[1]!, acts }; // what stands behind the full stop explains
    }
    rest = rest.slice(link[0].length);
  }
}

/** The procedures of a guide: each heading with numbered steps below it. */
export function readGuide(text: string): Procedure[] {
  const procedures: Procedure[] = [];
  let title = '';
  let open: { text: string; line: number } | undefined;
  const close = (): void => {
    if (open !== undefined) {
      if (procedures.at(-1)?.title !== title) procedures.push({ title, steps: [] });
      procedures.at(-1)!.steps.push(readStep(open.text, open.line));
    }
    open = undefined;
  };
  text.split('\n').forEach((line, i) => {
    const heading = /^#+ (.+)$/.exec(line);
    const item = /^\d+\. (.+)$/.exec(line);
    const more = /^ {3,}(\S.*)$/.exec(line);
    if (open !== undefined && more !== null) open.text += ` ${more[1]}`;
    else close();
    if (heading !== null) title = heading[1]!;
    if (item !== null) open = { text: item[1]!, line: i + 1 };
  });
  close();
  return procedures;
}

export function guide(name: string): Procedure[] {
  return readGuide(readFileSync(join(root, 'docs', 'guides', `${name}.md`), 'utf8'));
}
