// What /frontend-config.js says, read defensively: the page must open even when a key is missing.
import type { FileLimits } from './participant/files';

export interface FrontendConfig {
  recordingDeployed: boolean;
  recordingPauseAllowed: boolean;
  /** What was just said can be taken back, for so many seconds at most. 0: not at all. */
  recordingForgetSeconds: number;
  /** Of files in chats. */
  files: FileLimits;
  websiteAdHocRouteBaseURL: string;
  connectDefaultContactFlowId: string;
}

declare global {
  interface Window {
    vceConfig?: Record<string, unknown>;
  }
}

export function readConfig(source: Record<string, unknown> | undefined = window.vceConfig): FrontendConfig {
  const text = (key: string, otherwise = '') => {
    const value = source?.[key];
    return typeof value === 'string' && value !== 'not-defined' ? value : otherwise;
  };
  const maxBytes = source?.['chatAttachmentMaxBytes'];
  const forget = source?.['recordingForgetSeconds'];
  return {
    recordingDeployed: text('deployRecordingStack', 'false').toLowerCase() === 'true',
    recordingPauseAllowed: source?.['recordingPauseAllowed'] === true,
    recordingForgetSeconds: typeof forget === 'number' && forget > 0 ? forget : 0,
    files: {
      maxBytes: typeof maxBytes === 'number' && maxBytes > 0 ? maxBytes : 0,
      types: text('chatAttachmentTypes').split(',').filter(Boolean),
    },
    websiteAdHocRouteBaseURL: text('websiteAdHocRouteBaseURL'),
    connectDefaultContactFlowId: text('connectDefaultContactFlowId'),
  };
}
