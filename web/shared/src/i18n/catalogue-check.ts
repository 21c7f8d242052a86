// For tests: what is missing, left over or differently filled between catalogues.
type Tree = { [key: string]: string | Tree };

function flatten(tree: Tree, prefix = ''): Map<string, string> {
  const out = new Map<string, string>();
  for (const [key, value] of Object.entries(tree)) {
    if (typeof value === 'string') out.set(prefix + key, value);
    else for (const [inner, text] of flatten(value, `${prefix}${key}.`)) out.set(inner, text);
  }
  return out;
}

function variables(text: string): string {
  return [...new Set([...text.matchAll(/\{\{\s*([\w.]+)[^}]*\}\}/g)].map((match) => match[1]))].sort().join(',');
}

/** Empty when `other` says everything that `source` says, with the same variables. */
export function catalogueDifferences(source: Tree, other: Tree): string[] {
  const from = flatten(source);
  const to = flatten(other);
  const out: string[] = [];
  for (const [key, text] of from) {
    const translated = to.get(key);
    if (translated === undefined) out.push(`missing: ${key}`);
    else if (translated.trim() === '') out.push(`empty: ${key}`);
    else if (variables(text) !== variables(translated)) out.push(`variables differ: ${key}`);
  }
  for (const key of to.keys()) if (!from.has(key)) out.push(`left over: ${key}`);
  return out;
}

/** Every key of a catalogue, as the code names them (plural forms folded into their stem). */
export function catalogueKeys(tree: Tree): Set<string> {
  return new Set([...flatten(tree).keys()].map((key) => key.replace(/_(zero|one|two|few|many|other)$/, '')));
}
