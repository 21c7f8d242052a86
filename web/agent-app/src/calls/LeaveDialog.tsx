import { useCallback } from 'react';
import { useTexts } from '../i18n/texts';
import { Button } from '../ui/Button';
import { Dialog } from '../ui/Dialog';
import { useAction } from '../ui/use-action';
import { type Call, endCallForAll, leaveCall } from './store';

export function LeaveDialog({ call, isOpen, onClose }: { call: Call; isOpen: boolean; onClose: () => void }) {
  const { t } = useTexts();
  const { meetingId } = call;
  const [leave, leaving] = useAction(useCallback(() => leaveCall(meetingId), [meetingId]));
  const [end, ending] = useAction(useCallback(() => endCallForAll(meetingId), [meetingId]));
  return (
    <Dialog
      title={t('leave.title')}
      isOpen={isOpen}
      onClose={onClose}
      isQuestion
      actions={
        <>
          <Button kind="quiet" onPress={onClose}>
            {t('common.cancel')}
          </Button>
          <Button busy={leaving} isDisabled={ending} onPress={() => leave()}>
            {t('leave.leave')}
          </Button>
          <Button kind="danger" busy={ending} isDisabled={leaving} onPress={() => end()}>
            {t('leave.endForAll')}
          </Button>
        </>
      }
    >
      <p>{t('leave.text')}</p>
      {call.canRecord && <p className="soft">{t('leave.recording')}</p>}
    </Dialog>
  );
}
