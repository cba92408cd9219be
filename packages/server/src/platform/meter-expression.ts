// Expressions of meters in CEL (Common Expression Language): no loops without end, no side effects, checked types. Numbers of an
// event are exact decimals of our own inside it, never floats, and a bound on nodes and depth keeps its time in microseconds.
// It stands here and not in core because core knows no library; whoever compiles a catalog hands it in.

import { Environment, type ASTNode } from '@marcbachmann/cel-js'
import {
  compileCatalog as compile, EXPRESSION_DEPTH_MAX, EXPRESSION_LENGTH_MAX, EXPRESSION_NODES_MAX, formatDecimal, InputError, parseDecimal, pow10, QUANTITY_SCALE_MAX,
  type Catalog, type CatalogDocument, type MeterExpression,
} from '@tollgate/core'

/** Exact to 18 decimal places, so that a product of two quantities keeps all of theirs. */
const SCALE = 2 * QUANTITY_SCALE_MAX
const ONE = pow10(SCALE)

class Decimal {
  readonly units: bigint
  constructor(units: bigint) {
    this.units = units
  }
}

const ENVIRONMENT = environment()

/** A catalog with the expressions of its meters: the only way that the program compiles one. */
export function compileCatalog(document: CatalogDocument, version: number): Catalog {
  return compile(document, version, compileExpression)
}

/** @throws {InputError} `invalid_expression` with what is wrong and where. */
export function compileExpression(source: string, path: string): MeterExpression {
  const refuse = (message: string) => new InputError({ code: 'invalid_expression', field: path, message })
  if (source.length > EXPRESSION_LENGTH_MAX) throw refuse(`an expression has at most ${EXPRESSION_LENGTH_MAX} letters, this one ${source.length}`)
  const checked = ENVIRONMENT.check(source)
  if (!checked.valid) throw refuse(`${firstLine(checked.error)}. Known are quantity.<name> and dimension.<name>, feature, + - * / %, comparisons, && || !, a ? b : c, min, max, floor, ceil, round.`)
  if (checked.type !== 'Decimal' && checked.type !== 'int' && checked.type !== 'double') throw refuse(`an expression gives a number, this one a ${checked.type}`)
  const parsed = ENVIRONMENT.parse(source)
  const names = namesIn(parsed.ast)
  const zeros = [...names.quantity].map((name) => [name, new Decimal(0n)] as const)
  const blanks = [...names.dimension].map((name) => [name, ''] as const)
  const evaluate = (event: Parameters<MeterExpression>[0]): string => {
    const quantity = new Map(zeros)
    for (const name of names.quantity) if (event.quantities[name] !== undefined) quantity.set(name, decimal(event.quantities[name], name))
    const dimension = new Map<string, string>(blanks)
    for (const name of names.dimension) if (event.dimensions[name] !== undefined) dimension.set(name, event.dimensions[name])
    let result: unknown
    try {
      result = parsed({ quantity, dimension, feature: event.feature ?? '' })
    } catch (error) {
      throw refuse(`the expression has no value for this event: ${firstLine(error)}`)
    }
    return formatDecimal(unitsOf(result, refuse), SCALE)
  }
  return Object.assign(evaluate, { reads: [...names.quantity] })
}

