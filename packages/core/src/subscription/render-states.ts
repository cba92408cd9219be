// The table of states as a page of Markdown, so that the docs say what the code does.

import { SUBSCRIPTION_STATES, standingOf, TRANSITIONS, type BaseState, type CommercialEvent } from './state.ts'

const MEANING: Readonly<Record<(typeof SUBSCRIPTION_STATES)[number], string>> = {
  incomplete: 'waits for its first payment',
  trialing: 'in its trial',
  active: 'paid, or nothing is due',
  grace: 'a payment failed; what the plan grants goes on until grace ends',
  suspended: 'grace ended, collection stopped, or an operator holds it',
  paused: 'paused by agreement',
  disputed: 'a payment is disputed; hides the state under it until the dispute is closed',
  cancelled: 'ended by a decision',
  expired: 'ended by time',
}

const EVENT_MEANING: Readonly<Record<CommercialEvent, string>> = {
  trial_started: 'a trial begins',
  activated: 'it is paid or free, or the provider shows it as active',
  payment_succeeded: 'an invoice was paid',
  payment_failed: 'an invoice could not be collected, or the provider shows it as past due',
  collection_stopped: 'the provider gave up, or shows it as unpaid',
  trial_converted: 'the trial ended and the paid period begins',
  trial_ended: 'the trial ended and nothing follows',
  grace_ended: 'the stage `suspend` of dunning was reached',
  paused: 'it is paused',
  resumed: 'the pause ends',
  cancelled: 'it is cancelled',
  reactivated: 'it is taken up again',
  term_ended: 'its agreed term, or the time for a first payment, is over',
}

/** `docs/reference/subscription-states.md`. */
export function renderStates(): string {
  const states = Object.keys(TRANSITIONS) as BaseState[]
  const events = Object.keys(EVENT_MEANING) as CommercialEvent[]
  const rows = events.map((event) => `| \`${event}\` | ${states.map((state) => cell(TRANSITIONS[state][event])).join(' | ')} |`)
  const reasons = events.flatMap((event) =>
    states.flatMap((state) => {
      const to = TRANSITIONS[state][event]
      return typeof to === 'string' ? [] : [`| \`${event}\` | \`${state}\` | ${to.ignored} |`]
    }),
  )
  return [
    '# States of a subscription',
    '',
    '<!-- Made from packages/core/src/subscription/state.ts by `npm run gen`. -->',
    '',
    'Read with [subscriptions](../concepts/subscriptions.md).',
    '',
    '| state | standing | meaning |',
    '| --- | --- | --- |',
    ...SUBSCRIPTION_STATES.map((state) => `| \`${state}\` | \`${standingOf(state)}\` | ${MEANING[state]} |`),
    '',
    '## What each event does',
    '',
    'Rows are events, columns the state in which they are met. A dash: nothing happens, and [below](#what-is-ignored-and-why) is why.',
    '',
    `| event | ${states.join(' | ')} |`,
    `| --- | ${states.map(() => '---').join(' | ')} |`,
    ...rows,
    '',
    ...events.map((event) => `- \`${event}\`: ${EVENT_MEANING[event]}`),
    '',
    '## What blocks',
    '',
    'A dispute or a hold lies over the state and hides it; the state under it goes on changing. While a dispute is open, `disputed` is shown; while',
    'only a hold is, `suspended`. Won or lifted, what lies under it is shown again. Lost, the plan decides: suspended, cancelled, or nothing. What is',
    'cancelled or expired stays so, whatever lies over it.',
    '',
    '## What is ignored, and why',
    '',
    '| event | state | reason |',
    '| --- | --- | --- |',
    ...reasons,
    '',
  ].join('\n')
}

function cell(to: (typeof TRANSITIONS)[BaseState][CommercialEvent]): string {
  return typeof to === 'string' ? to : '–'
}
