import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe } from 'vitest'
import { openFileJournal } from '../../packages/server/src/hot/file-journal.ts'
import { journalContract } from './journal.contract.ts'

const root = mkdtempSync(join(tmpdir(), 'journals-'))

describe('the journal in files', () => journalContract('files', { open: (name) => openFileJournal(join(root, name)) }))
