// Files in a chat: what is taken, and how one gets to the server.

export interface FileLimits {
  /** 0: no files are taken. */
  maxBytes: number;
  /** Types as in a content-type header. */
  types: readonly string[];
}

/** Why a file is not taken, told before anything is sent. */
export type FileProblem = 'empty' | 'tooLarge' | 'type' | 'name';

/** What the server says of a file in the chat. */
export interface Attachment {
  AttachmentId: string;
  AttachmentName: string;
  ContentType: string;
  Status: 'APPROVED' | 'REJECTED' | 'IN_PROGRESS';
  AttachmentSizeInBytes?: number;
}

/** A file on its way; `failed` stays until somebody does something about it. */
export interface Upload {
  id: string;
  file: File;
  /** 0 to 1. */
  sent: number;
  failed?: FileProblem | FileFailure;
}

export type FileFailure = 'network' | 'tooMany' | 'refused' | 'ended' | 'server';

/** What people call the types that are taken. */
export type FileKind = 'image' | 'pdf' | 'text' | 'audio' | 'video' | 'office' | 'other';

export function kindOf(type: string): FileKind {
  if (type === 'application/pdf') return 'pdf';
  if (/^application\/(msword|vnd\.(ms-|openxmlformats-|oasis\.))/.test(type)) return 'office';
  const [family] = type.split('/');
  return family === 'image' || family === 'text' || family === 'audio' || family === 'video' ? family : 'other';
}

export function kindsOf(types: readonly string[]): FileKind[] {
  return [...new Set(types.map(kindOf))];
}

/** Where a browser does not know a type, the name tells it. */
const BY_NAME: Readonly<Record<string, string>> = {
  csv: 'text/csv', txt: 'text/plain', log: 'text/plain', pdf: 'application/pdf', heic: 'image/heic', jpg: 'image/jpeg', jpeg: 'image/jpeg', png: 'image/png',
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
};

const NAME_MAX_BYTES = 256;

export function typeOf(file: Pick<File, 'name' | 'type'>, types: readonly string[]): string {
  const named = BY_NAME[file.name.split('.').at(-1)?.toLowerCase() ?? ''];
  // Systems disagree on the types of some files: a spreadsheet program makes every .csv its own.
  if (named && !types.includes(file.type)) return named;
  return file.type;
}

export function problemOf(file: Pick<File, 'name' | 'type' | 'size'>, limits: FileLimits): FileProblem | undefined {
  if (new TextEncoder().encode(file.name).length > NAME_MAX_BYTES) return 'name';
  if (!limits.types.includes(typeOf(file, limits.types))) return 'type';
  if (file.size === 0) return 'empty';
  return file.size > limits.maxBytes ? 'tooLarge' : undefined;
}

/** 2097152 → "2.1 MB", in the language's own writing. */
export function sizeText(bytes: number, locale: string): string {
  const units = ['byte', 'kilobyte', 'megabyte'] as const;
  let at = 0;
  let value = bytes;
  while (value >= 1000 && at < units.length - 1) {
    value /= 1000;
    at += 1;
  }
  return new Intl.NumberFormat(locale, { style: 'unit', unit: units[at] ?? 'byte', unitDisplay: at === 0 ? 'long' : 'short', maximumFractionDigits: at < 2 ? 0 : 1 }).format(value);
}

export class UploadFailure extends Error {
  constructor(
    /** 0: no answer came. */
    readonly status: number,
  ) {
    super(`upload: ${status}`);
  }
}

/** fetch tells nothing of how far a body has come. */
export function putFile(url: string, file: Blob, contentType: string, onProgress: (share: number) => void, signal: AbortSignal): Promise<void> {
  return new Promise((done, fail) => {
    const request = new XMLHttpRequest();
    request.open('PUT', url);
    request.setRequestHeader('content-type', contentType);
    request.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    request.onload = () => (request.status < 300 ? done() : fail(new UploadFailure(request.status)));
    request.onerror = () => fail(new UploadFailure(0));
    request.onabort = () => fail(signal.reason);
    signal.addEventListener('abort', () => request.abort(), { once: true });
    request.send(file);
  });
}
