// Light, dark, or whatever the device prefers.

export type Theme = 'auto' | 'light' | 'dark';
const KEPT = 'countertop.theme';

export function currentTheme(): Theme {
  const kept = localStorage.getItem(KEPT);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

export function applyTheme(theme: Theme = currentTheme()): void {
  localStorage.setItem(KEPT, theme);
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
}
