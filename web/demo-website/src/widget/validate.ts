// What the form takes. The server decides; this saves the way there.
export type FieldError = 'nameMissing' | 'nameLong' | 'emailMissing' | 'emailInvalid';

const BYTES_MAX = 256;

export function nameError(name: string): FieldError | null {
  if (name.trim() === '') return 'nameMissing';
  return new TextEncoder().encode(name.trim()).length > BYTES_MAX ? 'nameLong' : null;
}

export function emailError(email: string): FieldError | null {
  const text = email.trim();
  if (text === '') return 'emailMissing';
  return text.length <= 254 && /^[^\s@]+@[^\s@]+\.[^\s@.]+$/u.test(text) ? null : 'emailInvalid';
}
