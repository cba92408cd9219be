// Where scheduled exports go: a folder, or a bucket that speaks S3. An object appears whole or not at all, and writing it again replaces it. Keys
// come from the environment only.

import { AwsClient } from 'aws4fetch'
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { StartError } from './start-error.ts'

export type ObjectStore = {
  /** As it is shown; holds no secret. */
  readonly location: string
  /** `name` is a path below the place, with slashes. Throws when it is not stored. */
  readonly put: (name: string, bytes: Uint8Array, type: string) => Promise<void>
}

export type Credentials = { readonly keyId: string | null; readonly secret: string | null }

const PUT_TIMEOUT_MS = 120_000
const ERROR_TEXT_MAX = 300

/** `/var/exports`, or `s3://bucket/prefix?region=eu-central-1&endpoint=https://minio.example.com`. @throws {StartError} invalid_export_location. */
export function openObjectStore(location: string, credentials: Credentials): ObjectStore {
  return location.startsWith('s3://') ? s3Store(location, credentials) : folderStore(location)
}

function folderStore(folder: string): ObjectStore {
  return {
    location: folder,
    put: async (name, bytes) => {
      const path = join(folder, ...name.split('/'))
      await mkdir(dirname(path), { recursive: true })
      await writeFile(`${path}.part`, bytes, { mode: 0o600 })
      await rename(`${path}.part`, path)
    },
  }
}

function s3Store(location: string, { keyId, secret }: Credentials): ObjectStore {
  if (!URL.canParse(location)) throw invalid(`${location} is no address`)
  const url = new URL(location)
  const [bucket, prefix] = [url.hostname, url.pathname.replace(/^\/|\/$/g, '')]
  const region = url.searchParams.get('region') ?? 'us-east-1'
  const endpoint = (url.searchParams.get('endpoint') ?? `https://s3.${region}.amazonaws.com`).replace(/\/$/, '')
  if (bucket === '' || !/^https?:\/\//.test(endpoint)) throw invalid(`${location} names no bucket, or its endpoint is no address`)
  if (keyId === null || secret === null) throw invalid('a bucket needs TOLLGATE_EXPORT_KEY_ID and TOLLGATE_EXPORT_SECRET')
  const client = new AwsClient({ accessKeyId: keyId, secretAccessKey: secret, service: 's3', region, retries: 0 })
  return {
    location: `s3://${bucket}/${prefix}`,
    put: async (name, bytes, type) => {
      const path = [bucket, ...(prefix === '' ? [] : prefix.split('/')), ...name.split('/')].map(encodeURIComponent).join('/')
      const response = await client.fetch(`${endpoint}/${path}`, { method: 'PUT', body: Buffer.from(bytes), headers: { 'content-type': type }, signal: AbortSignal.timeout(PUT_TIMEOUT_MS) })
      if (!response.ok) throw new Error(`${endpoint}/${path} answered ${response.status}: ${(await response.text()).slice(0, ERROR_TEXT_MAX)}`)
      await response.arrayBuffer()
    },
  }
}

function invalid(what: string): StartError {
  return new StartError({ code: 'invalid_export_location', message: `TOLLGATE_EXPORT_TO: ${what}. Write a folder, or s3://bucket/prefix?region=eu-central-1&endpoint=https://…` })
}
