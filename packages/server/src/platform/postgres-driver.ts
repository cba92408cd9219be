// The PostgreSQL driver, with faults of version 3.4.9 mended as it is loaded: its files on disk stay as they were published. All of them show when
// a connection closes under load. A write that was put off to the end of the turn meets no socket, outside of any promise, and the whole process
// ends; or the connection forgets that nothing is put off any more, and never sends again; or a query is left over and answered with another's
// rows; or the callback of a transaction goes on, and what it asks next runs alone, outside of any transaction. The first two are known upstream
// and not released. Invariants: when a connection closes, all that was asked on it fails, and a transaction runs nothing more; a driver that
// reads otherwise stops the start.

import { registerHooks } from 'node:module'

/** By file, what is read → what is run instead. */
const MENDED: Readonly<Record<string, readonly (readonly [read: string, run: string])[]>> = {
  '/postgres/src/connection.js': [
    // A write for a connection that has closed fails its query, as one in flight does.
    [
      'function nextWrite(fn) {\n',
      "function nextWrite(fn) {\n    if (socket === null) {\n      chunk = nextWriteTimer = null\n      error(Errors.connection('CONNECTION_CLOSED', options, socket))\n      return false\n    }\n",
    ],
    // What was put off and not sent belongs to the connection that is over.
    ['    clearImmediate(nextWriteTimer)\n    socket.removeListener', '    clearImmediate(nextWriteTimer)\n    chunk = nextWriteTimer = null\n    socket.removeListener'],
    // So does each query, also one that came between the socket's error and its end. It would be answered with the rows of the next one.
    ['    !hadError && (query || sent.length) && error(', '    ;(query || sent.length) && error('],
    ["onclose(connection, Errors.connection('CONNECTION_CLOSED', options, socket))", "query = results = errorResponse = null\n    result = new Result()\n    onclose(connection, Errors.connection('CONNECTION_CLOSED', options, socket))"],
  ],
  '/postgres/src/index.js': [
    ['    let savepoints = 0\n', '    let gone = null\n    let savepoints = 0\n'],
    ['connection.onclose = reject)', 'connection.onclose = e => {\n          gone = e\n          while (queries.length) queries.shift().reject(e)\n          reject(e)\n        })'],
    ['        q.catch(e => uncaughtError || (uncaughtError = e))\n', '        q.catch(e => uncaughtError || (uncaughtError = e))\n        if (gone !== null) return q.reject(gone)\n'],
  ],
}

const hooks = registerHooks({
  load: (url, context, nextLoad) => {
    const loaded = nextLoad(url, context)
    const file = Object.keys(MENDED).find((path) => url.endsWith(path))
    return file === undefined ? loaded : { ...loaded, source: mended(file, String(loaded.source)) }
  },
})
export const { default: postgres } = await import('postgres')
hooks.deregister()

function mended(file: string, source: string): string {
  return MENDED[file]!.reduce((text, [read, run]) => {
    if (text.split(read).length !== 2) throw new Error(`${file} is not the one that ${import.meta.filename} mends: look whether the driver's new version still needs it`)
    return text.replace(read, () => run)
  }, source)
}
