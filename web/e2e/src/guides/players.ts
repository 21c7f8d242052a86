// What people of a guide do, in windows of their own.
import { type Locator, type Page } from 'playwright-core';

import { storedFilm } from '../story/steps.ts';
import type { Login, Walk, WindowOptions } from '../story/walk.ts';
import { until } from '../support/wait.ts';
import type { Act, Step } from './guide.ts';

export interface Person {
  login?: Login;
  window: WindowOptions; // with a number where a camera is to be seen
}

const pressable = ['button', 'link', 'menuitem', 'menuitemradio', 'tab', 'switch', 'checkbox', 'radio'] as const;

const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** A text of the page that holds these words, as words. */
const words = (text: string): RegExp => new RegExp(`(?<!\\w)${literal(text)}(?!\\w)`);

/** Of several that fit, what stands in an open dialog or menu; and what has just this name before what begins with it. */
async function find(page: Page, name: string): Promise<Locator | null> {
  const escaped = literal(name);
  const scopes = [page.locator('[role=alertdialog], [role=dialog], [role=menu]').last(), page.locator('body')];
  for (const scope of scopes) {
    if (!(await scope.isVisible())) continue;
    for (const word of [new RegExp(`^${escaped}$`), new RegExp(`^${escaped}(?![a-z])`), new RegExp(`(?<![a-z])${escaped}(?![a-z])`, 'i')]) {
      for (const role of pressable) {
        const fits = scope.getByRole(role, { name: word });
        for (let i = 0, n = await fits.count(); i < n; ++i) {
          // One that is at work takes no press.
          if ((await fits.nth(i).isEnabled()) && (await fits.nth(i).getAttribute('data-busy')) === null) return fits.nth(i);
        }
      }
    }
  }
  return null;
}

export class Players {
  readonly pages = new Map<string, Page>();
  private readonly noted = new Map<string, string>();
  private readonly walk: Walk;
  private readonly people: Record<string, Person>;

  constructor(walk: Walk, people: Record<string, Person>) {
    this.walk = walk;
    this.people = people;
  }

  async play(step: Step): Promise<void> {
    for (const act of step.acts) {
      try {
        await this.act(step.who, act);
      } catch (error) {
        throw new Error(`line ${step.line}: the ${step.who} ${Object.values(act).join(' ')}: ${String(error)}`, { cause: error });
      }
    }
  }

  private person(who: string): Person {
    const person = this.people[who];
    if (person === undefined) throw new Error(`nobody is called “the ${who}”`);
    return person;
  }

  private page(who: string): Page {
    const page = this.pages.get(who);
    if (page === undefined) throw new Error(`the ${who} has opened no page`);
    return page;
  }

  private filled(text: string): string {
    return text.replace(/\{([^}]+)\}/g, (_, label: string) => {
      const value = this.noted.get(label);
      if (value === undefined) throw new Error(`nobody has noted the ${label}`);
      return value;
    });
  }

  private async act(who: string, act: Act): Promise<void> {
    switch (act.what) {
      case 'opens': {
        const path = this.filled(act.path);
        const before = this.pages.get(who);
        if (before === undefined) this.pages.set(who, await this.walk.window(path, this.person(who).window));
        else await before.goto(this.walk.server.url + path);
        return;
      }
      case 'logs in':
        return this.walk.logIn(this.page(who), this.person(who).login!);
      case 'presses': {
        const page = this.page(who);
        const there = await until(`“${act.name}” can be pressed`, () => find(page, act.name), { seen: () => page.locator('body').ariaSnapshot() });
        return there.click();
      }
      case 'strikes':
        return this.page(who).keyboard.press(act.key);
      case 'writes':
        return this.page(who).getByLabel(act.label, { exact: true }).or(this.page(who).getByRole('searchbox', { name: act.label, exact: true })).first().fill(this.filled(act.text));
      case 'sends': {
        const chooser = this.page(who).waitForEvent('filechooser');
        await this.page(who).getByRole('button', { name: 'Send files' }).click();
        return (await chooser).setFiles({ name: act.file, mimeType: 'text/plain', buffer: Buffer.from('Order 4711') });
      }
      case 'notes': {
        const there = this.page(who).getByLabel(act.label, { exact: true }).first();
        await there.waitFor();
        // As a screen reader tells it.
        const value = await there.evaluate((e) => {
          const told = e.cloneNode(true) as Element;
          for (const silent of told.querySelectorAll('[aria-hidden=true]')) silent.remove();
          return ('value' in e ? String(e.value) : (told.textContent ?? '')).trim();
        });
        if (value === '') throw new Error(`${act.label} is empty`);
        this.noted.set(act.label, value);
        return;
      }
      case 'sees':
        // Also what only a screen reader is told.
        return this.page(who).getByText(words(act.text)).or(this.page(who).getByLabel(words(act.text))).first().waitFor({ state: 'attached' });
      case 'sees no':
        return until(`“${act.text}” is gone`, async () => (await this.page(who).getByText(words(act.text)).filter({ visible: true }).count()) === 0).then(() => undefined);
      case 'sees camera':
        return this.walk.sees(this.page(who), this.person(act.of).window.participant!);
      case 'sees film': {
        const video = await storedFilm(this.page(who));
        await video.evaluate((v) => (v as HTMLVideoElement).play());
        await until('the film plays', () => video.evaluate((v) => {
          const film = v as HTMLVideoElement;
          return film.currentTime > Math.min(0.5, film.duration / 2);
        }));
        return;
      }
    }
  }
}
