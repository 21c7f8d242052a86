// Words about a call, from places that are no components.
import { text } from '../i18n/texts';
import { showToast } from '../ui/toasts';
import type { PauseMessage } from './pause-machine';
import type { MessageKind, RecordingMessage } from './recording-machine';

export function announceRecording(message: RecordingMessage, kind: MessageKind): void {
  showToast(kind, text(`recording.message.${message}`), 'recording');
}

export function announcePause(message: PauseMessage, kind: MessageKind, seconds = 0): void {
  showToast(kind, text(`recording.pause.message.${message}`, { seconds }), 'recording');
}

export function announceEndFailed(): void {
  showToast('error', text('call.endFailed'));
}
