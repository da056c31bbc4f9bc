// How the console is built: one page below /_outfall/console/, every page of it in a file of its own, each file also
// compressed beforehand, and a list of what others wrote of it. `vite dev` sends all else to a running server.
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { compressed, fontFiles, thirdParty } from "./vite.plugins.js";

const server = process.env.AWS_ENDPOINT_URL ?? "http://127.0.0.1:4566";
const base = "/_outfall/console/";

export default defineConfig({
  base,
  plugins: [react(), fontFiles(), thirdParty(), compressed()],
  build: {
    outDir: process.env.OUTFALL_CONSOLE_OUT ?? "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 2000,
  },
  server: {
    proxy: { [`^(?!${base}).*`]: { target: server, changeOrigin: false } },
  },
});
