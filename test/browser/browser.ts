// A real Chromium for the tests of the pages. Every page that it opens is watched: an error in its console, or anything that its content
// policy refuses, fails the test that caused it.

import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import axe from 'axe-core'
import { chromium, type Browser, type Page } from 'playwright-core'
import { ensureBrowser, findBrowser } from '../../scripts/browser.ts'

/** Why there is no browser; null when there is one. With CI=true a missing one is an error. */
export const missingBrowser = ensureBrowser()
if (missingBrowser !== null) {
  if (process.env['CI'] === 'true') throw new Error(missingBrowser)
  process.stderr.write(`The tests of the pages are skipped: ${missingBrowser}\n`)
}

export type PageOptions = { readonly width?: number; readonly height?: number; readonly scheme?: 'light' | 'dark'; readonly reducedMotion?: boolean }
export type Watched = { readonly page: Page; /** What went wrong on the page since it was opened. */ readonly errors: readonly string[] }

export async function openBrowser(): Promise<{ readonly browser: Browser; readonly open: (options?: PageOptions) => Promise<Watched>; readonly close: () => Promise<void> }> {
  const path = findBrowser()
  if (path === null) throw new Error('there is no browser')
  const browser = await chromium.launch({ executablePath: path, args: ['--no-sandbox', '--disable-dev-shm-usage'] })
  return {
    browser,
    open: async ({ width = 1280, height = 860, scheme = 'light', reducedMotion = false } = {}) => {
      const context = await browser.newContext({ viewport: { width, height }, colorScheme: scheme, reducedMotion: reducedMotion ? 'reduce' : 'no-preference', locale: 'en-GB', timezoneId: 'UTC' })
      const page = await context.newPage()
      const errors: string[] = []
      page.on('pageerror', (error) => errors.push(String(error.stack ?? error)))
      page.on('console', (message) => {
        // The answer before the sign-in is a 401, as it should be; a browser reports it as an error.
        if (message.type() === 'error' && !/status of 401/.test(message.text())) errors.push(message.text())
      })
      return { page, errors }
    },
    close: () => browser.close(),
  }
}

export async function signIn(page: Page, url: string, key: string): Promise<void> {
  await page.goto(`${url}/console/`)
  await page.getByLabel('Operator key').fill(key)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation', { name: 'Console' }).waitFor()
}

/** A page of the console, signed in with the administrator's key. */
export async function openConsole(chromium: Awaited<ReturnType<typeof openBrowser>>, { url, admin_key: key }: { readonly url: string; readonly admin_key: string }, path: string): Promise<Watched> {
  const watched = await chromium.open()
  await signIn(watched.page, url, key)
  await watched.page.goto(`${url}/console/${path}`)
  return watched
}

/** Waits until nothing of the page is loading any more. */
export async function settled(page: Page): Promise<void> {
  const loading = page.getByRole('status', { name: 'Loading' })
  for (let rest = 300; (await loading.count()) > 0; rest -= 1) {
    if (rest === 0) throw new Error(`still loading after 15 s: ${page.url()}`)
    await page.waitForTimeout(50)
  }
}

/** A wire to a server that can be cut and mended: what runs over it breaks at once, and nothing new is taken while it is cut. */
export async function cuttableWire(to: string): Promise<{ readonly url: string; readonly cut: () => void; readonly mend: () => void; readonly close: () => void }> {
  const target = new URL(to)
  const sockets = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) return void near.destroy()
    const far = connect(Number(target.port), target.hostname)
    for (const [socket, other] of [[near, far], [far, near]] as const) {
      sockets.add(socket)
      socket.pipe(other)
      socket.on('error', () => other.destroy())
      socket.on('close', () => {
        sockets.delete(socket)
        other.destroy()
      })
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = () => {
    isCut = true
    for (const socket of sockets) socket.destroy()
  }
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    cut,
    mend: () => {
      isCut = false
    },
    close: () => {
      cut()
      server.close()
    },
  }
}

/** What axe finds on the page, in words; empty when nothing. */
export async function axeFindings(page: Page): Promise<readonly string[]> {
  // The page's policy lets no script in that it does not serve: axe runs in a world beside it.
  const client = await page.context().newCDPSession(page)
  const { frameTree } = await client.send('Page.getFrameTree')
  const { executionContextId: contextId } = await client.send('Page.createIsolatedWorld', { frameId: frameTree.frame.id, worldName: 'axe' })
  await client.send('Runtime.evaluate', { expression: axe.source, contextId })
  const expression = `axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }).then(({ violations }) => violations.flatMap(({ id, help, nodes }) => nodes.map(({ html, failureSummary }) => id + ': ' + help + '\\n  ' + html.slice(0, 200) + '\\n  ' + failureSummary)))`
  const { result, exceptionDetails } = await client.send('Runtime.evaluate', { expression, contextId, awaitPromise: true, returnByValue: true })
  if (exceptionDetails !== undefined) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text)
  return result.value as readonly string[]
}
