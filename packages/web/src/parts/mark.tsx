// The product's mark: a barrier that opens.

export function Mark({ name = 'Tollgate' }: { readonly name?: string }) {
  return (
    <span className="inline-flex items-center gap-2.5">
      <svg viewBox="0 0 32 32" className="size-7" aria-hidden="true">
        <rect width="32" height="32" rx="8" fill="#14213d" />
        <path d="M8 23V11m16 12V11" stroke="#fff" strokeWidth="3" strokeLinecap="round" />
        <path d="M8 15.5 24 9.5" stroke="#4ade9f" strokeWidth="3" strokeLinecap="round" />
      </svg>
      <span className="font-semibold tracking-tight">{name}</span>
    </span>
  )
}
