// The later words of a catalogue, as the build cuts them off (`vite.config.ts`).
declare module '*.json?rest' {
  const words: Record<string, string>;
  export default words;
}
