import { expect, test } from 'vitest'
import { personOf } from './operator-issuer.ts'

const ROLES = { claim: 'groups', roles: new Map([['platform', 'admin'], ['billing', 'finance'], ['helpdesk', 'support'], ['everyone', 'viewer']] as const) }

test.each([
  ['the strongest of several groups', { sub: 'u1', groups: ['everyone', 'platform', 'helpdesk'], name: 'Ada' }, { subject: 'u1', name: 'Ada', role: 'admin' }],
  ['a claim that is one text', { sub: 'u1', groups: 'billing', email: 'ada@example.com' }, { subject: 'u1', name: 'ada@example.com', role: 'finance' }],
  ['no group that is mapped: nobody', { sub: 'u1', groups: ['strangers'] }, null],
  ['no claim at all: nobody', { sub: 'u1' }, null],
  ['a role by its own name is no group', { sub: 'u1', groups: ['admin'] }, null],
  ['a claim that is no text', { sub: 'u1', groups: [{ name: 'platform' }, 7] }, null],
  ['no subject: nobody', { groups: ['platform'] }, null],
  ['a subject without a name is shown as it is', { sub: 'u1', groups: ['everyone'] }, { subject: 'u1', name: 'u1', role: 'viewer' }],
] as const)('%s', (_, claims, person) => {
  expect(personOf(claims, ROLES)).toEqual(person)
})
