import { globSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { defineConfig } from 'vite';

// Every `static_src/<name>/index.ts` of a room becomes `build/<name>.js`, and what it imports of
// CSS `build/<name>.css`. Django gives these names their hash.
const input = Object.fromEntries(
  globSync(['*/static_src/*/index.ts', '*/*/static_src/*/index.ts'], { exclude: (p) => p.includes('node_modules') })
    .map((file) => [basename(dirname(file)), file]),
);

export default defineConfig({
  base: '/static/build/',
  publicDir: false,
  build: {
    outDir: 'var/build/build',
    emptyOutDir: true,
    target: 'es2022',
    cssCodeSplit: true,
    assetsInlineLimit: 0,
    modulePreload: false,
    // hls.js is one large piece, and only the player loads it.
    chunkSizeWarningLimit: 700,
    rollupOptions: {
      input,
      // htmx has an eval for attributes that this site does not use; the page's policy forbids it anyway.
      checks: { eval: false },
      output: {
        entryFileNames: '[name].js',
        chunkFileNames: 'chunk-[name]-[hash].js',
        assetFileNames: '[name][extname]',
      },
    },
  },
});
