// Who goes first when the cores are short: the gateway, whose requests somebody waits for, before settlement and PostgreSQL,
// which catch up a moment later. A courtesy among our own processes; where the system refuses it, all are equal.

import { setPriority } from 'node:os'

/** In the units of `nice`: about a tenth of the gateway's share when both want a whole core, all of it when nobody else does. */
const BEHIND_THE_GATEWAY = 10

/** Puts this process and PostgreSQL behind. Called when the gateway runs, because a child starts with its parent's priority. */
export function goBehindTheGateway(postgresPid: number | null): void {
  change(process.pid, BEHIND_THE_GATEWAY)
  if (postgresPid !== null) change(postgresPid, BEHIND_THE_GATEWAY)
}

/** A gateway that was started again has our priority; only root may give it back. */
export function goAhead(gatewayPid: number | undefined): void {
  if (gatewayPid !== undefined) change(gatewayPid, 0)
}

function change(pid: number, priority: number): void {
  try {
    setPriority(pid, priority)
  } catch {
    // Not permitted here, or the process is gone: nothing depends on it.
  }
}
