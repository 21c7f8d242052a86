// Words about a call, from places that are no components.
import { getI18n } from 'react-i18next';
import { showToast } from '../ui/toasts';
import type { MessageKind, RecordingMessage } from './recording-machine';

export function announceRecording(message: RecordingMessage, kind: MessageKind): void {
  showToast(kind, getI18n().t(`recording.message.${message}`));
}

export function announceEndFailed(): void {
  showToast('error', getI18n().t('call.endFailed'));
}