function environment(): Environment {
  const env = new Environment({ limits: { maxAstNodes: EXPRESSION_NODES_MAX, maxDepth: EXPRESSION_DEPTH_MAX, maxListElements: 32, maxMapEntries: 32, maxCallArguments: 4 } })
  env.registerType('Decimal', Decimal)
  env.registerVariable('quantity', 'map<string, Decimal>').registerVariable('dimension', 'map<string, string>').registerVariable('feature', 'string')
  for (const [left, right] of [['Decimal', 'Decimal'], ['Decimal', 'int'], ['int', 'Decimal'], ['Decimal', 'double'], ['double', 'Decimal']] as const) {
    const exact = (work: (a: bigint, b: bigint) => bigint) => (a: unknown, b: unknown) => new Decimal(work(exactUnits(a), exactUnits(b)))
    env.registerOperator(`${left} + ${right}`, exact((a, b) => a + b))
    env.registerOperator(`${left} - ${right}`, exact((a, b) => a - b))
    env.registerOperator(`${left} * ${right}`, exact((a, b) => divided(a * b, ONE)))
    env.registerOperator(`${left} / ${right}`, exact((a, b) => divided(a * ONE, b)))
    env.registerOperator(`${left} < ${right}`, (a: unknown, b: unknown) => exactUnits(a) < exactUnits(b))
    env.registerOperator(`${left} <= ${right}`, (a: unknown, b: unknown) => exactUnits(a) <= exactUnits(b))
    env.registerOperator(`${left} > ${right}`, (a: unknown, b: unknown) => exactUnits(a) > exactUnits(b))
    env.registerOperator(`${left} >= ${right}`, (a: unknown, b: unknown) => exactUnits(a) >= exactUnits(b))
    // CEL makes the mirrored one itself.
    if (left === 'Decimal') env.registerOperator(`${left} == ${right}`, (a: unknown, b: unknown) => exactUnits(a) === exactUnits(b))
    env.registerFunction(`min(${left}, ${right}): Decimal`, exact((a, b) => (a < b ? a : b)))
    env.registerFunction(`max(${left}, ${right}): Decimal`, exact((a, b) => (a > b ? a : b)))
  }
  env.registerFunction('decimal(int): Decimal', (value: unknown) => new Decimal(exactUnits(value)))
  env.registerFunction('decimal(double): Decimal', (value: unknown) => new Decimal(exactUnits(value)))
  const whole = (work: (units: bigint, rest: bigint) => bigint) => (value: unknown) => {
    const units = exactUnits(value)
    const rest = ((units % ONE) + ONE) % ONE
    return new Decimal(work(units - rest, rest))
  }
  env.registerFunction('floor(Decimal): Decimal', whole((floor) => floor))
  env.registerFunction('ceil(Decimal): Decimal', whole((floor, rest) => (rest === 0n ? floor : floor + ONE)))
  env.registerFunction('round(Decimal): Decimal', whole((floor, rest) => (rest * 2n >= ONE ? floor + ONE : floor)))
  return env
}

/** Rounded half away from zero at the 18th place; a division by zero has no value. */
function divided(a: bigint, b: bigint): bigint {
  if (b === 0n) throw new Error('a division by zero')
  const half = (b < 0n ? -b : b) / 2n
  const magnitude = ((a < 0n ? -a : a) + half) / (b < 0n ? -b : b)
  return a < 0n === b < 0n ? magnitude : -magnitude
}

/** A number written in an expression is what its digits say: the shortest text of a double is its source. */
function exactUnits(value: unknown): bigint {
  if (value instanceof Decimal) return value.units
  if (typeof value === 'bigint') return value * ONE
  return decimal(String(value), 'a number').units
}

function decimal(text: string, field: string): Decimal {
  return new Decimal(parseDecimal(text, SCALE, field))
}

function unitsOf(result: unknown, refuse: (message: string) => InputError): bigint {
  const units = result instanceof Decimal || typeof result === 'bigint' || typeof result === 'number' ? exactUnits(result) : null
  if (units === null) throw refuse('the expression gives no number')
  if (units < 0n) throw refuse('the expression gives a quantity below zero')
  return units
}

type Names = { readonly quantity: Set<string>; readonly dimension: Set<string> }

/** `quantity.x` and `quantity["x"]` anywhere in the tree: an event that has no x counts as zero, as it does for properties. */
function namesIn(node: ASTNode, names: Names = { quantity: new Set(), dimension: new Set() }): Names {
  const args: readonly unknown[] = Array.isArray(node.args) ? node.args : [node.args]
  if (node.op === '.' || node.op === '[]') {
    const [of, member] = args as readonly [ASTNode, ASTNode | string]
    const name = typeof member === 'string' ? member : member.op === 'value' ? member.args : null
    if (of.op === 'id' && (of.args === 'quantity' || of.args === 'dimension') && typeof name === 'string') names[of.args].add(name)
  }
  for (const child of args.flat()) if (typeof child === 'object' && child !== null && 'op' in child) namesIn(child as ASTNode, names)
  return names
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0]!
}
