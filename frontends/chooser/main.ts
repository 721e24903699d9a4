import '../shared/tokens.css';
import '../shared/base.css';
import { mount } from 'svelte';
import { applyTheme } from '../shared/theme';
import { keepTurned } from '../shared/turned';
import { startLanguage } from '../shared/words.svelte';
import Chooser from './Chooser.svelte';

keepTurned();
applyTheme();
await startLanguage();
mount(Chooser, { target: document.getElementById('page') as HTMLElement });
