// How the pages are built: React, Tailwind, two entries. Nothing is inlined, because the server's policy lets nothing inline run.

import tailwind from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { join } from 'node:path'
import { defineConfig } from 'vite'

export default defineConfig({
  plugins: [react(), tailwind()],
  base: '/',
  build: {
    target: 'es2023',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    rolldownOptions: { input: { console: join(import.meta.dirname, 'console.html'), portal: join(import.meta.dirname, 'portal.html'), widgets: join(import.meta.dirname, 'src', 'widgets.ts') }, output: { entryFileNames: ({ name }) => (name === 'widgets' ? 'assets/widgets.js' : 'assets/[name]-[hash].js') } },
  },
})
