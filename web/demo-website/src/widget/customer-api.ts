// The routes of the solution that a customer's page uses.
import { requestData } from '@upcall/shared/api/http';
import type { AttendeeFacts, JoinInfo } from '@upcall/shared/media/types';
import type { ChatCredentials, Invitation } from '@upcall/shared/participant/types';

export interface Visitor {
  name: string;
  email: string;
  reference: string;
}

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

export class CustomerApi {
  readonly #base: string;

  constructor(base: string) {
    this.#base = base;
  }

  async startChat(flowId: string, visitor: Visitor): Promise<ChatCredentials> {
    const data = await requestData<{ startChatResult: { ContactId: string; ParticipantId: string; ParticipantToken: string } }>(
      `${this.#base}/api/chat/start`,
      {
        body: {
          ContactFlowId: flowId,
          ParticipantDetails: { DisplayName: visitor.name },
          Attributes: {
            customerName: visitor.name,
            customerEmailAddress: visitor.email,
            videoExternalMeetingId: newId(),
            videoAttendeeExternalUserId: newId(),
            videoAttendeeName: visitor.name,
            videoAttendeeEmail: visitor.email,
            videoVendorName: 'demo-website',
            videoReferenceId: visitor.reference,
          },
        },
      },
    );
    const { ContactId, ParticipantId, ParticipantToken } = data.startChatResult;
    return { contactId: ContactId, participantId: ParticipantId, participantToken: ParticipantToken };
  }

  async joinData(invitation: Invitation, participantToken: string): Promise<JoinInfo> {
    const { JoinInfo } = await this.#meeting<{ JoinInfo: JoinInfo }>('attendee-join-data', invitation.externalMeetingId, invitation.attendeeExternalUserId, participantToken);
    return JoinInfo;
  }

  async attendee(invitation: Invitation, externalUserId: string, participantToken: string): Promise<AttendeeFacts> {
    return this.#meeting<AttendeeFacts>('attendee', invitation.externalMeetingId, externalUserId, participantToken);
  }

  #meeting<T>(route: string, meeting: string, user: string, token: string): Promise<T> {
    const query = new URLSearchParams({ externalMeetingId: meeting, attendeeExternalUserId: user });
    return requestData<T>(`${this.#base}/api/meeting/${route}?${query}`, { headers: { authorization: `Bearer ${token}` } });
  }
}
