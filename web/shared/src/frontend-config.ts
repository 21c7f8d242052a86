// What /frontend-config.js says, read defensively: the page must open even when a key is missing.
export interface FrontendConfig {
  recordingDeployed: boolean;
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
  return {
    recordingDeployed: text('deployRecordingStack', 'false').toLowerCase() === 'true',
    websiteAdHocRouteBaseURL: text('websiteAdHocRouteBaseURL'),
    connectDefaultContactFlowId: text('connectDefaultContactFlowId'),
  };
}
