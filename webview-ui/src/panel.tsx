import './ui/elements.ts';
import 'uplot/dist/uPlot.min.css';
import './panel.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startPanel } from './panelState.ts';
import { keepKeyboardHome } from './ui/keyboardHome.ts';
import { watchTheme } from './ui/theme.ts';

const place = document.getElementById('panel');
if (place !== null) {
  watchTheme();
  keepKeyboardHome();
  startPanel();
  render(<App />, place);
  place.removeAttribute('aria-busy');
}
