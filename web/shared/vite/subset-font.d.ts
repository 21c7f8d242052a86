declare module 'subset-font' {
  interface Options {
    targetFormat: 'woff2';
    /** By axis; the font's own default must be within. */
    variationAxes?: Record<string, { min: number; max: number; default: number }>;
  }
  export default function subsetFont(font: Buffer, text: string, options: Options): Promise<Buffer>;
}
