// Chooses files of the person's own machine.

type FilePickerProps = { readonly label: string; readonly accept: string; readonly isMany?: boolean; readonly onChoose: (files: readonly File[]) => unknown }

export function FilePicker({ label, accept, isMany = false, onChoose }: FilePickerProps) {
  return (
    <label className="block text-xs font-medium text-muted">
      {label}
      <input type="file" multiple={isMany} accept={accept} onChange={(event) => void onChoose([...(event.target.files ?? [])])} className="mt-1 block w-full text-sm text-ink file:mr-3 file:rounded-lg file:border file:border-edge file:bg-surface file:px-3 file:py-1.5 file:text-sm file:font-medium file:text-ink" />
    </label>
  )
}
