// Font faces do not work inside a shadow root, so the widget adds its own to the page, unless the page has it.
import { FONT_FAMILY, FONT_PARTS, FONT_WEIGHTS, type FontPart } from '@upcall/shared/font/faces';
import latinExt from '@upcall/font/inter-latin-ext.woff2?url';
import latin from '@upcall/font/inter-latin.woff2?url';

const FILES: Record<FontPart['name'], string> = { latin, 'latin-ext': latinExt };

/** The browser fetches a part when a text needs it. A page that forbids foreign fonts shows its system's. */
export function addFont(): void {
  for (const face of document.fonts) if (face.family.replace(/["']/g, '') === FONT_FAMILY) return;
  for (const { name, unicodeRange } of FONT_PARTS) {
    const { min, max } = FONT_WEIGHTS;
    document.fonts.add(new FontFace(FONT_FAMILY, `url(${FILES[name]})`, { weight: `${min} ${max}`, display: 'swap', unicodeRange }));
  }
}
