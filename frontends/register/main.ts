import '../shared/tokens.css';
import '../shared/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../shared/theme';
import { keepTurned } from '../shared/turned';
import { startLanguage } from '../shared/words.svelte';
import Register from './Register.svelte';

keepTurned(new URLSearchParams(location.search).get('register') ?? '1');
applyTheme();
await startLanguage();
mount(Register, { target: document.getElementById('page') as HTMLElement });
