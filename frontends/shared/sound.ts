// Two short sounds: one for a scan that was taken, one for a refusal. Both can be switched off.

let context: AudioContext | null = null;
let on = localStorage.getItem('countertop.sound') !== 'off';

export function soundIsOn(): boolean {
  return on;
}

export function switchSound(wanted: boolean): void {
  on = wanted;
  localStorage.setItem('countertop.sound', wanted ? 'on' : 'off');
}

function tone(frequency: number, from: number, seconds: number, shape: OscillatorType): void {
  if (!context) return;
  const start = context.currentTime + from;
  const oscillator = context.createOscillator();
  const gain = context.createGain();
  oscillator.type = shape;
  oscillator.frequency.value = frequency;
  gain.gain.setValueAtTime(0.0001, start);
  gain.gain.exponentialRampToValueAtTime(0.12, start + 0.008);
  gain.gain.exponentialRampToValueAtTime(0.0001, start + seconds);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(start);
  oscillator.stop(start + seconds);
}

function play(notes: () => void): void {
  if (!on) return;
  // Browsers give sound only to a page somebody has touched; until then it stays quiet.
  try {
    context ??= new AudioContext();
    if (context.state === 'suspended') void context.resume();
    if (context.state === 'running') notes();
  } catch {
    on = false;
  }
}

export function playAccepted(): void {
  play(() => tone(1320, 0, 0.07, 'sine'));
}

export function playRefused(): void {
  play(() => {
    tone(220, 0, 0.12, 'square');
    tone(180, 0.14, 0.16, 'square');
  });
}
