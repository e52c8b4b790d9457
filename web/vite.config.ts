/*
 * How the client is built: plain files in dist/, hashed names under /assets/, nothing inlined, so
 * that the page works under `default-src 'self'`. `npm run dev` passes the API on to a server on
 * port 8080.
 */
import { defineConfig } from 'vite'

export default defineConfig({
    esbuild: { jsx: 'automatic', jsxImportSource: 'preact' },
    build: {
        target: 'es2021',
        assetsDir: 'assets',
        assetsInlineLimit: 0,
        modulePreload: { polyfill: false },
    },
    server: {
        proxy: {
            '/api': 'http://127.0.0.1:8080',
            '/ws': { target: 'ws://127.0.0.1:8080', ws: true },
        },
    },
})
