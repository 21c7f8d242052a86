import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// `UPCALL_SERVER=http://127.0.0.1:8080 npm run dev` develops against a running server.
const server = process.env.UPCALL_SERVER ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [react()],
  define: { global: 'globalThis' },
  build: { outDir: '../../build/web/agent-app', emptyOutDir: true, target: 'es2022', assetsInlineLimit: 0 },
  server: {
    proxy: Object.fromEntries(
      ['/api', '/oauth2', '/frontend-config.js', '/control'].map((path) => [path, { target: server, ws: true }]),
    ),
  },
  test: { environment: 'happy-dom' },
});
