// The browser that the tests of the pages need: Chromium of the system. Where it is missing and this is root on a Debian, it is installed
// through apt; elsewhere the tests of the pages are skipped with the reason, which with CI=true is a failure.

import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome', '/Applications/Chromium.app/Contents/MacOS/Chromium']
const INSTALL_TIMEOUT_MS = 8 * 60_000

/** Path of a Chromium; null when there is none. TOLLGATE_TEST_BROWSER names another. */
export function findBrowser(): string | null {
  const named = process.env['TOLLGATE_TEST_BROWSER']
  return [...(named === undefined ? [] : [named]), ...PLACES].find((path) => existsSync(path)) ?? null
}

/** Null when a browser is there now, else why not. */
export function ensureBrowser(): string | null {
  if (findBrowser() !== null) return null
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return 'no Chromium was found, and it can only be installed by root on a Debian: install the package chromium, or set TOLLGATE_TEST_BROWSER'
  process.stderr.write('Installing Chromium for the tests of the pages (apt-get install chromium) …\n')
  const apt = (...args: readonly string[]) => spawnSync('apt-get', ['-qq', ...args], { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, stdio: ['ignore', 'ignore', 'pipe'], timeout: INSTALL_TIMEOUT_MS, encoding: 'utf8' })
  apt('update')
  const { status, stderr } = apt('install', '-y', '--no-install-recommends', 'chromium')
  return status === 0 && findBrowser() !== null ? null : `apt-get could not install chromium: ${stderr.trim().slice(-300)}`
}
