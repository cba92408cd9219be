// What a person sees after `npm start`: where everything is, and three commands that work as they stand.

import type { Demo } from './demo.ts'

export function printWelcome(demo: Demo): void {
  process.stdout.write(welcomeText(demo))
}

export function welcomeText(demo: Demo): string {
  return `
Tollgate is ready.

  Console   ${demo.url}/console/#key=${demo.admin_key}
  API       ${demo.url}
  Gateway   ${demo.gateway_url}/v1      (the base URL for your OpenAI SDK)
  Key       ${demo.key}
  Customer  ${demo.customer} on plan prepaid, with a small wallet. The same facts are in demo.json in the data folder.

Try it: a request through the gateway. Its headers tell the charge and what is left.

  curl -i ${demo.gateway_url}/v1/chat/completions \\
    -H "Authorization: Bearer ${demo.key}" -H "Content-Type: application/json" \\
    -d '{"model":"${demo.model}","messages":[{"role":"user","content":"Say hello"}]}'

Send it until the wallet is empty, and the next one is refused with 402 before it costs anything. Then top up:

  curl -s ${demo.url}/v1/customers/${demo.customer}/credits \\
    -H "Authorization: Bearer ${demo.admin_key}" -H "Content-Type: application/json" -d '{"amount":"1.00"}'

And see what it adds up to:

  curl -s ${demo.url}/v1/customers/${demo.customer}/invoices/preview -H "Authorization: Bearer ${demo.admin_key}"

Ctrl-C stops everything. Docs: README.md
`
}
