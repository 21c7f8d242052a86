import react from '@vitejs/plugin-react';
import type { Plugin } from 'vite';
import { defineConfig } from 'vitest/config';
import { fontFolder, fontPreload } from '../shared/vite/font.ts';
import { syncedConfig } from '../shared/vite/synced-config.ts';

// `UPCALL_SERVER=http://127.0.0.1:8080 npm run dev` develops against a running server.
const server = process.env.UPCALL_SERVER ?? 'http://127.0.0.1:8080';

// The component library speaks some thirty languages; the pages speak two (see PageLocale).
const OTHER_LANGUAGE = /\/react-(?:aria|stately|aria-components)\/dist\/.*\/(?!en-US|de-DE)[a-z]{2}-[A-Z]{2}\.m?js$/;
const withoutOtherLanguages: Plugin = {
  name: 'without-other-languages',
  enforce: 'pre',
  load: (id) => (OTHER_LANGUAGE.test(id) ? 'export default {};' : undefined),
};

const alias = { '@upcall/font': await fontFolder() };

export default defineConfig({
  resolve: { alias },
  plugins: [withoutOtherLanguages, react(), fontPreload(), syncedConfig()],
  define: { global: 'globalThis' },
  build: { outDir: '../../build/web/agent-app', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/oauth2', '/frontend-config.js', '/control'].map((path) => [path, { target: server, ws: true }]),
    ),
  },
  test: { environment: 'happy-dom' },
});
