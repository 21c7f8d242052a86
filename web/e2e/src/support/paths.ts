import { resolve } from 'node:path';

export const root = resolve(import.meta.dirname, '../../../..');
// The programs under test; another build folder for those who work on them.
export const programs = resolve(root, process.env['UPCALL_BIN'] ?? 'build/release/bin');
export const evidenceRoot = resolve(root, 'build/e2e');
export const clientPage = resolve(evidenceRoot, 'client-page');
export const patternScript = resolve(import.meta.dirname, '../pattern.js');
export const webRoot = resolve(root, process.env['UPCALL_WEB'] ?? 'build/web');
