// The log of the program: one JSON object a line on stderr, or one readable line when a person watches. Standard output
// belongs to data. Secrets never reach it: known fields are removed here, and nothing else logs.

import { pino } from 'pino'
import type { DestinationStream, Logger } from 'pino'
import { redactText } from './secrets.ts'

export type Log = Logger
export const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

/** Fields that hold a secret wherever they stand; pino's paths reach two levels of nesting, deeper objects are not logged. */
const SECRET_FIELDS = ['authorization', 'cookie', 'password', 'secret', 'token', 'apiKey', 'api_key', 'rawKey', 'masterKey', 'nodeToken', 'openaiApiKey', 'databaseUrl', '["x-api-key"]', '["x-goog-api-key"]', '["set-cookie"]']

/**
 * @param options.pretty one line for people instead of JSON; default: stderr is a terminal.
 * @param options.write where lines go; default: stderr.
 */
export function createLog(options: { readonly level: LogLevel; readonly pretty?: boolean; readonly write?: (line: string) => void }): Log {
  const write = options.write ?? ((line: string) => void process.stderr.write(line))
  const isPretty = options.pretty ?? process.stderr.isTTY === true
  const hasColor = isPretty && process.env['NO_COLOR'] === undefined
  const destination: DestinationStream = { write: (line) => write(redactText(isPretty ? prettyLine(line, hasColor) : line)) }
  const settings = {
    level: options.level,
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretPaths(), censor: '[secret]' },
    // Without it an Error has no enumerable field, and its message would be lost.
    serializers: { error: pino.stdSerializers.err },
  }
  return pino(settings, destination)
}

/** A log that goes nowhere, for tests. */
export function silentLog(): Log {
  return pino({ level: 'silent' })
}

function secretPaths(): string[] {
  return ['', '*', '*.*'].flatMap((parent) => SECRET_FIELDS.map((field) => (parent === '' || field.startsWith('[') ? `${parent}${field}` : `${parent}.${field}`)))
}

const LEVEL_COLORS: Readonly<Record<string, number>> = { trace: 90, debug: 90, info: 36, warn: 33, error: 31, fatal: 31 }

function prettyLine(json: string, hasColor: boolean): string {
  const { level, time, msg, err, ...rest } = JSON.parse(json) as Record<string, unknown>
  const paint = (code: number, text: string) => (hasColor ? `\u001b[${code}m${text}\u001b[0m` : text)
  const fields = Object.entries(rest).map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
  const error = err as { readonly message?: string; readonly stack?: string } | undefined
  const parts = [paint(90, String(time).slice(11, 23)), paint(LEVEL_COLORS[String(level)] ?? 0, String(level).padEnd(5)), String(msg ?? ''), ...fields.map((field) => paint(90, field))]
  const stack = error === undefined ? '' : `\n${error.stack ?? error.message ?? ''}`
  return `${parts.filter((part) => part !== '').join(' ').trimEnd()}${stack}\n`
}
