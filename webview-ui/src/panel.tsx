import './ui/elements.ts';
import 'uplot/dist/uPlot.min.css';
import './panel.css';
import { render } from 'preact';
import { App } from './app.tsx';
import { startPanel } from './panelState.ts';
import { watchTheme } from './ui/theme.ts';

const place = document.getElementById('panel');
if (place !== null) {
  watchTheme();
  startPanel();
  render(<App />, place);
  place.removeAttribute('aria-busy');
}
