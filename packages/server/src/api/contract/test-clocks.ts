// Routes on test clocks: customers that live in a time that the API turns.

import * as z from 'zod'
import { id, instantIn, listOf, nothing, text, time } from './fields.ts'
import { route } from './route.ts'

const clockParam = z.strictObject({ clock: id('clk', 'Id of the clock.') })
const testClock = z
  .strictObject({
    id: id('clk', 'Id of the clock.'),
    name: text('Shown to people.', 'a year of renewals'),
    now: time('What it shows. It runs on from where it was put.'),
    customers: z.int().meta({ description: 'Customers that live on it.' }),
    created_at: time('When it was made.'),
  })
  .meta({ id: 'TestClock', description: 'A clock for tests: customers created on it see its time in everything that is about them.' })

export const testClockRoutes = {
  createTestClock: route({
    method: 'POST',
    path: '/v1/test-clocks',
    tag: 'subscriptions',
    summary: 'Make a test clock',
    description: 'Then create customers with `test_clock`.',
    access: [],
    params: nothing,
    query: nothing,
    body: z.strictObject({ name: text('Shown to people.', 'a year of renewals'), now: instantIn('What it shows first; the real time unless stated.').nullable().default(null) }),
    status: 201,
    answer: testClock,
    problems: [],
  }),
  listTestClocks: route({
    method: 'GET',
    path: '/v1/test-clocks',
    tag: 'subscriptions',
    summary: 'List test clocks',
    description: '',
    access: [],
    params: nothing,
    query: nothing,
    body: null,
    status: 200,
    answer: listOf(testClock),
    problems: [],
  }),
  advanceTestClock: route({
    method: 'POST',
    path: '/v1/test-clocks/{clock}/advance',
    tag: 'subscriptions',
    summary: 'Advance a test clock',
    description: 'Forward only. Answers when all that became due on the way is told and in force: a year passes in a second.',
    access: [],
    params: clockParam,
    query: nothing,
    body: z.strictObject({ to: instantIn('What it shall show.') }),
    status: 200,
    answer: testClock,
    problems: ['not_found', 'out_of_range', 'already_exists'],
  }),
} as const
