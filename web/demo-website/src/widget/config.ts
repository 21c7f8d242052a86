// /frontend-config.js of the server that the widget came from.
import { readConfig, type FrontendConfig } from '@upcall/shared/frontend-config';

const TIMEOUT_MS = 10_000;

/** A script and not a fetch: that is what the file is, and a page that allows the widget's script allows this one. */
export function loadConfig(base: string): Promise<FrontendConfig> {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const timer = setTimeout(() => done(new Error('timeout')), TIMEOUT_MS);
    const done = (error?: Error) => {
      clearTimeout(timer);
      script.remove();
      if (error) reject(error);
      else resolve(readConfig());
    };
    script.src = `${base}/frontend-config.js`;
    script.onload = () => done();
    script.onerror = () => done(new Error('network'));
    document.head.append(script);
  });
}
