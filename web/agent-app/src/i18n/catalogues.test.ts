import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalogueDifferences, catalogueKeys } from '@upcall/shared/i18n/catalogue-check';
import de from './de.json';
import en from './en.json';

function sources(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return sources(path);
    return /\.tsx?$/.test(entry.name) && !/\.test\./.test(entry.name) ? [readFileSync(path, 'utf8')] : [];
  });
}

describe('catalogues', () => {
  it('German says all that English says, with the same variables', () => {
    expect(catalogueDifferences(en, de)).toEqual([]);
  });

  it('every text that the code names is there, and every text is named by the code', () => {
    const keys = catalogueKeys(en);
    const code = sources(join(import.meta.dirname, '..')).join('\n');
    const named = new Set([...code.matchAll(/'([a-z][A-Za-z]*(?:\.[A-Za-z0-9_]+)+)'/g)].map((match) => match[1] as string));
    const missing = [...code.matchAll(/\bt\('([^']+)'/g)].map((match) => match[1] as string).filter((key) => !keys.has(key));
    expect(missing).toEqual([]);
    // `a.${b}.c` names every key of this shape.
    const templates = [...code.matchAll(/`(([a-z][A-Za-z]*)\.[^`\s]*\$\{[^`\s]*)`/g)].filter((match) => (match[2] as string) in en);
    const shapes = templates.map(
      (match) => new RegExp(`^${(match[1] as string).replaceAll('.', '\\.').replace(/\$\{[^}]*\}/g, '[A-Za-z0-9_]+')}$`),
    );
    const unused = [...keys].filter((key) => !named.has(key) && !shapes.some((shape) => shape.test(key)));
    expect(unused).toEqual([]);
    for (const shape of shapes) expect([...keys].some((key) => shape.test(key)), String(shape)).toBe(true);
  });
});
