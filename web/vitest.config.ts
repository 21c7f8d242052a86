import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: ['shared', 'agent-app', 'demo-website'],
    passWithNoTests: false,
  },
});
