// Freezes.

import { freeze, freezes, lift, previewFreeze } from '../../app/freezes.ts'
import type { freezeRoutes } from '../contract/freezes.ts'
import { timeOf } from '../contract/fields.ts'
import type { Handlers } from '../handler.ts'

export const freezeHandlers: Handlers<keyof typeof freezeRoutes> = {
  createFreeze: async ({ plane, caller, body, idText }) => {
    const { freeze: set, hits } = await freeze(plane, caller.actor, { ...body, id: `frz_${idText()}` })
    return { freeze: set === null ? null : freezeBody(set), hits: hitsBody(hits) }
  },
  previewFreeze: async ({ plane, caller, body }) => hitsBody(await previewFreeze(plane, caller.actor, body)),
  listFreezes: async ({ plane, caller, query }) => ({ data: (await freezes(plane, caller.actor, query.customer ?? null)).map(freezeBody), next_cursor: null }),
  liftFreeze: async ({ plane, caller, params }) => freezeBody(await lift(plane, caller.actor, params.freeze)),
}

type Row = Awaited<ReturnType<typeof lift>>

function freezeBody({ id, kind, target, customer, reason, actor, owner, createdAt }: Row) {
  return { id, kind, target, customer, reason, actor, owner, created_at: timeOf(createdAt) }
}

function hitsBody({ customers, entities, keys, eventsLastHour }: Awaited<ReturnType<typeof previewFreeze>>) {
  return { customers, entities, keys, events_last_hour: eventsLastHour }
}
