export function Logo({ large = false }: { large?: boolean }) {
  return (
    <span className={`logo${large ? ' logo--large' : ''}`}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" className="logo__back" />
        <path d="M9 9v7a7 7 0 0 0 14 0V9" className="logo__u" />
        <circle cx="23.4" cy="8.6" r="3.6" className="logo__dot" />
      </svg>
      <span>Upcall</span>
    </span>
  );
}
