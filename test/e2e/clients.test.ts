// The clients that most applications are written with, in their current versions, against the gateway as they come: answers,
// streams, tools, refusals, limits, aborts. Each is told a base URL and a key, and nothing else.

import { createAnthropic } from '@ai-sdk/anthropic'
import { createGoogleGenerativeAI } from '@ai-sdk/google'
import { createOpenAI } from '@ai-sdk/openai'
import Anthropic from '@anthropic-ai/sdk'
import { GoogleGenAI } from '@google/genai'
import { ChatAnthropic } from '@langchain/anthropic'
import { tool as langchainTool } from '@langchain/core/tools'
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai'
import { APICallError, embed, generateText, jsonSchema, RetryError, stepCountIs, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { testGateway, type TestGateway } from '../gateway.ts'

const MODEL = 'sandbox-small'
const PROMPT = 'Hello there'

let world: TestGateway
let key: string
let poor: string
beforeAll(async () => {
  world = await testGateway()
  key = await world.key(await world.customer('1000000'))
  poor = await world.key(await world.customer('0.01'))
})
afterAll(() => world.close())
beforeEach(() => {
  world.settled.length = 0
})

type Asked = { readonly key: string; readonly headers?: Readonly<Record<string, string>>; readonly signal?: AbortSignal }

/** One way of a client to the gateway: a whole answer and a stream as their text, and the usage that the client was told. */
type Way = {
  readonly name: string
  readonly ask: (asked: Asked) => Promise<{ readonly text: string; readonly input: number; readonly output: number }>
  readonly stream: (asked: Asked, onPiece?: () => void) => Promise<string>
  /** The name of the tool that the answer calls, streamed. */
  readonly tool: (asked: Asked) => Promise<string>
}

const FAST = { 'x-sandbox-chunk-delay-ms': '0' }
const parameters = { type: 'object' as const, properties: { text: { type: 'string' as const } } }

function aiSdk(name: string, provider: (asked: Asked) => Parameters<typeof generateText>[0]['model']): Way {
  const given = (asked: Asked) => ({ model: provider(asked), prompt: PROMPT, maxRetries: 0, ...(asked.signal === undefined ? {} : { abortSignal: asked.signal }) })
  return {
    name,
    ask: async (asked) => {
      const { text, usage } = await generateText(given(asked))
      return { text, input: usage.inputTokens!, output: usage.outputTokens! }
    },
    stream: async (asked, onPiece) => {
      let failure: Error | null = null
      const { textStream } = streamText({ ...given(asked), onError: ({ error }) => { failure = error as Error } })
      let text = ''
      for await (const piece of textStream) {
        text += piece
        onPiece?.()
      }
      if (failure !== null) throw failure as Error
      return text
    },
    tool: async (asked) => {
      const { toolCalls } = streamText({ ...given(asked), stopWhen: stepCountIs(1), tools: { look: tool({ description: 'Looks.', inputSchema: jsonSchema<{ readonly text: string }>(parameters) }) } })
      return (await toolCalls)[0]!.toolName
    },
  }
}

function langchain(name: string, model: (asked: Asked) => ChatOpenAI | ChatAnthropic): Way {
  const signalOf = ({ signal }: Asked) => (signal === undefined ? {} : { signal })
  return {
    name,
    ask: async (asked) => {
      const answer = await model(asked).invoke(PROMPT, signalOf(asked))
      const usage = answer.usage_metadata as unknown as { readonly input_tokens: number; readonly output_tokens: number }
      return { text: answer.text, input: usage.input_tokens, output: usage.output_tokens }
    },
    stream: async (asked, onPiece) => {
      let text = ''
      for await (const chunk of await model(asked).stream(PROMPT, signalOf(asked))) {
        text += chunk.text
        onPiece?.()
      }
      return text
    },
    tool: async (asked) => {
      const look = langchainTool(() => '', { name: 'look', description: 'Looks.', schema: parameters })
      return (await model(asked).bindTools!([look]).invoke(PROMPT)).tool_calls![0]!.name
    },
  }
}

const url = () => world.url
const headersOf = ({ headers = {} }: Asked) => ({ ...FAST, ...headers })
const openai = (asked: Asked) => new OpenAI({ apiKey: asked.key, baseURL: `${url()}/v1`, defaultHeaders: headersOf(asked), maxRetries: 0 })
const anthropic = (asked: Asked) => new Anthropic({ apiKey: asked.key, baseURL: url(), defaultHeaders: headersOf(asked), maxRetries: 0 })
const google = (asked: Asked) => new GoogleGenAI({ apiKey: asked.key, httpOptions: { baseUrl: url(), headers: headersOf(asked) } })
const signalOf = ({ signal }: Asked) => (signal === undefined ? {} : { signal })

const WAYS: readonly Way[] = [
  {
    name: 'openai, chat',
    ask: async (asked) => {
      const { choices, usage } = await openai(asked).chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: PROMPT }] }, signalOf(asked))
      return { text: choices[0]!.message.content!, input: usage!.prompt_tokens, output: usage!.completion_tokens }
    },
    stream: async (asked, onPiece) => {
      let text = ''
      for await (const chunk of await openai(asked).chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: PROMPT }], stream: true }, signalOf(asked))) {
        text += chunk.choices[0]?.delta.content ?? ''
        onPiece?.()
      }
      return text
    },
    tool: async (asked) => {
      const stream = openai(asked).chat.completions.stream({ model: MODEL, messages: [{ role: 'user', content: PROMPT }], tools: [{ type: 'function', function: { name: 'look', parameters } }] })
      const call = (await stream.finalMessage()).tool_calls![0]!
      return call.type === 'function' ? call.function.name : ''
    },
  },
  {
    name: 'openai, responses',
    ask: async (asked) => {
      const { output_text: text, usage } = await openai(asked).responses.create({ model: MODEL, input: PROMPT }, signalOf(asked))
      return { text, input: usage!.input_tokens, output: usage!.output_tokens }
    },
    stream: async (asked, onPiece) => {
      const stream = openai(asked).responses.stream({ model: MODEL, input: PROMPT }, signalOf(asked))
      stream.on('response.output_text.delta', () => onPiece?.())
      return (await stream.finalResponse()).output_text
    },
    tool: async (asked) => {
      const stream = openai(asked).responses.stream({ model: MODEL, input: PROMPT, tools: [{ type: 'function', name: 'look', parameters, strict: false }] })
      const [call] = (await stream.finalResponse()).output
      return call?.type === 'function_call' ? call.name : ''
    },
  },
  {
    name: '@anthropic-ai/sdk',
    ask: async (asked) => {
      const { content, usage } = await anthropic(asked).messages.create({ model: MODEL, max_tokens: 400, messages: [{ role: 'user', content: PROMPT }] }, signalOf(asked))
      return { text: content[0]?.type === 'text' ? content[0].text : '', input: usage.input_tokens, output: usage.output_tokens }
    },
    stream: async (asked, onPiece) => {
      const stream = anthropic(asked).messages.stream({ model: MODEL, max_tokens: 400, messages: [{ role: 'user', content: PROMPT }] }, signalOf(asked))
      stream.on('text', () => onPiece?.())
      return stream.finalText()
    },
    tool: async (asked) => {
      const { content } = await anthropic(asked).messages.stream({ model: MODEL, max_tokens: 400, messages: [{ role: 'user', content: PROMPT }], tools: [{ name: 'look', input_schema: parameters }] }).finalMessage()
      return content[0]?.type === 'tool_use' ? content[0].name : ''
    },
  },
  {
    name: '@google/genai',
    ask: async (asked) => {
      const { text, usageMetadata } = await google(asked).models.generateContent({ model: MODEL, contents: PROMPT, config: asked.signal === undefined ? {} : { abortSignal: asked.signal } })
      return { text: text!, input: usageMetadata!.promptTokenCount!, output: usageMetadata!.candidatesTokenCount! }
    },
    stream: async (asked, onPiece) => {
      let text = ''
      for await (const chunk of await google(asked).models.generateContentStream({ model: MODEL, contents: PROMPT, config: asked.signal === undefined ? {} : { abortSignal: asked.signal } })) {
        text += chunk.text ?? ''
        onPiece?.()
      }
      return text
    },
    tool: async (asked) => (await google(asked).models.generateContent({ model: MODEL, contents: PROMPT, config: { tools: [{ functionDeclarations: [{ name: 'look' }] }] } })).functionCalls![0]!.name!,
  },
  aiSdk('ai with @ai-sdk/openai, responses', (asked) => createOpenAI({ apiKey: asked.key, baseURL: `${url()}/v1`, headers: headersOf(asked) })(MODEL)),
  aiSdk('ai with @ai-sdk/openai, chat', (asked) => createOpenAI({ apiKey: asked.key, baseURL: `${url()}/v1`, headers: headersOf(asked) }).chat(MODEL)),
  aiSdk('ai with @ai-sdk/anthropic', (asked) => createAnthropic({ apiKey: asked.key, baseURL: `${url()}/v1`, headers: headersOf(asked) })(MODEL)),
  aiSdk('ai with @ai-sdk/google', (asked) => createGoogleGenerativeAI({ apiKey: asked.key, baseURL: `${url()}/v1beta`, headers: headersOf(asked) })(MODEL)),
  langchain('@langchain/openai', (asked) => new ChatOpenAI({ apiKey: asked.key, model: MODEL, maxRetries: 0, configuration: { baseURL: `${url()}/v1`, defaultHeaders: headersOf(asked) } })),
  langchain('@langchain/anthropic', (asked) => new ChatAnthropic({ apiKey: asked.key, model: MODEL, maxTokens: 400, maxRetries: 0, anthropicApiUrl: url(), clientOptions: { defaultHeaders: headersOf(asked) } })),
]

