import { MeetingSessionStatusCode as Code } from 'amazon-chime-sdk-js';
import type { EndReason } from './types';

/** The media library's closing status as a reason for people. */
export function endReasonOf(code: Code): EndReason {
  switch (code) {
    case Code.OK:
    case Code.Left:
      return 'left';
    case Code.MeetingEnded:
      return 'ended';
    case Code.AudioAttendeeRemoved:
      return 'removed';
    case Code.AudioJoinedFromAnotherDevice:
      return 'elsewhere';
    case Code.AudioAuthenticationRejected:
    case Code.SignalingBadRequest:
      return 'refused';
    case Code.AudioCallAtCapacity:
      return 'full';
    case Code.AudioDisconnected:
    case Code.AudioDisconnectAudio:
    case Code.ConnectionHealthReconnect:
    case Code.ICEGatheringTimeoutWorkaround:
    case Code.SignalingChannelClosedUnexpectedly:
    case Code.SignalingRequestFailed:
    case Code.NoAttendeePresent:
    case Code.TaskFailed:
      return 'network';
    default:
      return 'failed';
  }
}
