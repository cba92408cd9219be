// The pages of the API for people: what runs here, its operations and errors. Plain HTML without a script, under a
// policy that lets nothing else load; rendered from the contract once at the start.

import { createHash } from 'node:crypto'
import { ROUTES } from './contract.ts'
import { ENTRIES } from './contract/errors.ts'
import { scopesOf } from './contract/roles.ts'
import { TAGS, type Tag } from './contract/route.ts'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { max-width: 60rem; margin: 3rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% } caption { text-align: left; font-weight: 600; padding: 1.5rem 0 .5rem }
td, th { text-align: left; vertical-align: top; padding: .3rem .8rem .3rem 0; border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
code, pre { font: .9em/1.5 ui-monospace, monospace } pre { padding: 1rem; overflow-x: auto; border: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
`

/** Nothing but the page's own style. */
export const PAGE_POLICY = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`

export function renderHome(version: string): string {
  return page(
    'Tollgate',
    `
<h1>Tollgate</h1>
<p>The usage runtime for AI products: it decides before each request, meters what it used, and charges it exactly. This is the API, version ${escape(version)}.</p>
<ul>
<li><a href="/console/">The console</a>, for the operator; <a href="/plans">the plans</a>, for everybody</li>
<li><a href="/docs">Operations and errors</a></li>
<li><a href="/openapi.json">The same as OpenAPI 3.1</a></li>
<li><a href="/healthz">/healthz</a>, <a href="/readyz">/readyz</a>, <a href="/metrics">/metrics</a></li>
</ul>
<h2>Next steps</h2>
<p>The demo wrote its keys and addresses to <code>demo.json</code> in the data folder; <code>$KEY</code> stands for its operator key.</p>
<pre>curl -H "authorization: Bearer $KEY" http://127.0.0.1:4100/v1/customers
npm run tollgate -- catalog plan examples/catalogs/demo.yaml
npm run tollgate -- status</pre>`,
  )
}

export function renderDocs(version: string): string {
  const operations = (Object.keys(TAGS) as Tag[]).map((tag) =>
    table(
      TAGS[tag],
      ['operation', 'what it does', 'scopes'],
      Object.entries(ROUTES)
        .filter(([, route]) => route.tag === tag)
        .map(([operation, route]) => [
          `<code>${route.method} ${escape(route.path)}</code>`,
          escape(route.summary),
          route.access === 'public' ? 'no key' : escape(scopesOf(operation, route).join(', ')),
        ]),
    ),
  )
  const errors = Object.entries(ENTRIES).map(
    ([code, { status, title, advice }]) => `<tr id="${code}"><td><code>${code}</code></td><td>${status}</td><td>${escape(`${title}. ${advice}`)}</td></tr>`,
  )
  return page(
    'Tollgate API',
    `
<h1>Tollgate API ${escape(version)}</h1>
<p>Send <code>Authorization: Bearer &lt;key&gt;</code>. Bodies are JSON; amounts and quantities are decimal text, times RFC 3339, errors <code>application/problem+json</code>. All shapes are in <a href="/openapi.json">openapi.json</a>.</p>
<h2>Operations</h2>${operations.join('')}
<h2>Errors</h2>
<table><thead><tr><th>code</th><th>status</th><th>meaning and what to do</th></tr></thead><tbody>${errors.join('')}</tbody></table>`,
  )
}

function table(caption: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const row = (cells: readonly string[], tag: 'td' | 'th') => `<tr>${cells.map((cell) => `<${tag}>${cell}</${tag}>`).join('')}</tr>`
  return `<table><caption>${escape(caption)}</caption><thead>${row(head, 'th')}</thead><tbody>${rows.map((cells) => row(cells, 'td')).join('')}</tbody></table>`
}

function page(title: string, body: string): string {
  return `<!doctype html>\n<html lang="en">\n<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title><style>${STYLE}</style></head>\n<body>${body}\n</body>\n</html>\n`
}

function escape(text: string): string {
  return text.replace(/[&<>"]/g, (letter) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[letter]!)
}