describe.each(WAYS)('$name', ({ ask, stream, tool: callTool }) => {
  test('is told the usage that it is charged for, whole and streamed', async () => {
    const { text, input, output } = await ask({ key })
    expect(await stream({ key })).toBe(text)
    const quantities = { requests: '1', input_tokens: String(input), cached_input_tokens: '0', output_tokens: String(output) }
    expect(world.settled).toMatchObject([{ quantities, estimated: false, context: { ending: 'complete' } }, { quantities, estimated: false, context: { ending: 'complete' } }])
  })

  test('calls its tools', async () => {
    expect(await callTool({ key, headers: { 'x-sandbox-tool': 'look' } })).toBe('look')
  })

  test('sees a refusal for money and a limit of the provider with their status', async () => {
    expect(statusOf(await ask({ key: poor }).catch((error: unknown) => error))).toBe(402)
    expect(statusOf(await stream({ key: poor }).catch((error: unknown) => error))).toBe(402)
    expect(statusOf(await ask({ key, headers: { 'x-sandbox-fault': '429', 'x-sandbox-retry-after': '1' } }).catch((error: unknown) => error))).toBe(429)
    expect(world.settled).toEqual([])
  })

  test('may break off a stream, and pays what was used', async () => {
    const abort = new AbortController()
    let pieces = 0
    await stream({ key, signal: abort.signal, headers: { 'x-sandbox-chunk-delay-ms': '5', 'x-sandbox-output-tokens': '60' } }, () => {
      if (++pieces === 2) abort.abort()
    }).catch(() => '')
    await expect.poll(() => world.settled.length, { timeout: 15_000 }).toBe(1)
    expect(world.settled[0]).toMatchObject({ quantities: { output_tokens: '60' }, estimated: false, context: { ending: 'client_gone' } })
  })
})

