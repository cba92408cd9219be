// The recorded text of a stream as its parsed events: server-sent events (`data:` lines, several of them one event), or one
// JSON value a line. `[DONE]`, comments and whatever is no JSON are passed over and counted, never an error: a broken event
// must not hide the usage in the next. For text at hand; the gateway reads its streams as they pass.

export function parseStreamText(text: string): { readonly events: readonly unknown[]; readonly unread: number } {
  const events: unknown[] = []
  let unread = 0
  let data: string[] = []
  const take = (json: string): void => {
    if (json === '' || json === '[DONE]') return
    try {
      events.push(JSON.parse(json))
    } catch {
      unread += 1
    }
  }
  const flush = (): void => {
    take(data.join('\n'))
    data = []
  }
  for (const line of text.split(/\r\n|\n|\r/)) {
    if (line.startsWith('data:')) data.push(line.slice(line.startsWith('data: ') ? 6 : 5))
    else if (line.trim() === '') flush()
    else if (!/^(?:event|id|retry)?:/.test(line)) take(line.trim())
  }
  flush()
  return { events, unread }
}
