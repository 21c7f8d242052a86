// Development against an installation: `upcall sync-config --out web/local` puts its frontend-config.js there, and the
// development servers of both apps give it to their pages. Without the file they ask the server that they develop against.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Plugin } from 'vite';

const LOCAL = fileURLToPath(new URL('../../local/frontend-config.js', import.meta.url));

export function syncedConfig(file = LOCAL): Plugin {
  return {
    name: 'synced-config',
    apply: 'serve',
    configureServer: (server) => {
      // Before the proxy, and read at each load: a synced change needs no restart.
      server.middlewares.use('/frontend-config.js', (_request, response, next) => {
        let text: Buffer;
        try {
          text = readFileSync(file);
        } catch {
          next();
          return;
        }
        response.setHeader('content-type', 'text/javascript; charset=utf-8');
        response.setHeader('cache-control', 'no-cache');
        response.end(text);
      });
    },
  };
}
