import { defineConfig } from "vite";

export default defineConfig({
  base: "/app/",
  build: { target: "es2023", modulePreload: { polyfill: false }, assetsInlineLimit: 0 },
});
