// Whether what a grant names is in the catalog, with the kind of value that it takes. Throws InputError at the first that is not.

import { InputError } from '../assert.ts'
import type { Catalog } from './catalog.ts'
import type { EntitlementDocument } from './document.ts'
import { nearest } from './nearest.ts'
import { didYouMean } from './problem.ts'
import { quantityIn } from './subscription-catalog.ts'
import type { QuantityDocument } from './subscription-document.ts'

export type GrantTargets = { readonly entitlements: readonly EntitlementDocument[]; readonly allowances: readonly QuantityDocument[]; readonly limits: readonly QuantityDocument[] }

export function checkGrantTargets(catalog: Catalog, { entitlements, allowances, limits }: GrantTargets): void {
  for (const { feature: id, value } of entitlements) {
    const feature = catalog.features.get(id)
    if (feature === undefined) throw new InputError({ code: 'unknown_feature', field: 'entitlements', message: `the catalog in force has no feature ${id}.${didYouMean(nearest(id, catalog.features.keys()))}` })
    if (value !== null && feature.kind !== 'value') throw new InputError({ code: 'value_mismatch', field: 'entitlements', message: `feature ${id} is ${feature.kind} and takes no value` })
  }
  checkQuantities(catalog, 'allowances', allowances)
  checkQuantities(catalog, 'limits', limits)
}

function checkQuantities(catalog: Catalog, list: 'allowances' | 'limits', quantities: readonly QuantityDocument[]): void {
  const known = [...catalog.plans.values()].flatMap((plan) => [...plan[list]])
  for (const { id } of quantities) {
    const target = known.find((candidate) => candidate.id === id)
    if (target === undefined) throw new InputError({ code: list === 'limits' ? 'unknown_limit' : 'unknown_allowance', field: list, message: `no plan of the catalog in force has ${list === 'limits' ? 'a limit' : 'an allowance'} ${id}.${didYouMean(nearest(id, known.map((one) => one.id)))}` })
    quantityIn(quantities, target)
  }
}
