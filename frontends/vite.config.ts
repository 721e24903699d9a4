// Three pages, built into the server's own folder. Prints what each page loads at first.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig, type Plugin } from 'vite';

const FIRST_LOAD_BYTES_MAX = 100_000;
const page = (name: string) => fileURLToPath(new URL(name, import.meta.url));

// Which words only later panels say, by the first part of their keys; and what is said of the same before.
const LATER = JSON.parse(readFileSync(page('shared/later_words.json'), 'utf-8')) as { later: string[]; at_once: string[] };

function isLater(key: string): boolean {
  const isSooner = LATER.at_once.some((one) => key === one || key.startsWith(`${one}.`));
  return LATER.later.includes(key.split('.', 1)[0] ?? '') && !isSooner;
}

/** A catalogue in two files: what a page says at first, and with `?rest` what only later panels say. */
function laterWords(): Plugin {
  return {
    name: 'later-words',
    enforce: 'pre',
    transform(code, id) {
      const found = /\/catalogue\/\w+\.json(\?rest)?$/.exec(id);
      if (!found) return null;
      const entries = Object.entries(JSON.parse(code) as Record<string, string>);
      const kept = JSON.stringify(Object.fromEntries(entries.filter(([key]) => isLater(key) === !!found[1])));
      // With a query the builder does not take it for JSON any more.
      return found[1] ? { code: `export default ${kept}`, moduleType: 'js' } : kept;
    },
  };
}

/** Compressed script bytes of a page: its entry and all it imports at once; and the longest catalogue. */
function firstLoad(): Plugin {
  return {
    name: 'first-load',
    generateBundle(_options, bundle) {
      const chunks = Object.values(bundle).flatMap((file) => (file.type === 'chunk' ? [file] : []));
      const weigh = (code: string) => gzipSync(code, { level: 9 }).length;
      const catalogues = chunks.filter((chunk) => /catalogue.*json$/.test(chunk.facadeModuleId ?? ''));
      const words = Math.max(0, ...catalogues.map((chunk) => weigh(chunk.code)));
      for (const entry of chunks.filter((chunk) => chunk.isEntry)) {
        const names = new Set([entry.fileName]);
        for (const name of names) {
          const chunk = bundle[name];
          if (chunk?.type === 'chunk') chunk.imports.forEach((other) => names.add(other));
        }
        const own = chunks.filter((chunk) => names.has(chunk.fileName));
        const bytes = own.reduce((sum, chunk) => sum + weigh(chunk.code), 0);
        const told = `${(bytes / 1000).toFixed(1)} KB compressed script and ${(words / 1000).toFixed(1)} KB of words`;
        console.log(`first load of ${entry.name}: ${told}`);
        if (bytes + words > FIRST_LOAD_BYTES_MAX) {
          this.error(`${entry.name} loads ${bytes + words} bytes at first; the budget is ${FIRST_LOAD_BYTES_MAX}`);
        }
      }
    },
  };
}

export default defineConfig({
  plugins: [svelte(), laterWords(), firstLoad()],
  build: {
    outDir: '../countertop/web',
    emptyOutDir: true,
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    rolldownOptions: {
      input: {
        chooser: page('index.html'),
        register: page('register/index.html'),
        display: page('display/index.html'),
      },
      output: {
        chunkFileNames: (chunk) =>
          /catalogue/.test(chunk.facadeModuleId ?? '')
            ? `assets/words-${chunk.name}-[hash].js`
            : 'assets/[name]-[hash].js',
      },
    },
  },
  server: {
    proxy: {
      '/session.json': 'http://127.0.0.1:8710',
      '/ws': { target: 'ws://127.0.0.1:8710', ws: true },
    },
  },
});
