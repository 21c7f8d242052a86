// A meeting of bare clients: server, browsers and the conditions that tests wait on.
import { randomBytes } from 'node:crypto';

import type { JoinOptions, Party, PartyState, TileReading } from '../../client-page/party.ts';
import { Api, type JoinInfo, Meeting } from './api.ts';
import { CLIENTS_OWN } from './clients-own.ts';
import { Browsers, type BrowserName, type TestPage } from './browsers.ts';
import { Evidence } from './evidence.ts';
import { clientPage, patternScript } from './paths.ts';
import { StaticServer } from './static-server.ts';
import { type ServeOptions, Upcall } from './upcall.ts';
import { until } from './wait.ts';

declare const window: { party: Party };

export class Person {
  readonly number: number;
  readonly page: TestPage;
  readonly join: JoinInfo;
  private readonly run: string;

  constructor(number: number, page: TestPage, join: JoinInfo, run: string) {
    this.number = number;
    this.page = page;
    this.join = join;
    this.run = run;
  }

  get attendeeId(): string {
    return this.join.Attendee.AttendeeId;
  }

  async start(options: Partial<Pick<JoinOptions, 'microphone' | 'camera' | 'codecs' | 'simulcast' | 'chooses'>> = {}): Promise<void> {
    const wanted: JoinOptions = {
      meeting: this.join.Meeting,
      attendee: this.join.Attendee,
      run: this.run,
      participant: this.number,
      microphone: true,
      camera: { width: 640, height: 360, fps: 15 },
      ...options,
    };
    await this.page.evaluate((o) => window.party.join(o), wanted);
  }

  state(): Promise<PartyState> {
    return this.page.evaluate(() => window.party.state(), null);
  }

  readings(): Promise<TileReading[]> {
    return this.page.evaluate(() => window.party.readings(), null);
  }

  // The other's clock as its picture shows it here; null: no picture of this run and person.
  private async clockOf(other: Person, screen: boolean): Promise<number | null> {
    const attendeeId = other.attendeeId + (screen ? '#content' : '');
    const r = (await this.readings()).find((t) => t.attendeeId === attendeeId && t.content === screen)?.reading;
    if (!r || r.run !== this.run || r.participant !== other.number || r.screen !== screen) return null;
    return r.clockMs;
  }

  /** Looks at the other's picture until its clock has moved on by so much. */
  async watches(other: Person, ms: number): Promise<void> {
    const begin = await until(`${this} sees ${other}`, () => this.clockOf(other, false));
    await until(`${this} sees ${other} for ${ms} ms`, async () => ((await this.clockOf(other, false)) ?? 0) >= begin + ms);
  }

  /** Sees the other's camera (or screen): this run's number, and a clock that moves on. */
  async sees(other: Person, { screen = false, seconds = 45 } = {}): Promise<void> {
    const clock = (): Promise<number | null> => this.clockOf(other, screen);
    const what = `${this} sees ${screen ? 'the screen' : 'the camera'} of ${other}`;
    const first = await until(what, clock, { seconds, seen: () => this.readings() });
    await until(`${what} move`, async () => ((await clock()) ?? 0) > first, { seconds, seen: () => this.readings() });
  }

  async seesNot(other: Person, { screen = false } = {}): Promise<void> {
    const attendeeId = other.attendeeId + (screen ? '#content' : '');
    await until(`${this} no longer has a tile of ${other}`, async () =>
      !(await this.readings()).some((t) => t.attendeeId === attendeeId),
    );
  }

  /** Hears another 100 ms of the other's own tone: two beeps. */
  async hears(other: Person): Promise<void> {
    let before = Infinity; // falls when the client begins anew
    await until(`${this} hears ${other}`, async () => {
      const now = await this.heard(other);
      before = Math.min(before, now);
      return now >= before + 8;
    }, { seen: () => this.heard(other) });
  }

