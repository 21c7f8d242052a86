import { useCallback } from 'react';
import { ApiError } from '@upcall/shared/api/http';
import { meetingsApi } from '../api/meetings';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { showToast } from '../ui/toasts';
import { useAction } from '../ui/use-action';

export interface Removable {
  externalUserId: string;
  name: string;
}

/** Open as long as there is somebody to be removed. */
export function RemoveDialog({ meetingId, person, onClose }: { meetingId: string; person: Removable | undefined; onClose: () => void }) {
  const { t } = useTexts();
  const [remove, removing] = useAction(
    useCallback(async () => {
      if (!person) return;
      try {
        await meetingsApi.remove(meetingId, person.externalUserId);
        showToast('info', t('roster.removed', { name: person.name }));
      } catch (error) {
        const status = error instanceof ApiError ? error.status : undefined;
        // Who has left meanwhile is gone as wished.
        if (status === 403 || status === 409) showToast('error', t('roster.notRemovable', { name: person.name }));
        else if (status !== 404) throw error;
      }
      onClose();
    }, [meetingId, person, onClose, t]),
  );
  const name = person?.name ?? '';
  return (
    <Dialog
      title={t('roster.removeTitle', { name })}
      isOpen={person !== undefined}
      onClose={onClose}
      isQuestion
      actions={
        <>
          <Button onPress={onClose}>{t('common.cancel')}</Button>
          <Button kind="danger" busy={removing} onPress={() => remove()}>
            {t('roster.removeNow')}
          </Button>
        </>
      }
    >
      <p>{t('roster.removeText')}</p>
    </Dialog>
  );
}
