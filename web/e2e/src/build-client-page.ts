// Bundles the test page: nothing in it but the vendor's client and a few lines that watch it.
import { resolve } from 'node:path';
import { build } from 'vite';

await build({ configFile: resolve(import.meta.dirname, '../client-page/vite.config.ts'), logLevel: 'warn' });
