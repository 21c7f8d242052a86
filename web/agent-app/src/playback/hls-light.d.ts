// The build without subtitles, DRM and alternative sound; its types are those of the whole.
declare module 'hls.js/light' {
  export * from 'hls.js';
  export { default } from 'hls.js';
}