  /** For how many hundredths of a second the other was heard so far. */
  async heard(other: Person): Promise<number> {
    return (await this.page.evaluate(() => window.party.heard(), null))[other.number] ?? 0;
  }

  async stopped(code: number): Promise<void> {
    const seen = async (): Promise<number | null> => (await this.state()).stopped;
    await until(`${this} is stopped with ${code}`, async () => (await seen()) === code, { seen });
  }

  toString(): string {
    return `${this.page.browser} ${this.number}`;
  }
}

export class Call {
  readonly run = randomBytes(8).toString('hex');
  readonly people: Person[] = [];
  readonly server: Upcall;
  readonly meeting: Meeting;
  readonly owner: JoinInfo;
  private readonly browsers: Browsers;
  private readonly site: StaticServer;

  private constructor(server: Upcall, meeting: Meeting, owner: JoinInfo, browsers: Browsers, site: StaticServer) {
    this.server = server;
    this.meeting = meeting;
    this.owner = owner;
    this.browsers = browsers;
    this.site = site;
  }

  /**
   * Runs a test's body with a server and a meeting of its own. A failure keeps log, data and what each page saw; success
   * leaves nothing. At the end nobody may have had an error on the console, and the server must end well.
   */
  static async with(
    name: string,
    browsers: Browsers,
    body: (call: Call) => Promise<void>,
    { serve = {}, expectedProblems = [] }: { serve?: ServeOptions; expectedProblems?: RegExp[] } = {},
  ): Promise<void> {
    const evidence = new Evidence(name);
    const site = await StaticServer.start(clientPage, { '/pattern.js': patternScript });
    let server: Upcall | undefined;
    try {
      server = await Upcall.start(evidence, serve);
      const api = new Api(server.url);
      await api.logIn(await server.addUser('Alice Agent', ['Agent'], 'Demo'));
      const { meeting, owner } = await Meeting.create(api, `meeting-${randomBytes(4).toString('hex')}`, 'Alice Agent');
      const call = new Call(server, meeting, owner, browsers, site);
      const { people } = call;
      evidence.onFailure('pages.json', () =>
        Promise.all(people.map(async (p) => ({ who: `${p}`, state: await p.state(), console: p.page.console }))),
      );
      evidence.onFailure('stats.json', () =>
        Promise.all(people.map((p) => p.page.evaluate(() => window.party.stats(), null))),
      );
      evidence.onFailure('transports.json', () => server?.meeting(owner.Meeting.MeetingId));
      await body(call);
      const problems = people.flatMap((p) => p.page.problems.map((text) => `${p}: ${text}`));
      const unexpected = problems.filter((text) => ![CLIENTS_OWN, ...expectedProblems].some((e) => e.test(text)));
      if (unexpected.length > 0) throw new Error(`errors on the console:\n${unexpected.join('\n')}`);
      await browsers.closePages();
      const code = await server.stop();
      if (code !== 0) throw new Error(`the server ended with ${code}`);
      evidence.discard();
    } catch (error) {
      await evidence.keep();
      throw error;
    } finally {
      await browsers.closePages();
      await server?.stop();
      await site.stop();
    }
  }

  /** Another person, on a page of their own; the first is the meeting's owner. `from`: whose browser it is, if not the call's. */
  async person(browser: BrowserName, from = this.browsers): Promise<Person> {
    const number = this.people.length;
    const join = number === 0 ? this.owner : await this.meeting.attendee(this.owner, `Guest ${number}`, `guest-${number}`);
    return this.personAs(browser, join, from);
  }

  async personAs(browser: BrowserName, join: JoinInfo, from = this.browsers): Promise<Person> {
    const page = await from.page(browser, this.people.length);
    await page.goto(this.site.url);
    const person = new Person(this.people.length, page, join, this.run);
    this.people.push(person);
    return person;
  }

  async everybodySeesEverybody(): Promise<void> {
    for (const a of this.people) for (const b of this.people) if (a !== b) await a.sees(b);
  }
}
