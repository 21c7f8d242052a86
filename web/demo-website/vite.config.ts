import { defineConfig } from 'vitest/config';

export default defineConfig({
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: { outDir: '../../build/web/demo-website', emptyOutDir: true },
  test: { environment: 'happy-dom' },
});