/** The status, wherever the client's error keeps it. */
function statusOf(error: unknown): unknown {
  const cause = RetryError.isInstance(error) ? error.lastError : error
  if (APICallError.isInstance(cause)) return cause.statusCode
  return (cause as { readonly status?: unknown }).status
}

const openaiVariables = () => ({ OPENAI_API_KEY: key, OPENAI_BASE_URL: `${url()}/v1` })
const anthropicVariables = () => ({ ANTHROPIC_API_KEY: key, ANTHROPIC_BASE_URL: url() })

describe('two environment variables move', () => {
  const cases: readonly (readonly [name: string, variables: () => Readonly<Record<string, string>>, ask: () => Promise<unknown>])[] = [
    ['openai', openaiVariables, async () => (await new OpenAI().chat.completions.create({ model: MODEL, messages: [{ role: 'user', content: PROMPT }] })).choices[0]!.message.content],
    ['@anthropic-ai/sdk', anthropicVariables, async () => (await new Anthropic().messages.create({ model: MODEL, max_tokens: 100, messages: [{ role: 'user', content: PROMPT }] })).content[0]],
    ['@google/genai', () => ({ GEMINI_API_KEY: key, GOOGLE_GEMINI_BASE_URL: url() }), async () => (await new GoogleGenAI({}).models.generateContent({ model: MODEL, contents: PROMPT })).text],
    ['ai with @ai-sdk/openai', openaiVariables, async () => (await generateText({ model: createOpenAI()(MODEL), prompt: PROMPT })).text],
    ['ai with @ai-sdk/anthropic', anthropicVariables, async () => (await generateText({ model: createAnthropic()(MODEL), prompt: PROMPT })).text],
    ['@langchain/openai', openaiVariables, async () => (await new ChatOpenAI({ model: MODEL }).invoke(PROMPT)).text],
    ['@langchain/anthropic', anthropicVariables, async () => (await new ChatAnthropic({ model: MODEL, maxTokens: 100 }).invoke(PROMPT)).text],
  ]
  test.each(cases)('%s', async (_, variables, ask) => {
    for (const [name, value] of Object.entries(variables())) vi.stubEnv(name, value)
    try {
      expect(await ask()).toBeTruthy()
    } finally {
      vi.unstubAllEnvs()
    }
    expect(world.settled).toMatchObject([{ estimated: false, context: { ending: 'complete' } }])
  })
})

test('embeddings of LangChain and of the AI SDK are charged by input', async () => {
  await new OpenAIEmbeddings({ apiKey: key, model: MODEL, configuration: { baseURL: `${world.url}/v1` } }).embedQuery('two words')
  await embed({ model: createOpenAI({ apiKey: key, baseURL: `${world.url}/v1` }).embedding(MODEL), value: 'two words' })
  const [first, second] = world.settled.map(({ quantities }) => quantities)
  expect(first).toMatchObject({ output_tokens: '0' })
  expect(second).toEqual(first)
})
