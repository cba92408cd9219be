// The widgets as custom elements, for pages without React: <tollgate-pricing-table>, <tollgate-usage-nudge>, <tollgate-grace-banner> and
// <tollgate-paywall>, in one module that the server serves (/assets/widgets.js). They say what the components of React say (widgets/model.ts), draw into a
// shadow root with a constructed style sheet, so that a policy without inline styles lets them, and take their look from --tollgate-… variables.

import type { Entitlements, PublicPlans } from './api/operations.ts'
import { cardsOf, graceOf, nudgeOf, paywallOf, settlingOf, type NoticeModel, type Refusal } from './widgets/model.ts'
import { loadWords, speakAs, type Spoken } from './words/speech.ts'

/** The server that this script came from. */
const SERVER = new URL(import.meta.url).origin
const REFRESH_MS = 30_000

const STYLE = `
:host { --ink: var(--tollgate-ink, light-dark(#14181f, #eceff3)); --muted: var(--tollgate-muted, light-dark(#545e6b, #a2acba)); --surface: var(--tollgate-surface, light-dark(#fff, #13161b)); --line: var(--tollgate-line, light-dark(#e3e7eb, #232932));
  --accent: var(--tollgate-accent, light-dark(#1f5fd0, #7aa7ff)); --accent-ink: var(--tollgate-accent-ink, light-dark(#fff, #0b1220)); --warn: var(--tollgate-warn, light-dark(#fdf3dc, #2c230f)); --bad: var(--tollgate-bad, light-dark(#fdeaec, #33171b)); --radius: var(--tollgate-radius, 12px);
  display: block; color: var(--ink); font: var(--tollgate-font, 14px/1.45 system-ui, sans-serif); font-variant-numeric: tabular-nums; color-scheme: var(--tollgate-color-scheme, light dark) }
:host([hidden]) { display: none }
* { box-sizing: border-box; margin: 0; padding: 0 }
ul { list-style: none }
.plans { display: grid; gap: 16px; grid-template-columns: repeat(auto-fit, minmax(min(15rem, 100%), 1fr)) }
.plan, .paywall { display: flex; flex-direction: column; border: 1px solid var(--line); border-radius: var(--radius); background: var(--surface); padding: 20px }
.plan.current { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent) }
h2 { display: flex; justify-content: space-between; gap: 8px; font-size: 1em; font-weight: 600 }
h2 small, h3, .funding, .also, .period { color: var(--muted); font-size: .86em; font-weight: 400 }
.amount { margin-top: 12px; font-size: 1.7em; font-weight: 600; letter-spacing: -.02em } .period { font-size: .6em; letter-spacing: 0 }
.funding { margin-top: 4px; min-height: 3em } section { margin-top: 14px } b { font-weight: 500 }
.notice { display: flex; flex-wrap: wrap; align-items: center; justify-content: space-between; gap: 12px; border: 1px solid var(--line); border-radius: var(--radius); padding: 12px 16px; background: var(--warn) }
.notice.bad { background: var(--bad) } .title { font-weight: 500 } .text { color: var(--muted) }
.paywall { align-items: center; text-align: center } .paywall p { margin-top: 6px } .links { display: flex; gap: 12px }
a, button { color: var(--accent); font: inherit; font-weight: 500; text-underline-offset: 2px }
button { margin-top: 16px; border: 0; border-radius: calc(var(--radius) / 1.5); background: var(--accent); color: var(--accent-ink); padding: 8px 12px; cursor: pointer }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
`
let sheet: CSSStyleSheet | null = null
function styleSheet(): CSSStyleSheet {
  if (sheet === null) (sheet = new CSSStyleSheet()).replaceSync(STYLE)
  return sheet
}

type Child = Node | string | null
/** An element; what is text stays text, whoever wrote it. */
function make(tag: string, attributes: Readonly<Record<string, string>>, ...children: readonly Child[]): HTMLElement {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value)
  element.append(...children.filter((child) => child !== null))
  return element
}

/** What every widget has: where it reads, as whom, in which language, and when it looks again. Without an answer it shows what it showed before. */
type Draw = (spoken: Spoken) => Node | null

abstract class Widget extends HTMLElement {
  static readonly observedAttributes = ['server', 'customer', 'token', 'locale', 'time-zone', 'current', 'feature', 'upgrade-url', 'choose']
  #timer: ReturnType<typeof setInterval> | null = null
  #turn = 0

  connectedCallback(): void {
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' })
    root.adoptedStyleSheets = [styleSheet()]
    this.#timer = setInterval(() => void this.refresh(), REFRESH_MS)
    void this.refresh()
  }

