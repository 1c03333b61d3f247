/** Starts the page. */
import '@fontsource-variable/instrument-sans/wght.css';
import './styles/base.css';
import './styles/shell.css';
import './styles/parts.css';
import './styles/classify.css';
import './styles/listen.css';
import './styles/archives.css';
import './styles/reports.css';
import { render } from 'preact';
import { Page } from './shell/page.js';
import { applyStoredTheme } from './shell/theme.js';

applyStoredTheme();
const place = document.getElementById('page');
if (!place) throw new Error('the document has no place for the page');
render(<Page />, place);
