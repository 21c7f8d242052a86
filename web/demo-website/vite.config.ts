import { defineConfig } from 'vitest/config';
import { fontFolder, fontPreload } from '../shared/vite/font.ts';
import { syncedConfig } from '../shared/vite/synced-config.ts';
import { sizeBudget } from './vite/size-budget.ts';
import { widgetLoader } from './vite/widget-loader.ts';

const server = process.env['UPCALL_SERVER'] ?? 'http://127.0.0.1:8080';

const alias = { '@upcall/font': await fontFolder() };

export default defineConfig({
  resolve: { alias },
  // Relative addresses: the widget's parts are fetched from where the widget came from, whatever page it stands on.
  base: './',
  // The media library asks for it, as it was written for bundlers that gave it.
  define: { global: 'globalThis' },
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  plugins: [widgetLoader({ entry: 'src/widget/main.ts' }), fontPreload(), sizeBudget(), syncedConfig()],
  build: {
    outDir: '../../build/web/demo-website',
    emptyOutDir: true,
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1400,
    rolldownOptions: {
      input: { 'demo-website': 'demo-website.html', widget: 'src/widget/main.ts' },
      preserveEntrySignatures: 'exports-only',
    },
  },
  server: {
    proxy: Object.fromEntries(['/api', '/aws', '/control', '/frontend-config.js'].map((path) => [path, { target: server, ws: true }])),
  },
  test: { environment: 'happy-dom' },
});