  disconnectedCallback(): void {
    if (this.#timer !== null) clearInterval(this.#timer)
  }

  attributeChangedCallback(): void {
    if (this.isConnected) void this.refresh()
  }

  /** Reads and draws anew. */
  async refresh(): Promise<void> {
    const turn = (this.#turn += 1)
    try {
      const locale = this.getAttribute('locale') ?? (document.documentElement.lang || navigator.language)
      const [spoken, draw] = await Promise.all([loadWords(locale), this.read(locale)])
      if (turn !== this.#turn) return
      // At once, with nothing awaited between: another element on the page may speak another language.
      speakAs(spoken, this.getAttribute('time-zone'))
      const drawn = draw(spoken)
      this.shadowRoot?.replaceChildren(...(drawn === null ? [] : [drawn]))
      this.dispatchEvent(new CustomEvent('tollgate:drawn', { detail: { empty: drawn === null } }))
    } catch (error) {
      if (turn === this.#turn) this.dispatchEvent(new CustomEvent('tollgate:error', { detail: { message: error instanceof Error ? error.message : String(error) } }))
    }
  }

  /** Reads what it needs, and answers how that is drawn. */
  protected abstract read(locale: string): Promise<Draw>

  protected async ask<Answer>(path: string): Promise<Answer> {
    const token = this.getAttribute('token')
    const answer = await fetch(new URL(path, this.getAttribute('server') ?? SERVER), { headers: token === null ? {} : { authorization: `Bearer ${token}` }, credentials: 'omit' })
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`)
    return (await answer.json()) as Answer
  }

  protected entitlements(): Promise<Entitlements> {
    return this.ask<Entitlements>(`/v1/customers/${encodeURIComponent(this.getAttribute('customer') ?? '')}/entitlements`)
  }

  protected notice(model: NoticeModel | null, link: string): Node | null {
    if (model === null) return null
    const url = this.getAttribute('upgrade-url') ?? model.link?.href ?? null
    return make('div', { class: `notice ${model.tone}`, role: 'status' }, make('div', {}, make('p', { class: 'title' }, model.title), make('p', { class: 'text' }, model.text)), url === null || !isWebAddress(url) ? null : make('a', { href: url }, link))
  }
}

/** Nothing that would run. */
function isWebAddress(text: string): boolean {
  return ['http:', 'https:'].includes(new URL(text, location.href).protocol)
}

/** `current`: the plan one is on. With `choose`, each plan has a button that tells `tollgate:choose` with its id. */
class PricingTableElement extends Widget {
  protected async read(locale: string): Promise<Draw> {
    const plans = await this.ask<PublicPlans>(`/v1/plans?locale=${encodeURIComponent(locale)}`)
    const current = this.getAttribute('current') ?? (this.hasAttribute('token') ? (await this.entitlements()).plan : null)
    return ({ words }) => make('ul', { class: 'plans' }, ...cardsOf(words, plans, current).map(({ plan, isCurrent, amount, period, also, funding, sections }) => {
      const button = this.hasAttribute('choose') && !isCurrent ? make('button', { type: 'button', 'aria-label': `${words.widgets.choose}: ${plan.name}` }, words.widgets.choose) : null
      button?.addEventListener('click', () => this.dispatchEvent(new CustomEvent('tollgate:choose', { detail: { plan: plan.id }, bubbles: true, composed: true })))
      return make('li', { class: isCurrent ? 'plan current' : 'plan' },
        make('h2', {}, plan.name, isCurrent ? make('small', {}, words.widgets.yourPlan) : null),
        make('p', { class: 'amount' }, amount, ' ', make('span', { class: 'period' }, period)),
        also === null ? null : make('p', { class: 'also' }, also),
        make('p', { class: 'funding' }, funding),
        ...sections.map(({ title, lines }) => make('section', {}, make('h3', {}, title), make('ul', {}, ...lines.map(({ strong, text, isCheck }) => make('li', {}, isCheck === true ? '✓ ' : null, strong === '' ? null : make('b', {}, `${strong} `), text))))),
        button)
    }))
  }
}

class UsageNudgeElement extends Widget {
  protected async read(): Promise<Draw> {
    const { budgets } = await this.entitlements()
    return ({ words }) => this.notice(nudgeOf(words, budgets), words.widgets.upgrade)
  }
}

class GraceBannerElement extends Widget {
  protected async read(): Promise<Draw> {
    const standing = await this.entitlements()
    return ({ words, language }) => this.notice(graceOf(words, standing, language === 'en'), settlingOf(words, standing.standing))
  }
}

/** Shows what `denied` says (the answer of authorize, or the error of a 402), or what stands against its `feature`. */
class PaywallElement extends Widget {
  #denied: Refusal | null = null

  get denied(): Refusal | null {
    return this.#denied
  }

  set denied(denied: Refusal | null) {
    this.#denied = denied
    if (this.isConnected) void this.refresh()
  }

  protected async read(): Promise<Draw> {
    const denied = this.#denied ?? (await this.#ofFeature())
    return (spoken) => (denied === null ? null : this.#drawn(spoken, denied))
  }

  #drawn({ words }: Spoken, denied: Refusal): Node {
    const { title, message, used, anew, links } = paywallOf(words, denied)
    return make('section', { class: 'paywall', 'aria-label': words.widgets.refused }, make('h2', {}, title), make('p', { class: 'text' }, message), used === null ? null : make('p', {}, make('b', {}, used)), anew === null ? null : make('p', { class: 'text' }, anew),
      make('p', { class: 'links' }, ...links.filter(({ href }) => isWebAddress(href)).map(({ href, text }) => make('a', { href }, text))))
  }

  async #ofFeature(): Promise<Refusal | null> {
    const feature = this.getAttribute('feature')
    if (feature === null) return null
    const found = (await this.entitlements()).features.find((one) => one.feature === feature)
    if (found === undefined || found.entitled || found.reason === null) return null
    return { reason: found.reason, message: found.message ?? '', limit: null, used: null, unit: null, resets_at: found.resets_at, top_up_url: found.top_up_url, upgrade_url: found.upgrade_url }
  }
}

for (const [name, element] of [['tollgate-pricing-table', PricingTableElement], ['tollgate-usage-nudge', UsageNudgeElement], ['tollgate-grace-banner', GraceBannerElement], ['tollgate-paywall', PaywallElement]] as const)
  if (customElements.get(name) === undefined) customElements.define(name, element)
