import '../shared/tokens.css';
import '../shared/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../shared/theme';
import { startLanguage } from '../shared/words.svelte';
import Register from './Register.svelte';

applyTheme();
await startLanguage();
mount(Register, { target: document.getElementById('page') as HTMLElement });
