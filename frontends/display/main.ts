import '../shared/tokens.css';
import '../shared/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../shared/theme';
import { startLanguage } from '../shared/words.svelte';
import Display from './Display.svelte';

applyTheme();
await startLanguage();
mount(Display, { target: document.getElementById('page') as HTMLElement });
