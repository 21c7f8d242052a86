// Font faces do not work inside a shadow root, so the widget adds its own to the page, unless the page has it.
import latin from '@fontsource-variable/inter/files/inter-latin-wght-normal.woff2?url';

const FAMILY = 'Inter Variable';

export function addFont(): void {
  for (const face of document.fonts) if (face.family.replace(/["']/g, '') === FAMILY) return;
  const face = new FontFace(FAMILY, `url(${latin})`, { weight: '100 900', display: 'swap' });
  document.fonts.add(face);
  // A page that forbids foreign fonts shows its system's.
  face.load().catch(() => undefined);
}
