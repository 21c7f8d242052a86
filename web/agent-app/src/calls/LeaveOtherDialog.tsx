import { useCallback } from 'react';
import { leaveCall } from './store';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { useAction } from '../ui/use-action';

interface LeaveOtherDialogProps {
  /** The call that runs already; undefined: nothing is asked. */
  meetingId: string | undefined;
  onCancel: () => void;
  onLeft: () => void;
}

/** One microphone must not speak to two customers. */
export function LeaveOtherDialog({ meetingId, onCancel, onLeft }: LeaveOtherDialogProps) {
  const { t } = useTexts();
  const [leave, leaving] = useAction(
    useCallback(async () => {
      if (meetingId) await leaveCall(meetingId);
      onLeft();
    }, [meetingId, onLeft]),
  );
  return (
    <Dialog
      title={t('startVideo.leaveOtherTitle')}
      isOpen={meetingId !== undefined}
      onClose={onCancel}
      isQuestion
      actions={
        <>
          <Button onPress={onCancel}>{t('common.cancel')}</Button>
          <Button kind="primary" busy={leaving} onPress={() => leave()}>
            {t('startVideo.leaveOther')}
          </Button>
        </>
      }
    >
      <p>{t('startVideo.leaveOtherText')}</p>
    </Dialog>
  );
}
