// The words of the portal, the views that it shares with the console, and the widgets, in English: the measure of what every other language
// must say. What the operator wrote in its catalog (names of plans, meters, prices) and the reasons of recorded facts are shown as they were written.

const plural = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`

export const en = {
  common: {
    cancel: 'Cancel', working: 'Working …', close: 'Close', change: 'Change', changeMore: 'Change …', set: 'Set', tryAgain: 'Try again', actions: 'Actions', share: 'Share', back: 'Back',
    wentWrong: 'Something went wrong on this page', loading: 'Loading', loadingMore: 'Loading …', more: 'Show more', newer: 'Newer ones came: to the top', copy: 'Copy', copied: 'Copied', justNow: 'just now', never: 'never', none: '–', yes: 'yes',
    request: (id: string) => `Request ${id}`, copyId: (id: string) => `Copy ${id}`, exactly: (text: string) => `${text}, exactly`, and: (words: readonly string[]) => words.join(' and '),
    unreachable: 'No answer', unreachableDetail: 'Tollgate cannot be reached. Nothing was changed; this page tries again by itself.',
  },
  live: {
    live: 'Live', connecting: 'Connecting', offline: 'Offline', liveTitle: 'Changes appear by themselves.', connectingTitle: 'The live stream is being opened.', offlineTitle: 'The live stream is broken; it resumes where it was, without a gap.',
  },
  chart: {
    chart: 'Chart', table: 'Table', time: 'Time', nothing: 'nothing', asTable: (label: string) => `${label}, as a table`,
    help: ({ label, count, opens, chooses, zooms }: { label: string; count: number; opens: boolean; chooses: boolean; zooms: boolean }) => `${label}: chart of ${count} moments. Arrow keys read them one by one${opens ? ', Enter opens one' : ''}${chooses ? ', Shift chooses several' : ''}${zooms ? ', Minus zooms out' : ''}; the table has all of them.`,
  },
  frame: {
    title: 'Usage and credits', pages: 'Pages', opening: 'Opening the page', ended: 'This link has ended', endedDetail: 'Open the page again from where you came: each link works for a limited time, so that nobody else can use it.',
    overview: 'Overview', usage: 'Usage', activity: 'Activity', credits: 'Credits', limits: 'Limits', invoice: 'Invoice', plans: 'Plans',
    timesIn: (zone: string) => `Times in ${zone}`, localTimes: 'Local times',
  },
  overview: {
    standing: 'Where you stand', balance: 'Credit balance', used: 'Used this period', usedNote: 'fees and usage so far', due: 'Due at its end', dueNote: 'after credits, as of now', plan: 'Plan', until: (day: string) => `until ${day}`,
    limits: 'Allowances and limits', limitsNote: 'A live figure counts what is settled; what runs now follows within a second.', noLimits: 'Nothing limits your use but your credits',
    notUsed: 'not used in the last week', runwayYear: 'for more than a year at this pace', runwayDay: 'for less than a day at this pace', runway: (days: number) => `for about ${plural(days, 'day', 'days')} at this pace`,
    period: 'Billing period', periodGone: 'Part of the period that is over', daysLeft: (days: number) => `${plural(days, 'day', 'days')} left`, compare: 'Compare plans', addCredits: 'Add credits',
  },
  usage: {
    usage: 'Usage', usageIn: (time: string) => `Usage, ${time}`, note: 'Posted usage: it never changes, it only grows.', zoomOut: '← Zoom out', compare: 'Compare', compareTitle: 'Beside the same length of time before it.', before: 'before', timeBefore: 'the time before', figure: 'Figure', charges: 'Charges', events: 'Events', group: 'Group', time: 'Time',
    byModel: 'By model', byFeature: 'By feature', byTeam: 'By team or user', byCustomer: 'By customer', byDay: 'By day',
    spans: { '24h': 'Last 24 hours', '7d': 'Last 7 days', '30d': 'Last 30 days', '90d': 'Last 90 days' }, spansBefore: { '24h': 'the 24 hours before', '7d': 'the 7 days before', '30d': 'the 30 days before', '90d': 'the 90 days before' },
    none: 'No usage in this time', noneDetail: 'It appears here within a second of the first request.', by: ({ figure, group }: { figure: string; group: string }) => `${figure} by ${group}`, usageBy: (group: string) => `Usage by ${group} and meter`,
    byWhat: 'By what', model: 'Model', feature: 'Feature', entity: 'Team or user', customer: 'Customer', day: 'Day', meter: 'Meter', quantity: 'Quantity', charge: 'Charge', sum: 'Sum', others: 'others', noModel: 'no model', noFeature: 'no feature', noTeam: 'no team',
  },
  compare: { none: (than: string) => `none in ${than}`, noneEither: (than: string) => `none in ${than} either`, as: (than: string) => `as in ${than}`, more: 'more', less: 'less', than: (than: string) => `than ${than}` },
  breakdown: {
    title: 'What made it', note: 'The charges of this period’s usage; they sum to the usage on the invoice. A click on a line above shows the events themselves.', none: 'No usage in this period yet', label: 'Charges of the period', used: 'Used', charged: 'Charged', together: 'Together', notStated: 'not stated',
  },
  events: {
    title: 'Every billable event, with its charge', none: 'No usage events here yet', noneDetail: 'They appear within a second of being settled.', label: 'Usage events', time: 'Time', model: 'Model or type', feature: 'Feature', used: 'Used', cost: 'Cost', charge: 'Charge', details: 'Details',
    estimated: 'estimated', estimatedTitle: 'Counted by us, because the provider told no usage.', detailsOf: (time: string) => `Details of the event of ${time}`, how: 'How the charge came to be', price: 'Price', included: 'Included', before: 'Before', beforeTitle: 'Billable quantity of the period before this event', isIncluded: 'included',
    paid: 'Paid', nothingDue: 'nothing was due', fromCredits: (block: string) => `from credits ${block}`, onInvoice: 'on the invoice', owed: 'owed', ratedBy: (version: number) => `Rated by version ${version} of the price list.`, what: 'What was used', run: 'run', entity: 'entity', event: 'event', providerCost: 'provider cost',
    export: 'Export as CSV', read: (count: number) => `${count} read`, stop: 'Stop',
  },
  lines: {
    verify: 'Verify line by line', same: 'worked out anew, and the same', differs: 'differs from what was charged', underPlan: (plan: string) => `under plan ${plan}`, excluded: (reason: string) => `not charged, because of ${reason}`, notPriced: 'not priced', on: (meter: string) => `on ${meter}`,
    tier: (tier: number) => ` of tier ${tier}`, at: (price: string) => `at ${price}`, each: ' each', per: (units: string) => ` per ${units}`, rate: (rate: string) => `at a rate of ${rate}`,
  },
  verify: {
    title: 'Verify', note: 'Every posted transfer carries a hash of itself and of the one before it, and the end of that chain is signed every day. Your browser works all of it out anew.', now: 'Verify now', checked: (count: string) => `${count} checked`,
    idle: 'Nothing that was posted can be changed, left out or added without being found here.', idleCommand: 'does the same without this page.', broken: 'not as posted', good: 'verified',
    found: ({ count, text }: { count: number; text: string }) => `${text} ${count === 1 ? 'transfer' : 'transfers'}: nothing was changed, left out or added.`, unsigned: 'The first checkpoint is signed within a day.',
    signed: ({ to, count }: { to: string; count: number }) => `Signed up to transfer ${to}, by ${plural(count, 'checkpoint', 'checkpoints')}.`, key: (id: string) => `Key ${id}:`, noTls: 'This page was opened without TLS, where a browser has no cryptography: open it over https, or use tollgate verify.',
    gap: ({ after, next }: { after: number; next: number }) => `After transfer ${after} comes ${next}: something was left out or put in.`, changed: ({ position, id }: { position: number; id: string }) => `Transfer ${position} (${id}) is not what was posted.`,
    unfit: (position: number) => `The signed checkpoint at transfer ${position} does not fit.`, gone: (position: number) => `A checkpoint was signed at transfer ${position}, which is not here any more.`,
  },
  credits: {
    title: 'Credits', forFeatures: (list: string) => `For ${list}`, forFeaturesNote: 'used before the balance, for this alone', paysFor: 'Pays for', balance: 'Balance', balanceNote: 'what your requests can use now', assetNote: 'for a plan that is priced in it', owed: 'Owed', owedNote: 'the next credits repay it first', blocks: 'Credits, and when they expire', blocksNote: 'What expires first is used first.', none: 'No credits yet', addFirst: 'Add the first ones:',
    label: 'Credit blocks', added: 'Added', kind: 'Kind', left: 'Left', of: 'Of', shareLeft: 'Share left', leftOf: (id: string) => `Left of ${id}`, expires: 'Expires', ended: 'ended', endedTitle: 'It pays for what was admitted before it ended, until that is settled.',
  },
  buy: {
    title: 'Add credits', notSold: 'Credits are added by whoever runs this service. They count from the moment they are added.', note: 'Paid on the page of the payment provider; they count as soon as the payment succeeds.', noteReader: 'An administrator of yours can buy them.', amount: (asset: string) => `Credits in ${asset}`, ofItTax: 'of it', tax: 'tax', onTop: 'on top', opening: 'Opening …', buy: 'Buy',
    purchases: 'Purchases', purchasesNote: 'Credits are granted when a payment succeeded, once.', when: 'When', why: 'Why', state: 'State', credits: 'Credits', paid: 'Paid', byItself: 'filled by itself', bought: 'bought',
  },
  recharge: {
    title: 'Fills itself', note: 'Buys credits when the balance falls, one purchase at a time and never beyond your bound.', switchOn: 'Switch on …', switchOff: 'Switch off', off: 'Off: when the credits are used up, requests are refused until somebody adds more.', on: 'on', stopped: 'stopped',
    atOrBelow: 'At or below', buys: 'it buys', upTo: 'up to', atMost: ', at most for', aMonth: 'a month', stoppedAt: 'It stopped', stoppedWhy: (reason: string) => `because payments failed: ${reason}. Set it again to go on.`,
    dialog: 'Let the credits fill themselves', lead: 'The saved card is charged when the balance falls to the threshold. After three payments that failed it stops by itself.', submit: 'Switch on', threshold: (asset: string) => `At or below, in ${asset}`, most: 'At most a month, without tax', mostHint: 'No bound, if left empty.', what: 'It buys', same: 'always the same', fill: 'what fills it up to', amount: 'Credits each time', target: 'Balance to fill up to',
  },
  notices: {
    title: 'When you are told', note: 'By your webhooks, on the live stream and by mail to who is listed under Limits, once for each crossing.', never: 'Never: nobody has set a balance or a number of days.', when: 'when', orLess: 'or less are left', daysBefore: (days: number) => `${plural(days, 'day', 'days')} before credits expire`,
    lead: 'Beside what the operator set, which stays.', balances: (asset: string) => `At a balance of, in ${asset}`, balancesHint: 'Several joined by commas, such as 10, 2.', days: 'Days before credits expire', daysHint: 'Such as 7, 1.',
  },
  redeem: { title: 'Redeem a code', note: 'It counts from the moment it is taken.', code: 'Code', redeem: 'Redeem', taken: 'It was taken, and is in force.' },
  limits: {
    title: 'Limits', note: 'The strictest that applies to a request decides about it.', stopAll: 'Stop everything …', setCap: 'Set a cap of your own', none: 'No limits are set', noneAdmin: 'A cap of your own stops spending at an amount that you choose.', noneReader: 'An administrator of yours can set a cap.', members: 'Members', remove: 'Remove', everything: 'everything',
    softTitle: 'Lets through, and reports.', meteredTitle: 'Only counts.', observed: 'observed only', observedTitle: 'Decided, recorded and shown, but nothing is refused.', byCustomer: 'set by the customer', each: (who: string) => `each ${who}`, forEntity: (name: string) => `for ${name}`, of: 'of', used: (share: string) => `${share} used`, usedOf: ({ name, share }: { name: string; share: string }) => `${name}: ${share} used`,
    overBy: 'over by', left: 'left', held: 'held ready by gateways', startsAnew: 'starts anew', usedUp: 'used up', atPace: 'at the pace of the last ten minutes', cameOver: 'came over from before', worstCase: 'worst case over by', features: (list: string) => `for ${list}`, counts: (list: string) => `counts ${list}`,
  },
  members: {
    title: (name: string) => `${name}: its members`, lead: 'Each has', unless: ', unless one is set here.', none: 'Nobody has used it in this period', label: 'Members', member: 'Member', used: 'Used', of: 'Of', common: 'The common limit', joined: 'Joined by commas.', itsId: 'Its id.', limitIn: (unit: string) => `Limit in ${unit}`, set: 'Set its limit', unused: 'not used yet',
    has: 'has', fromNow: 'from now on.', usedOf: ({ name, share }: { name: string; share: string }) => `${name}: ${share} used`,
  },
  cap: {
    setTitle: 'Set a cap', changeTitle: (name: string) => `Change ${name}`, lead: 'In force on every gateway when this answers: what does not fit is stopped before it costs anything.', name: 'Name', nameHint: 'Shown to people.', idWillBe: 'Its id will be', idIs: 'Its id is', limitNew: 'Limit, in the currency of the plan', window: 'Window', appliesTo: 'Applies to', everything: 'Everything', limitIs: 'The limit is', all: 'for all together', each: 'for each user', exhausted: 'When it is used up', doesNotFit: 'A request that does not fit', otherModel: 'Model that is used instead',
    hard: 'Refuse what does not fit', soft: 'Let it through, and report it', metered: 'Only count', deny: 'Refuse', clamp: 'Shorten the answer to what fits', fallback: 'Use another model', overage: 'Go on and pay', told: 'Told, on the live stream, to webhooks and by mail, when it is used to', observe: 'Only observe: decided, recorded and shown, but nothing is refused',
  },
  mail: {
    title: 'Who is told by mail', note: 'When a limit is used to a share, and when credits run low or expire. Each address confirms first.', notSet: 'Whoever runs this service has not set a mail server: nobody is told by mail yet.', none: 'Nobody is told by mail yet', noneDetail: 'Add an address, and it is asked.', add: 'Add somebody', label: 'People who are told', email: 'Address', shares: 'At', budgets: 'Of', credits: 'Credits', state: 'State', allBudgets: 'every limit', askAgain: 'Ask again', remove: 'Remove',
    waiting: 'asked', confirmed: 'told', left: 'left', refused: 'refused', dialogAdd: 'Tell somebody by mail', dialogChange: (email: string) => `What ${email} is told`, lead: 'The address gets one question, and nothing more until it says yes.', emailHint: 'One of your people, or a list of yours.', when: 'Told when a limit is used to', ofWhat: 'Limits', creditsToo: 'Also when credits run low or expire', language: 'Language', ofCustomer: 'as this page', submitAdd: 'Ask the address', asked: (email: string) => `${email} was asked. It is told from the moment it confirms.`,
  },
  link: {
    confirmTitle: 'Alerts by mail', confirmLead: 'Somebody asked that this address be told when limits and credits run low.', confirm: 'Yes, tell me', confirmed: ({ email, customer }: { email: string; customer: string }) => `${email} is told about ${customer} from now on. Every mail has a link that ends it.`, leaveTitle: 'No more alerts', leaveLead: 'This address gets no more mail about limits and credits.', leave: 'End them', left: ({ email, customer }: { email: string; customer: string }) => `${email} gets no more mail about ${customer}.`, broken: 'This link is not whole', brokenDetail: 'Open it again from the mail, with everything after the #.',
  },
  freeze: {
    title: (name: string) => `Stop ${name}?`, lead: 'Every gateway refuses its requests when this answers; what runs ends as it was admitted.', submit: 'Stop it', hits: 'It hits', keys: 'keys,', teams: 'teams and users', hadEvents: ', and what had', lastHour: 'events in the last hour', why: 'Why', whyHint: 'Whoever is refused reads it.', stopped: 'Stopped:', lift: 'Lift',
  },
  invoice: {
    running: 'Running period', preview: 'preview', read: 'read', onPlan: (plan: string) => `plan ${plan}`, none: 'Nothing is due in this period yet', label: 'Invoice lines', line: 'Line', quantity: 'Quantity', included: 'Included', charged: 'Charged', exact: 'Exact', amount: 'Amount', events: (count: number) => plural(count, 'event', 'events'),
    subtotal: 'Subtotal', inPlan: 'Included in the plan', promotional: 'Paid by promotional credits', taxIncluded: ', included', prepaid: 'Paid by prepaid credits', rounding: 'Rounding, printed minus exact', due: 'Due',
    invoices: 'Invoices', invoicesNote: 'What was written does not change: a mistake is corrected by a credit note.', noneYet: 'No invoice was written yet', noneYetDetail: 'The first one is written when a billing period ends.', number: 'Number', customer: 'Customer', period: 'Period', state: 'State', total: 'Total', draft: 'draft', titled: (number: string) => `Invoice ${number}`, linesOf: 'Lines of the invoice', pdf: 'PDF', pdfOf: (number: string) => `PDF of invoice ${number}`,
    notes: 'Credit notes', notesNote: 'Taken back of an invoice, with its tax.', ofInvoice: 'Of invoice', written: 'Written', why: 'Why', net: 'Net', tax: 'Tax',
  },
  plans: {
    none: 'There is nothing to choose from', noneDetail: 'Ask whoever runs this service about other plans.', changeTo: (name: string) => `Change to ${name}`, changeToAsk: (name: string) => `Change to ${name}?`, sideBySide: 'Side by side', subscription: 'Your subscription', subscriptionNote: 'What was, and what comes by itself.', lead: 'What was used of an allowance stays used. What costs more holds at once, what costs less from the next period on.', working: 'Working out what it costs',
    publicTitle: 'Plans', publicLead: 'What each costs and includes. To change plan, ask whoever runs this gateway: it is in force at once.', publicNone: 'There are no public plans', topUpTitle: 'Add credits', topUpLead: 'A request was refused because the credit balance is too low for what it may cost. Credits are added by whoever runs this gateway, and count from the moment their call answers:', topUpNote: 'The operator can send you to a page of their own instead: see TOLLGATE_PUBLIC_URL.',
  },
  change: {
    label: 'What it costs', more: 'costs more', notMore: 'does not cost more', inForce: 'in force', onDay: (day: string) => `on ${day}`, atOnce: 'at once', nothingLater: 'Nothing is charged or given back: the running period stays as it is.', nothingNow: 'Nothing is due for the rest of the running period.', back: 'Given back on the next invoice', due: 'Due for the rest of the period', ofPeriod: ({ seconds, all, whole, currency }: { seconds: number; all: number; whole: string; currency: string }) => `${seconds} of ${all} seconds of the period, of ${whole} ${currency}`, period: ({ from, to }: { from: string; to: string }) => `Period ${from} – ${to}, shared out by the second.`,
  },
  timeline: {
    changesTo: (what: string) => `Changes to ${what}`, plan: (plan: string) => `plan ${plan}`, seats: (count: number) => `${count} seats`, ordered: 'Ordered; it can be taken back until then.', unless: (reason: string) => `${reason}, unless something happens before`, now: 'Now', none: 'Nothing was told yet', takenBackBy: (number: number) => ` · taken back by number ${number}`, takesBack: (number: number) => ` · takes back number ${number}`,
  },
  widgets: {
    yourPlan: 'your plan', a: (period: string) => `a ${period}`, and: (list: string) => `and ${list}`, included: 'Included', beyond: 'Beyond that', limits: 'Limits', features: 'Features', costs: 'Costs', aPeriod: 'A period', what: 'What', sideBySide: 'Plans side by side', yourPlanAside: ', your plan',
    fundedByWallet: 'Beyond what is included, prepaid credits pay. When they are used up, requests are refused.', fundedByInvoice: 'Beyond what is included, usage is on the invoice.', funded: 'When what is included is used up, requests are refused until the next period.',
    nudge: ({ share, name }: { share: string; name: string }) => `${share} of ${name} used`, over: ({ amount, limit }: { amount: string; limit: string }) => `Over by ${amount}, of ${limit}`, left: ({ amount, limit }: { amount: string; limit: string }) => `${amount} left of ${limit}`, anew: (day: string) => `; starts anew on ${day}.`,
    good: 'Good to know', late: 'A payment is late', blocked: 'Requests are refused', attention: 'Needs your attention', everythingWorks: 'Everything still works. Pay the open invoice, and it stays so.', everythingUntil: (day: string) => `Everything still works until ${day}. Pay the open invoice, and it stays so.`, accountIs: (state: string) => `This account is ${state}`, pay: 'Requests are refused until that changes. Pay what is open, or speak with support.', speak: 'Requests are refused until that changes. Speak with support to change it.', ends: (day: string) => `The subscription ends on ${day}. Reactivate it before then to keep it.`,
    creditsToday: 'Credits end today', creditsDays: (days: number) => `Credits for about ${plural(days, 'day', 'days')}`, creditsLeft: (amount: string) => `${amount} left, at the pace of the last week.`, refused: 'Refused', usedOf: ({ used, limit }: { used: string; limit: string }) => `${used} of ${limit} used`, anewOn: (day: string) => `Starts anew on ${day}`, addCredits: 'Add credits', compare: 'Compare plans', upgrade: 'Upgrade', settle: 'Pay', choose: 'Choose',
  },
  /** Windows of a limit. */
  windows: { second: 'a second', minute: 'a minute', hour: 'an hour', day: 'a day', week: 'a week', month: 'a month', billing_period: 'a billing period', quarter: 'a quarter', year: 'a year', lifetime: 'for ever' },
  /** Words of the API that people meet; what is not here is shown as the API writes it, without its underscores. */
  terms: {
    allowance: 'allowance', limit: 'limit', cap: 'cap', wallet: 'wallet', hard: 'hard', soft: 'soft', metered: 'metered', second: 'second', minute: 'minute', hour: 'hour', day: 'day', week: 'week', month: 'month', quarter: 'quarter', year: 'year', billing_period: 'billing period', lifetime: 'lifetime',
    paid: 'paid', promotional: 'promotional', draft: 'draft', open: 'open', void: 'void', uncollectible: 'uncollectible', pending: 'pending', asked: 'asked', succeeded: 'succeeded', failed: 'failed', user: 'user', model: 'model', feature: 'feature', team: 'team', customer: 'customer', key: 'key', entity: 'entity',
    active: 'active', trialing: 'trialing', grace: 'grace', suspended: 'suspended', paused: 'paused', disputed: 'disputed', incomplete: 'incomplete', cancelled: 'cancelled', expired: 'expired', good: 'good',
    created: 'created', trial_started: 'trial started', trial_ending: 'trial ending', trial_extended: 'trial extended', trial_converted: 'trial converted', activated: 'activated', grace_entered: 'grace entered', payment_reminder: 'payment reminder', recovered: 'recovered', resumed: 'resumed', dispute_resolved: 'dispute resolved', cancellation_scheduled: 'cancellation scheduled', cancellation_unscheduled: 'cancellation unscheduled', reactivated: 'reactivated', plan_changed: 'plan changed', seats_changed: 'seats changed', add_ons_changed: 'add ons changed', change_scheduled: 'change scheduled', change_unscheduled: 'change unscheduled', renewed: 'renewed', event_voided: 'event voided',
    late_usage: 'late usage', proration: 'proration', item: 'item', units: 'units', tier_units: 'tier units', tier_flat: 'tier flat', packages: 'packages', free: 'free', percentage: 'percentage', fixed: 'fixed', minimum: 'minimum', maximum: 'maximum', cost: 'cost', margin: 'margin', given: 'given', outcome: 'outcome', seats: 'seats', flat: 'flat', discount: 'discount', rounding: 'rounding',
    credit_balance_exhausted: 'credit balance exhausted', limit_exhausted: 'limit exhausted', allowance_exhausted: 'allowance exhausted', rate_limited: 'rate limited', feature_not_entitled: 'feature not entitled', model_not_allowed: 'model not allowed', model_unpriced: 'model unpriced', not_in_good_standing: 'not in good standing', frozen: 'frozen', run_halted: 'run halted', budget_unavailable: 'budget unavailable',
    input_tokens: 'input tokens', output_tokens: 'output tokens', cached_input_tokens: 'cached input tokens', cache_write_tokens: 'cache write tokens', reasoning_tokens: 'reasoning tokens', requests: 'requests', events: 'events', token: 'tokens', tokens: 'tokens', event: 'events', request: 'requests', credit: 'credits', credits: 'credits',
  },
  /** Titles of errors that a tenant's people meet, by code. What exactly was wrong is told by the API, in English. */
  problems: {
    unreachable: 'No answer', required: 'Something is missing', invalid_value: 'A value is not accepted', invalid_decimal: 'A number is not a plain decimal', out_of_range: 'A number is out of range', too_long: 'A text is too long', too_many_digits: 'A number has more decimal places than are kept', wrong_scope: 'This page may not do that', not_found: 'It is not there', credits_not_sold: 'No credits are sold here', plan_changes_off: 'This page may not change the plan', unknown_plan: 'There is no such plan', code_refused: 'The code cannot be redeemed', unknown_code: 'The code is not known', too_many_codes: 'Too many codes were tried',
    budget_of_operator: 'This limit is set by whoever runs the service', invalid_email: 'An address of mail is not accepted', mail_not_set: 'No mail server is set', too_many_asks: 'The address was asked often enough', link_ended: 'The link has ended', provider_not_set: 'The payment provider is not set up', billed_by_provider: 'A provider bills this subscription', subscription_state: 'The subscription does not allow this now', invalid_api_key: 'This link has ended', internal: 'Something went wrong on the server',
  },
} as const
