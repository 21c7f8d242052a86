// The HTTP interfaces that tests use themselves, beside the pages.

export class Api {
  private readonly base: string;
  private bearer = '';

  constructor(base: string) {
    this.base = base;
  }

  async call<T>(method: string, path: string, body?: object): Promise<{ status: number; body: T }> {
    const headers: Record<string, string> = this.bearer === '' ? {} : { authorization: `Bearer ${this.bearer}` };
    if (body !== undefined) headers['content-type'] = 'application/json';
    const answer = await fetch(this.base + path, { method, headers, body: body === undefined ? null : JSON.stringify(body) });
    const text = await answer.text();
    return { status: answer.status, body: (text === '' ? {} : JSON.parse(text)) as T };
  }

  async ok<T>(method: string, path: string, body?: object): Promise<T> {
    const answer = await this.call<{ data: T }>(method, path, body);
    if (answer.status !== 200) throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    return answer.body.data;
  }

  async logIn(user: { username: string; password: string }): Promise<void> {
    const form = new URLSearchParams({ grant_type: 'password', ...user });
    const answer = await fetch(`${this.base}/oauth2/token`, { method: 'POST', body: form });
    if (answer.status !== 200) throw new Error(`log-in answered ${answer.status}`);
    this.bearer = ((await answer.json()) as { access_token: string }).access_token;
  }
}

export interface JoinInfo {
  Meeting: { MeetingId: string };
  Attendee: { AttendeeId: string; ExternalUserId: string; JoinToken: string };
}

/** A meeting of the caller's own. */
export class Meeting {
  readonly id: string;
  private readonly api: Api;

  private constructor(api: Api, id: string) {
    this.api = api;
    this.id = id;
  }

  static async create(api: Api, id: string, ownerName: string): Promise<{ meeting: Meeting; owner: JoinInfo }> {
    const { JoinInfo } = await api.ok<{ JoinInfo: JoinInfo }>('POST', '/api/chime/meeting', {
      externalMeetingId: id,
      meetingTitle: id,
      meetingAttendees: [{ attendeeName: ownerName, isOwner: true }],
    });
    return { meeting: new Meeting(api, id), owner: JoinInfo };
  }

  async attendee(owner: JoinInfo, name: string, userId: string): Promise<JoinInfo> {
    const attendee = await this.api.ok<JoinInfo['Attendee']>('POST', '/api/chime/attendee', {
      externalMeetingId: this.id,
      attendeeExternalUserId: userId,
      attendeeName: name,
    });
    return { Meeting: owner.Meeting, Attendee: attendee };
  }

  async remove(who: JoinInfo): Promise<void> {
    await this.api.ok('DELETE', '/api/chime/attendee', { externalMeetingId: this.id, attendeeExternalUserId: who.Attendee.ExternalUserId });
  }

  async record(): Promise<void> {
    await this.api.ok('POST', '/api/recording/recording', { externalMeetingId: this.id });
  }

  async stopRecording(): Promise<void> {
    await this.api.ok('DELETE', '/api/recording/recording', { externalMeetingId: this.id });
  }

  async end(): Promise<void> {
    await this.api.ok('DELETE', '/api/chime/meeting', { externalMeetingId: this.id });
  }
}
