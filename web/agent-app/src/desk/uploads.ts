// Files on their way into the desk's chats. What was begun goes on while another contact is looked at.
import { create } from 'zustand';
import { readConfig } from '@upcall/shared/frontend-config';
import type { Upload } from '@upcall/shared/participant/files';
import { Uploads } from '@upcall/shared/participant/uploads';
import { agentApi } from '../api/agent';

export const useUploads = create<{ byContact: Readonly<Record<string, readonly Upload[]>> }>()(() => ({ byContact: {} }));

const running = new Map<string, Uploads>();

export function uploadsOf(contactId: string): Uploads {
  let uploads = running.get(contactId);
  if (!uploads) {
    uploads = new Uploads(
      {
        start: (wanted) => agentApi.startAttachment(contactId, wanted),
        complete: (id) => agentApi.completeAttachment(contactId, id),
      },
      () => readConfig().files,
      (list) => useUploads.setState(({ byContact }) => ({ byContact: { ...byContact, [contactId]: list } })),
    );
    running.set(contactId, uploads);
  }
  return uploads;
}
