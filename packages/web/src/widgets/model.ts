// What each widget says, as text: read from what the API answers, in the language that it is given. The components of React and the custom elements
// draw the same. Null where there is nothing to say.

import type { Balance, Budget, Denied, Entitlements, PublicPlan, PublicPlans } from '../api/operations.ts'
import { isNegative, shareOf } from '../parts/decimal.ts'
import { day, measure, money, percent, quantity } from '../parts/format.ts'
import { termOf, titleTerm, type Words } from '../words/speech.ts'

export type NoticeModel = { readonly tone: 'warn' | 'bad'; readonly title: string; readonly text: string; /** What helps, where the API names an address for it. */ readonly link?: { readonly href: string; readonly text: string } }

const NUDGE_FROM = 0.8
const RUNWAY_DAYS_MAX = 7

/** "80 % used, starts anew on 1 December": of the limit that is nearest to its end. */
export function nudgeOf({ widgets: w }: Words, budgets: readonly Budget[]): NoticeModel | null {
  const near = budgets.filter((budget) => budget.kind !== 'wallet' && shareOf(budget.used, budget.limit) >= NUDGE_FROM).sort((a, b) => shareOf(b.used, b.limit) - shareOf(a.used, a.limit))[0]
  if (near === undefined) return null
  const share = shareOf(near.used, near.limit)
  const limit = measure(near.limit, near.unit)
  const left = isNegative(near.remaining) ? w.over({ amount: measure(near.remaining.slice(1), near.unit), limit }) : w.left({ amount: measure(near.remaining, near.unit), limit })
  return { tone: share >= 1 && near.enforcement === 'hard' && near.kind !== 'allowance' ? 'bad' : 'warn', title: w.nudge({ share: percent(share), name: near.name }), text: left + (near.resets_at === null ? '.' : w.anew(day(near.resets_at))) }
}

export type Standing = { readonly standing: Entitlements['standing']; readonly until?: string | null; readonly notice?: Entitlements['notice'] }

/** While the standing is not good: what it means, until when and what to do. `isEnglish`: in the words of the API's own notice. */
export function graceOf(words: Words, standing: Standing, isEnglish: boolean): NoticeModel | null {
  const said = saidOf(words, standing, isEnglish)
  const [, href] = ADDRESS.exec(standing.notice?.message ?? '') ?? []
  return said === null || href === undefined ? said : { ...said, link: { href, text: settlingOf(words, standing.standing) } }
}

/** The address that ends the API's own notice: a page has a link in its place. */
const ADDRESS = /: (https?:\/\/\S+)$/

/** What a link beside the banner leads to: paying, where that is what helps. */
export function settlingOf({ widgets: w }: Words, standing: Standing['standing']): string {
  return ['grace', 'suspended', 'incomplete'].includes(standing) ? w.settle : w.compare
}

function saidOf(words: Words, { standing, until = null, notice = null }: Standing, isEnglish: boolean): NoticeModel | null {
  const { widgets: w } = words
  const ends = until ?? notice?.until ?? null
  if (isEnglish && notice !== null) {
    const title = notice.level === 'info' ? w.good : notice.level === 'blocked' ? w.blocked : standing === 'grace' ? w.late : w.attention
    return { tone: notice.level === 'blocked' ? 'bad' : 'warn', title, text: notice.message.replace(ADDRESS, '.') }
  }
  if (standing === 'good') return notice === null || ends === null ? null : { tone: 'warn', title: w.good, text: w.ends(day(ends)) }
  if (standing === 'grace') return { tone: 'warn', title: w.late, text: ends === null ? w.everythingWorks : w.everythingUntil(day(ends)) }
  return { tone: 'bad', title: w.accountIs(termOf(words, standing)), text: standing === 'suspended' ? w.pay : w.speak }
}

/** `days`: how long the credits last at the pace of the last days. */
export function lowBalanceOf({ widgets: w }: Words, { balance, currency }: Balance, days: number | null): NoticeModel | null {
  if (days === null || days > RUNWAY_DAYS_MAX) return null
  return { tone: days < 1 ? 'bad' : 'warn', title: days < 1 ? w.creditsToday : w.creditsDays(Math.floor(days)), text: w.creditsLeft(measure(balance, currency)) }
}

export type Refusal = Pick<Denied, 'reason' | 'message' | 'limit' | 'used' | 'unit' | 'resets_at' | 'top_up_url' | 'upgrade_url'>
export type PaywallModel = { readonly title: string; readonly message: string; readonly used: string | null; readonly anew: string | null; readonly links: readonly { readonly href: string; readonly text: string }[] }

/** In place of what was refused: which limit, how much, when it starts anew, and what to do. */
export function paywallOf(words: Words, { reason, message, limit, used, unit, resets_at: resetsAt, top_up_url: topUp, upgrade_url: upgrade }: Refusal): PaywallModel {
  const { widgets: w } = words
  return {
    title: titleTerm(words, reason), message,
    used: limit === null || used === null || unit === null ? null : w.usedOf({ used: measure(used, unit), limit: measure(limit, unit) }),
    anew: resetsAt === null ? null : w.anewOn(day(resetsAt)),
    links: [...(topUp === null ? [] : [{ href: topUp, text: w.addCredits }]), ...(upgrade === null ? [] : [{ href: upgrade, text: w.compare }])],
  }
}

export type PlanSection = { readonly title: string; readonly lines: readonly { readonly key: string; readonly strong: string; readonly text: string; readonly isCheck?: boolean }[] }
export type PlanCard = { readonly plan: PublicPlan; readonly isCurrent: boolean; readonly amount: string; readonly period: string; readonly also: string | null; readonly funding: string; readonly sections: readonly PlanSection[] }

/** A card for each plan: what it costs, includes and limits. */
export function cardsOf(words: Words, { plans, currency }: PublicPlans, current: string | null): readonly PlanCard[] {
  const { widgets: w } = words
  return plans.map((plan) => ({
    plan, isCurrent: plan.id === current,
    amount: money(plan.recurring[0]?.amount ?? '0', currency), period: w.a(termOf(words, plan.period)),
    also: plan.recurring.length > 1 ? w.and(plan.recurring.slice(1).map(({ name, text }) => `${name}: ${text}`).join(', ')) : null,
    funding: plan.funding.includes('wallet') ? w.fundedByWallet : plan.funding.includes('overage') ? w.fundedByInvoice : w.funded,
    sections: [
      { title: w.included, lines: plan.allowances.map((one) => ({ key: one.id, strong: quantity(one.quantity), text: one.name.replace(/^included\s+/i, '') })) },
      { title: w.beyond, lines: plan.prices.map((one) => ({ key: one.id, strong: '', text: `${one.name} ${one.text}` })) },
      { title: w.limits, lines: plan.limits.map((one) => ({ key: one.id, strong: quantity(one.quantity), text: one.name })) },
      { title: w.features, lines: plan.features.map((one) => ({ key: one.id, strong: '', text: one.value === null ? one.name : `${one.name}: ${one.value}`, isCheck: true })) },
    ].filter(({ lines }) => lines.length > 0),
  }))
}
