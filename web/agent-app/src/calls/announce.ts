// Words about a call, from places that are no components.
import { text } from '../i18n/texts';
import { showToast } from '../ui/toasts';
import type { MessageKind, RecordingMessage } from './recording-machine';

export function announceRecording(message: RecordingMessage, kind: MessageKind): void {
  showToast(kind, text(`recording.message.${message}`), 'recording');
}

export function announceEndFailed(): void {
  showToast('error', text('call.endFailed'));
}
