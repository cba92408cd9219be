// What only the server may load of subscriptions: the fold and its calendar, which needs Temporal.

export { calendarOf } from './calendar.ts'
export { EVERY, everyOf, fold, type Calendar } from './fold.ts'
