// What a page of a test publishes and how another reads it back: a classic script, loaded into pages as it is.
//
// The picture is the one of the server's own test pattern (src/io/media/test_pattern.hpp), so that whoever reads films
// reads these too: a code of 22 x 14 blocks, a block 1/40 of the width, from block (9, 2) on; rings of black, white and
// black around 16 x 8 data blocks: run (64 bits), participant (8), flags (8: flash, screen), clock in ms (32), CRC-16.
// Sound: a beep of 50 ms at every full second of the clock, with a frequency of its own per participant.
(() => {
  const COLUMNS = 22;
  const ROWS = 14;
  const RING = 3;
  const FLASH_MS = 50;
  const GROUND = ['#1c426e', '#5c2854', '#18583e', '#6e4218', '#343478', '#641e28', '#1e5a60', '#505028'];

  /** @param {number} participant */
  const beepHz = (participant) => 600 + 200 * (participant % 16);

  /** @param {Uint8Array} bytes */
  function crc16(bytes) {
    let crc = 0xffff;
    for (const byte of bytes) {
      crc ^= byte << 8;
      for (let bit = 0; bit < 8; ++bit) crc = (crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1) & 0xffff;
    }
    return crc;
  }

  /** @param {{run: string, participant: number, screen: boolean}} who @param {number} clockMs */
  function encode(who, clockMs) {
    const code = new Uint8Array(16);
    const view = new DataView(code.buffer);
    view.setBigUint64(0, BigInt(`0x${who.run}`));
    view.setUint8(8, who.participant);
    view.setUint8(9, (clockMs % 1000 < FLASH_MS ? 1 : 0) | (who.screen ? 2 : 0));
    view.setUint32(10, clockMs);
    view.setUint16(14, crc16(code.subarray(0, 14)));
    return code;
  }

  /**
   * @param {CanvasRenderingContext2D} pen
   * @param {{run: string, participant: number, screen: boolean}} who
   * @param {number} clockMs
   */
  function draw(pen, who, clockMs) {
    const { width, height } = pen.canvas;
    if (/** @type {any} */ (window).upcallPortrait) return who.screen ? drawDocument(pen) : drawPortrait(pen, who.participant, clockMs);
    const flash = clockMs % 1000 < FLASH_MS;
    pen.fillStyle = flash ? '#fff' : /** @type {string} */ (GROUND[who.participant % GROUND.length]);
    pen.fillRect(0, 0, width, height);
    const block = width / 40;
    const code = encode(who, clockMs);
    pen.fillStyle = '#000';
    pen.fillRect(9 * block, 2 * block, COLUMNS * block, ROWS * block);
    pen.fillStyle = '#fff';
    for (let row = 0; row < ROWS; ++row) {
      for (let column = 0; column < COLUMNS; ++column) {
        const edge = Math.min(column, row, COLUMNS - 1 - column, ROWS - 1 - row);
        const bit = (row - RING) * 16 + column - RING;
        const white = edge < RING ? edge === 1 : ((/** @type {number} */ (code[bit >> 3]) >> (7 - (bit & 7))) & 1) === 1;
        if (white) pen.fillRect((9 + column) * block, (2 + row) * block, block, block);
      }
    }
    pen.fillStyle = flash ? '#000' : '#fff';
    const bar = width / 8;
    pen.fillRect(((clockMs % 2000) * (width - bar)) / 2000, 0, bar, block / 2);
  }

  // For pictures of the pages: somebody who sits there, and a sheet on a screen.
  /** @param {CanvasRenderingContext2D} pen @param {number} participant @param {number} clockMs */
  function drawPortrait(pen, participant, clockMs) {
    const { width, height } = pen.canvas;
    const looks = [
      { wall: ['#dfe9e4', '#b9cfc6'], skin: '#c68863', hair: '#2e2320', shirt: '#2f6f62' },
      { wall: ['#f3e3d0', '#e2c3a0'], skin: '#f0c3a0', hair: '#8a5a34', shirt: '#4a5a86' },
    ];
    const look = /** @type {typeof looks[0]} */ (looks[participant % looks.length]);
    const wall = pen.createLinearGradient(0, 0, 0, height);
    wall.addColorStop(0, /** @type {string} */ (look.wall[0]));
    wall.addColorStop(1, /** @type {string} */ (look.wall[1]));
    pen.fillStyle = wall;
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = 'rgba(255, 255, 255, 0.5)';
    pen.fillRect(width * 0.08, height * 0.12, width * 0.2, height * 0.42);
    const x = width / 2 + Math.sin(clockMs / 900) * width * 0.006;
    /** @param {string} colour @param {number} cx @param {number} cy @param {number} rx @param {number} ry */
    const oval = (colour, cx, cy, rx, ry) => {
      pen.fillStyle = colour;
      pen.beginPath();
      pen.ellipse(cx, cy, rx, ry, 0, 0, 2 * Math.PI);
      pen.fill();
    };
    oval(look.shirt, x, height * 1.08, width * 0.24, height * 0.38);
    oval(look.hair, x, height * 0.4, width * 0.105, height * 0.25);
    pen.fillStyle = look.skin;
    pen.fillRect(x - width * 0.035, height * 0.55, width * 0.07, height * 0.2);
    oval(look.skin, x, height * 0.45, width * 0.085, height * 0.2);
    oval(look.hair, x, height * 0.27, width * 0.088, height * 0.08);
    oval('#2a211d', x - width * 0.032, height * 0.44, width * 0.008, height * 0.015);
    oval('#2a211d', x + width * 0.032, height * 0.44, width * 0.008, height * 0.015);
    pen.strokeStyle = '#7a3f34';
    pen.lineWidth = width * 0.006;
    pen.beginPath();
    pen.arc(x, height * 0.5, width * 0.03, 0.25 * Math.PI, 0.75 * Math.PI);
    pen.stroke();
  }

  /** @param {CanvasRenderingContext2D} pen */
  function drawDocument(pen) {
    const { width, height } = pen.canvas;
    pen.fillStyle = '#eef1f4';
    pen.fillRect(0, 0, width, height);
    pen.fillStyle = '#fff';
    pen.fillRect(width * 0.2, height * 0.08, width * 0.6, height * 0.92);
    pen.fillStyle = '#1d2b36';
    pen.font = `600 ${height * 0.06}px sans-serif`;
    pen.fillText('Boiler: resetting the pressure', width * 0.25, height * 0.2);
    pen.fillStyle = '#c9d3db';
    for (let line = 0; line < 9; ++line) pen.fillRect(width * 0.25, height * (0.28 + line * 0.07), width * (line % 3 === 2 ? 0.3 : 0.5), height * 0.02);
  }

  // A hidden page's timers are slowed down to one a second; a worker's are not.
  /** @param {number} everyMs @param {() => void} work */
  function tick(everyMs, work) {
    const source = `setInterval(() => postMessage(0), ${everyMs});`;
    const worker = new Worker(URL.createObjectURL(new Blob([source], { type: 'text/javascript' })));
    worker.onmessage = work;
  }

  const clockZero = Date.now();

  /**
   * @param {{run: string, participant: number, screen?: boolean, width: number, height: number, fps: number, clockZero?: number}} options
   * @returns {MediaStream}
   */
  function camera(options) {
    const canvas = document.createElement('canvas');
    canvas.width = options.width;
    canvas.height = options.height;
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d', { alpha: false }));
    const who = { run: options.run, participant: options.participant, screen: options.screen ?? false };
    const zero = options.clockZero ?? clockZero;
    const paint = () => draw(pen, who, Math.max(0, Date.now() - zero));
    paint();
    const stream = canvas.captureStream(options.fps);
    tick(Math.round(1000 / options.fps), paint);
    return stream;
  }

  /** @param {{participant: number, clockZero?: number}} options @returns {MediaStream} */
  function microphone(options) {
    const audio = new AudioContext({ sampleRate: 48000 });
    const out = audio.createMediaStreamDestination();
    const tone = audio.createOscillator();
    const gain = audio.createGain();
    tone.frequency.value = beepHz(options.participant);
    gain.gain.value = 0;
    tone.connect(gain).connect(out);
    tone.start();
    void audio.resume();
    const zero = options.clockZero ?? clockZero;
    let planned = 0; // the second up to which beeps are planned
    tick(100, () => {
      const now = (Date.now() - zero) / 1000;
      const offset = audio.currentTime - now;
      for (let second = Math.max(planned + 1, Math.ceil(now)); second < now + 1.5; ++second) {
        gain.gain.setValueAtTime(0.5, second + offset);
        gain.gain.setValueAtTime(0, second + offset + FLASH_MS / 1000);
        planned = second;
      }
    });
    return out.stream;
  }

  const reader = document.createElement('canvas');

  /**
   * The code in a picture of this pattern that fills the whole frame.
   * @param {HTMLVideoElement} video
   */
  function read(video) {
    const width = video.videoWidth;
    const height = video.videoHeight;
    if (width === 0 || height === 0) return null;
    reader.width = width;
    reader.height = height;
    const pen = /** @type {CanvasRenderingContext2D} */ (reader.getContext('2d', { willReadFrequently: true }));
    pen.drawImage(video, 0, 0, width, height);
    const pixels = pen.getImageData(0, 0, width, height).data;
    const block = width / 40;
    const code = new Uint8Array(16);
    for (let bit = 0; bit < 128; ++bit) {
      const x = Math.floor((9 + RING + (bit % 16) + 0.5) * block);
      const y = Math.floor((2 + RING + Math.floor(bit / 16) + 0.5) * block);
      let sum = 0;
      for (let dy = -1; dy <= 1; ++dy) {
        for (let dx = -1; dx <= 1; ++dx) sum += pixels[((y + dy) * width + x + dx) * 4 + 1] ?? 0;
      }
      if (sum / 9 > 126) code[bit >> 3] = /** @type {number} */ (code[bit >> 3]) | (0x80 >> (bit & 7));
    }
    const view = new DataView(code.buffer);
    if (view.getUint16(14) !== crc16(code.subarray(0, 14))) return null;
    return {
      run: view.getBigUint64(0).toString(16).padStart(16, '0'),
      participant: view.getUint8(8),
      screen: (view.getUint8(9) & 2) !== 0,
      clockMs: view.getUint32(10),
      width,
      height,
    };
  }

  /**
   * Counts for how many looks (one in 10 ms) the tone of each participant is heard in a stream.
   * @param {MediaStream} stream
   */
  function listen(stream) {
    const audio = new AudioContext({ sampleRate: 48000 });
    const analyser = audio.createAnalyser();
    analyser.fftSize = 1024;
    analyser.smoothingTimeConstant = 0;
    audio.createMediaStreamSource(stream).connect(analyser);
    void audio.resume();
    const bins = new Float32Array(analyser.frequencyBinCount);
    const counts = new Array(16).fill(0);
    tick(10, () => {
      analyser.getFloatFrequencyData(bins);
      for (let p = 0; p < 16; ++p) {
        const level = /** @type {number} */ (bins[Math.round(beepHz(p) / (48000 / 1024))]);
        const beside = /** @type {number} */ (bins[Math.round((beepHz(p) + 100) / (48000 / 1024))]);
        if (level > -45 && level > beside + 6) ++counts[p];
      }
    });
    return counts;
  }

  /**
   * Puts the pattern in the place of the page's camera, microphone and screen.
   * @param {{run: string, participant: number, width?: number, height?: number, fps?: number, clockZero?: number}} who
   */
  function install(who) {
    const devices = navigator.mediaDevices;
    if (!devices) return; // a page that is not secure, or none yet
    const ask = devices.getUserMedia.bind(devices);
    const size = { width: who.width ?? 640, height: who.height ?? 360, fps: who.fps ?? 15 };
    devices.getUserMedia = async (constraints) => {
      const real = await ask(constraints); // permission, constraints and their errors stay the browser's own
      const out = new MediaStream();
      for (const track of real.getTracks()) {
        const drawn = track.kind === 'video' ? camera({ ...who, ...size }) : microphone(who);
        const instead = /** @type {MediaStreamTrack} */ (drawn.getTracks()[0]);
        // Pages ask a track which device it is of.
        const { deviceId, groupId } = track.getSettings();
        const own = instead.getSettings.bind(instead);
        instead.getSettings = () => ({ ...own(), ...(deviceId && { deviceId }), ...(groupId && { groupId }) });
        out.addTrack(instead);
        track.stop();
      }
      return out;
    };
    devices.getDisplayMedia = async () => camera({ ...who, width: 1280, height: 720, fps: 5, screen: true });
  }

  Object.assign(window, { upcallPattern: { camera, microphone, read, listen, install, beepHz } });
})();
